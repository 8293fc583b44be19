"""Loop nests as values."""

from __future__ import annotations

import pytest

from cosynth.mapping import Level, Loop, Mapping

NEST = Mapping(
    einsum="e",
    engine="mac",
    levels=(
        Level(name="dram", loops=(Loop(rank="m", tile=4),)),
        Level(name="array", loops=(Loop(rank="m", tile=1, dimension="x"),)),
    ),
)


def test_loops_are_listed_from_the_outside():
    assert [loop.tile for loop in NEST.loops] == [4, 1]


def test_a_level_is_found_by_name():
    assert NEST.level("array").loops[0].dimension == "x"
    with pytest.raises(KeyError):
        NEST.level("buffer")
