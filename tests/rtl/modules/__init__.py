"""Small modules that the tests of the flow are about, right and wrong on purpose."""

from pathlib import Path


def module(name: str) -> list[Path]:
    return [Path(__file__).parent / f"{name}.sv"]
