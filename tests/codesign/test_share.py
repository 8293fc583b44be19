"""Limits of a mapping, read and applied."""

from __future__ import annotations

import pytest

import cosynth.hardware as hw
from cosynth.codesign.share import limited, share
from cosynth.errors import SpecError

MEMORIES = ("dram", "buffer")


@pytest.mark.parametrize(
    ("text", "kind", "memory", "value"),
    [
        ("buffer=0.5", "capacity", "buffer", 0.5),
        (" buffer = 25% ", "capacity", "buffer", 0.25),
        ("bandwidth:dram=1", "bandwidth", "dram", 1.0),
        ("utilisation=0.7", "utilisation", "", 0.7),
    ],
)
def test_a_limit_is_read(text, kind, memory, value):
    found = share(text, MEMORIES)
    assert (found.kind, found.memory, found.share) == (kind, memory, value)
    assert share(str(found), MEMORIES) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bufer=0.5", "--limit 'bufer=0.5': no memory 'bufer'; did you mean 'buffer'?"),
        ("utilization=0.5", "did you mean 'utilisation'?"),
        ("bandwidth:x=0.5", "no memory 'x'; there are dram, buffer"),
        ("buffer=0", "a share is more than 0 and at most 1"),
        ("buffer=2", "a share is more than 0 and at most 1"),
        ("buffer=1e", "'1e' is no number; write for example buffer=0.5"),
        ("buffer", "write for example buffer=0.5, bandwidth:dram=0.5 or utilisation=0.7"),
        ("speed:buffer=1", "write for example buffer=0.5"),
    ],
)
def test_a_limit_that_is_none_wrong(text, message):
    with pytest.raises(SpecError) as caught:
        share(text, MEMORIES)
    assert message in str(caught.value)


def test_hardware_keeps_all_but_the_share():
    chip = hw.priced(hw.load("eyeriss"))
    half = limited(chip, [share("buffer=0.5", ["buffer"])])
    before, after = chip.component("buffer"), half.component("buffer")
    assert after.size == before.size / 2
    assert after.read_energy == before.read_energy
    slow = limited(chip, [share("bandwidth:buffer=0.5", ["buffer"])]).component("buffer")
    assert slow.read_bandwidth == before.read_bandwidth / 2
    assert slow.size == before.size
    assert half.component("dram") == chip.component("dram")
    assert limited(chip, [share("utilisation=0.5", ())]) == chip
