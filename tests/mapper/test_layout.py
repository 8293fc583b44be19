"""What of an engine a mapping depends on."""

from __future__ import annotations

from cosynth.hardware import engine, priced
from cosynth.mapper.layout import layout, rounded


def path_of(**numbers):
    return priced(engine(**numbers)).engines[0]


def test_chips_of_one_structure_have_one_layout():
    assert layout(path_of(buffer=1 << 15)) == layout(path_of(buffer=1 << 20, rows=64))
    assert layout(path_of(stationarity="weight")) != layout(path_of(stationarity="output"))


def test_rounding_joins_near_chips_and_keeps_sizes():
    near, far = path_of(dram_bandwidth=4.1e9), path_of(dram_bandwidth=16e9)
    assert rounded(path_of(dram_bandwidth=4e9)) == rounded(near) != rounded(far)
    sizes = [memory.size for memory in rounded(near).memories]
    assert sizes == [memory.size for memory in near.memories]
