"""Families by name."""

from __future__ import annotations

import pytest

from cosynth.errors import SpecError
from cosynth.hardware.families import arguments, families, make


def test_families_are_found_by_file() -> None:
    assert {"engine", "nvdla", "pair"} <= set(families())


@pytest.mark.parametrize("family", families())
def test_family_makes_hardware_from_defaults(family: str) -> None:
    chip = make(family, {})
    assert chip.engines
    assert chip.title
    parts = {node.component.name for node in chip.nodes}
    assert {entry.split(".")[0] for entry in chip.assumed} <= parts


def test_unknown_family_wrong() -> None:
    with pytest.raises(SpecError, match=r"unknown family 'engin'; did you mean 'engine'\?; known:"):
        arguments("engin")


def test_unknown_parameter_wrong() -> None:
    with pytest.raises(SpecError, match=r"'nvdla' has no parameter 'bufer'; did you mean 'buffer'"):
        make("nvdla", {"bufer": 1})
