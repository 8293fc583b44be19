"""An engine as stages, and loop orders that let one operand stay."""

from __future__ import annotations

from tests.mapper.test_best import gemm

from cosynth.hardware import engine, priced
from cosynth.mapper.stages import keeps, orders, stages


def test_stages_are_memories_with_the_arrays_below_them():
    path = priced(engine(stationarity="weight")).engines[0]
    assert [(stage.memory.name, len(stage.arrays)) for stage in stages(path)] == [
        ("dram", 0),
        ("buffer", 1),
        ("sums", 1),
        ("registers", 0),
    ]


def test_operands_live_in_the_outermost_memory_that_may_hold_them():
    path = priced(engine()).engines[0]
    one = gemm(4, 4, 4)
    assert keeps(one, path, path.memories[0])[1] == frozenset(one.parts)
    assert keeps(one, path, path.memories[2]) == (frozenset({"y"}), frozenset())


def test_the_ranks_an_operand_lacks_are_innermost():
    one = gemm(4, 5, 6)
    assert orders(one, ("w",)) == (("n", "k", "m"),)
    assert len(orders(one, ())) == 3
