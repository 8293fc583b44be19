"""Cycles of small programs: by hand, and what must hold whatever the numbers."""

from dataclasses import replace

import pytest

from cosynth.cost.cycles import cycles
from cosynth.cost.orders import Copy, Drain, Fill, Machine, Order, Read, Walk

HELD = Machine(
    kept=False, delay=5, post=7, latency=50, write_latency=50, beats=1.0, words=2, parts=2
)
KEPT = replace(HELD, kept=True, delay=2)


def order(unit, work, takes=(), gives=()):
    return Order(unit=unit, early=(True,) * 4, takes=takes, gives=gives, work=work)


def program(
    chunk=64, chunks=8, fills=8, reads=0.5, bank=1, half=8, beats=100, moving=1.0, width=1.0
):
    """A tile: two loads, steps with an operand held, one half of sums, a store."""
    return [
        order("load", Copy(beats=beats, runs=1, bursts=beats / 16, moves=beats), gives=(1,)),
        order("load", Copy(beats=beats, runs=1, bursts=beats / 16, moves=beats), gives=(0,)),
        order("moving", Read(vectors=chunk * chunks, cycles=moving, reads=reads), takes=(0,)),
        order("second", Read(vectors=fills * chunks, cycles=1.0, reads=1.0), takes=(1,)),
        order("fill", Fill(vectors=fills, banks=chunks // bank)),
        order("step", Walk(chunk=chunk, chunks=chunks, bank=bank, half=half, begins=True,
                           ends=True, loaded=False, fetches=(0.0, 1.0))),
        order("params", Read(vectors=1, cycles=1.0, reads=1.0)),
        order("drain", Drain(lines=chunk, halves=chunks // half, begins=True, ends=True,
                             spills=False, width=width, params=1, residual=False), gives=(4,)),
        order("store", Copy(beats=32, runs=1, bursts=2, moves=32), takes=(4,)),
    ]  # fmt: skip


def test_a_tile_takes_its_loads_its_steps_its_lines_and_its_store():
    found = cycles(HELD, program())
    work = 200 + 512 + 64 + 32
    latencies = 3 * HELD.latency
    assert work + latencies < found.cycles < 1.15 * (work + latencies)
    assert found.busy["step"] >= 512
    assert found.busy["drain"] >= 64


@pytest.mark.parametrize("name", ["chunk", "fills", "beats", "moving", "width"])
def test_more_work_never_takes_less(name):
    few = {"chunk": 64, "fills": 8, "beats": 100, "moving": 1.0, "width": 1.0}
    before = 0.0
    for factor in (1, 2, 3, 5, 8):
        now = cycles(HELD, program(**{**few, name: few[name] * factor})).cycles
        assert now >= before
        before = now


def test_filling_hides_behind_steps_until_it_is_longer():
    short = cycles(HELD, program(chunk=64, fills=8, reads=0.0)).cycles
    same = cycles(HELD, program(chunk=64, fills=32, reads=0.0)).cycles
    long = cycles(HELD, program(chunk=64, fills=128, reads=0.0)).cycles
    assert same - short < 2 * 24 + 1  # only the first bank's is seen
    assert long - short > 7 * (128 - 64)


def test_what_moves_and_what_fills_share_the_port():
    free = cycles(HELD, program(chunk=64, fills=32, reads=0.0)).cycles
    half = cycles(HELD, program(chunk=64, fills=32, reads=0.5)).cycles
    shared = cycles(HELD, program(chunk=64, fills=32, reads=1.0)).cycles
    assert half == free
    assert shared - free == pytest.approx(7 * 32, rel=0.1)


def test_units_that_keep_sums_step_at_the_rate_of_their_readers():
    def run(period):
        walk = {"begins": True, "ends": True, "loaded": False}
        steps = Walk(chunk=256, chunks=4, bank=1, half=4, fetches=(0.0,), period=period, reads=1.0,
                     **walk)  # fmt: skip
        lines = Walk(chunk=16, chunks=4, bank=1, half=4, fetches=(0.0,), **walk)
        every = program()
        kept = [one for one in every if one.unit not in {"fill", "step"}]
        at = [one.unit for one in kept].index("params")
        made = [*kept[:at], order("step", steps), order("lines", lines), *kept[at:]]
        return cycles(KEPT, made).cycles

    assert run(2.0) - run(1.0) == pytest.approx(1024, rel=0.02)


def test_latency_is_seen_once_for_a_load_and_for_each_run_that_waits():
    long = replace(HELD, latency=500)
    whole = cycles(long, program()).cycles - cycles(HELD, program()).cycles
    assert 900 <= whole <= 1100  # the program's and the first load's
    rows = [
        replace(one, work=replace(one.work, runs=100)) if one.unit == "load" else one
        for one in program()
    ]
    assert cycles(long, rows).cycles > cycles(long, program()).cycles + 4000
