"""Halves of the sums: drained beside the array, and brought back."""

from dataclasses import replace

import pytest
from tests.cost.test_cycles import HELD, order, program

from cosynth.cost.cycles import cycles
from cosynth.cost.orders import Drain, Read, Reload
from cosynth.cost.sums import Sums


def test_halves_take_turns():
    one = cycles(HELD, program(chunk=64, chunks=8, half=8)).cycles
    many = cycles(HELD, program(chunk=64, chunks=8, half=1)).cycles
    slow = cycles(HELD, program(chunk=64, chunks=8, half=1, width=4.0)).cycles
    assert many < one + 20  # draining hides
    assert slow > 8 * 64 * 4  # until it is what takes longest


def test_sums_come_back_only_while_none_are_added():
    def spilled(zero):
        every = program()
        at = [one.unit for one in every].index("step")
        step = every[at]
        loaded = replace(step, work=replace(step.work, loaded=True))
        reload = order("reload", Reload(lines=640, halves=1, zero=zero))
        return cycles(HELD, [*every[:at], reload, loaded, *every[at + 1 :]]).cycles

    # and now and then the port of the buffer is taken
    assert 2 * 640 <= spilled(zero=False) - spilled(zero=True) < 2.1 * 640


@pytest.mark.parametrize(("vectors", "residual"), [(1, 0), (4, 0), (8, 64)])
def test_what_drains_reads_what_its_readers_are_told(vectors, residual):
    """Parameters that stay from half to half are read once."""
    work = Drain(lines=16, halves=4, begins=True, ends=True, spills=False, width=1.0,
                 params=max(vectors // 4, 1), residual=bool(residual))  # fmt: skip
    params = Read(vectors=vectors, cycles=1.0, reads=1.0)
    orders = [order("params", params), order("drain", work)]
    if residual:
        orders.append(order("residual", Read(vectors=residual, cycles=1.0, reads=0.5)))
    found = sum(length * share for length, share in Sums(HELD, orders).drain_reads)
    assert found == pytest.approx(vectors + 0.5 * residual)


@pytest.mark.parametrize(
    ("params", "residual", "period"), [(1, 0, 33 / 32), (16, 0, 1.5), (1, 64, 2.0)]
)
def test_lines_drain_at_the_pace_of_what_goes_with_them(params, residual, period):
    def run(lines):
        drain = Drain(lines=lines, halves=1, begins=True, ends=True, spills=False, width=1.0,
                      params=params * lines // 32, residual=bool(residual))  # fmt: skip
        every = []
        for one in program(chunk=1, chunks=8):
            if one.unit == "params":
                reads = Read(vectors=params * lines // 32, cycles=1.0, reads=1.0)
                every.append(order("params", reads))
                if residual:
                    many = Read(vectors=lines, cycles=residual / 32, reads=1.0)
                    every.append(order("residual", many))
            else:
                every.append(replace(one, work=drain) if one.unit == "drain" else one)
        return cycles(HELD, every).cycles

    assert run(6400) - run(3200) == pytest.approx(3200 * period, rel=0.02)
