"""The units that the price law is held to."""

from __future__ import annotations

from cosynth.format import UNITS, known
from cosynth.format.synthesis import law, synthesised


def test_every_unit_names_known_formats_and_kinds():
    assert len(synthesised()) == 32
    for one in synthesised():
        assert one.unit in UNITS
        assert known(one.a).element_bits
        assert known(one.b).element_bits
        assert one.gates > 0


def test_energies_are_relative_to_int8():
    assert [one.a for one in synthesised() if one.energy == 1] == ["int8"]
    assert law()["lanes"] == 8
