"""Tiles over time, against a walk through the loops."""

from __future__ import annotations

import pytest

import cosynth.hardware as hw
from cosynth.mapping import read
from cosynth.report.timeline import MOST_STEPS, rows
from cosynth.workload import Builder

NEST = """
O on mac
  dram: keeps I, O, W
    for p in 2 steps of 3
      for c in 2 steps of 1
        buffer: keeps I, O, W
          for r in 3 steps of 1
            pe:
              for k in 4 steps of 1 along x
                register: keeps W
                  for p in 3 steps of 1
"""


@pytest.fixture
def found():
    net = Builder("lesson")
    i, w = net.input("I", (2, 8)), net.weight("W", (4, 2, 3))
    net.output(net.einsum("O[k,p] += I[c,p+r] * W[k,c,r]", shape=(4, 6), bounds={"c": 2, "r": 3}))
    model = net.build()
    assert (i, w) == ("I", "W")
    engine = hw.load("examples/pocket.toml").engines[0]
    return rows(read(NEST), model.einsums[0], engine)


def test_a_row_for_each_memory_with_the_loops_in_time_above_it(found):
    assert [row.level for row in found] == ["dram", "buffer", "register"]
    steps = [[(step.rank, step.trips, step.shown) for step in row.steps] for row in found]
    outside = [("p", 2, 2), ("c", 2, 2)]
    assert steps == [[], outside, [*outside, ("r", 3, 3)]]


def test_a_tile_stays_until_a_loop_of_its_ranks_advances(found):
    lanes = {lane.tensor: lane for lane in found[1].lanes}
    stays = {
        name: [(stay.start, stay.length, stay.tile, stay.again) for stay in lane.stays]
        for name, lane in lanes.items()
    }
    # outputs do not depend on c; weights do not on p, and come a second time
    assert stays["O"] == [(0, 2, (0,), False), (2, 2, (1,), False)]
    assert [each[3] for each in stays["W"]] == [False, False, True, True]
    assert [each[2] for each in stays["I"]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert {name: lane.loads for name, lane in lanes.items()} == {"I": 4, "O": 2, "W": 4}


def test_blocks_fill_the_row(found):
    for row in found:
        for lane in row.lanes:
            assert lane.stays[0].start == 0
            ends = [stay.start + stay.length for stay in lane.stays]
            assert ends == [*(stay.start for stay in lane.stays[1:]), row.length]


def test_long_loops_are_cut_to_what_can_be_drawn():
    net = Builder("gemm")
    net.input("A", (64, 96))
    net.weight("B", (96, 80))
    net.output(net.einsum("C[m,n] += A[m,k] * B[k,n]", shape=(64, 80), bounds={"k": 96}))
    nest = read(
        "C on mac\n dram: keeps A, B, C\n for m in 64 steps of 1\n for n in 80 steps of 1\n"
        " for k in 96 steps of 1\n buffer: keeps A\n pe:\n register: keeps B\n"
    )
    engine = hw.load("examples/pocket.toml").engines[0]
    row = rows(nest, net.build().einsums[0], engine)[1]
    assert [step.shown for step in row.steps] == [2, 2, 8]
    assert row.length == MOST_STEPS
    assert row.lanes[0].loads == 64 * 80 * 96
    assert [stay.again for stay in row.lanes[0].stays] == ([False] * 8 + [True] * 8) * 2
