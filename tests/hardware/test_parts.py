"""Pieces of families."""

from __future__ import annotations

import pytest

from cosynth.errors import SpecError
from cosynth.hardware import Compute, Hardware, priced
from cosynth.hardware.parts import chain, off_chip, stationary_weights


def test_a_chain_hangs_each_piece_under_the_one_before():
    nodes = chain([stationary_weights("w"), Compute(name="mac")], under="dram")
    assert [(node.component.name, node.under) for node in nodes] == [("w", "dram"), ("mac", "w")]


def test_off_chip_memory_costs_what_its_kind_does():
    nodes = tuple(chain([off_chip("hbm2", 1e12), Compute(name="mac")]))
    chip = Hardware(name="chip", nodes=nodes, frequency=1e9, technology=7e-9)
    memory = priced(chip).component("dram")
    assert memory.read_energy / memory.width == pytest.approx(3.97e-12)


def test_a_kind_of_memory_nobody_knows_wrong():
    nodes = tuple(chain([off_chip("hbm9", 1e12), Compute(name="mac")]))
    chip = Hardware(name="chip", nodes=nodes, frequency=1e9, technology=7e-9)
    with pytest.raises(SpecError, match="unknown DRAM 'hbm9'; did you mean 'hbm"):
        priced(chip)
