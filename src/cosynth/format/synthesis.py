"""Constants of the price law, and the synthesised units that it is held to (`price.toml`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from cosynth.spec import load_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesised:
    """One lane of a synthesised dot product: its `gates` in NAND2, its `energy` relative to int8.

    `energy` is 0 where it was not measured; `recipe` names how it was synthesised.
    """

    unit: str
    a: str
    b: str
    sum_in: str = "exact"
    gates: float
    energy: float = 0.0
    recipe: str
    lanes: int


@cache
def law() -> dict[str, Any]:
    """Return the constants of the law as they stand in their file."""
    folder = resources.files("cosynth.format").joinpath("price.toml")
    with resources.as_file(folder) as path:
        return load_toml(path)


@cache
def synthesised() -> tuple[Synthesised, ...]:
    """Return all units that were synthesised.

    >>> [round(one.gates) for one in synthesised() if one.recipe == "fast"][:2]
    [709, 331]
    """
    return tuple(
        Synthesised(recipe=group["recipe"], lanes=group["lanes"], **one)
        for group in law()["synthesised"]
        for one in group["units"]
    )
