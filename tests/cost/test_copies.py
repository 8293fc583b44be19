"""Copies by hand: what requests, latency and shared ports allow."""

import random

import pytest

from cosynth.cost.copies import ANSWERED, PENDING, QUEUED, RUNS, beside
from cosynth.cost.cycles import cycles
from cosynth.cost.orders import Copy, Machine, Order
from cosynth.cost.ports import NEVER, Window

MACHINE = Machine(
    kept=False, delay=5, post=7, latency=50, write_latency=50, beats=1.0, words=2, parts=2
)


def order(unit, takes=(), gives=(), **work):
    return Order(unit=unit, early=(True,) * 2, takes=takes, gives=gives,
                 work=Copy(**{"runs": 1, "bursts": 1, "moves": 0, **work}))  # fmt: skip


def told(process):
    """What a process returns that never waits in vain: lists are whole."""
    try:
        wait = next(process)
        while True:
            wait = process.send(len(wait[0]) > wait[1])
    except StopIteration as stopped:
        return stopped.value


def stepped(time, work, windows):
    """When so many cycles of a port are had, in steps of a hundredth of a cycle."""
    step = 0.01
    while work > 1e-9:
        taken = sum(one.share for some in windows for one in some if one.begin <= time < one.end)
        work -= step * max(1.0 - taken, 0.0)
        time += step
    return time


@pytest.mark.parametrize("seed", range(8))
def test_a_port_gives_what_others_leave(seed):
    rng = random.Random(seed)
    windows = []
    for _ in range(2):
        time, some = 0.0, []
        for _ in range(4):
            begin = time + rng.randint(0, 8)
            time = begin + rng.randint(1, 8)
            some.append(Window(begin=begin, end=time, share=rng.choice([0.25, 0.5, 1.0])))
        windows.append([*some, NEVER])
    work = rng.randint(1, 20)
    found = told(beside(1.0, work, 1.0, windows, [0, 0]))
    assert found == pytest.approx(stepped(1.0, work, windows), abs=0.2)
    # who needs the port less is not later
    some = told(beside(1.0, work, 0.3, windows, [0, 0]))
    assert 1.0 + work - 1e-9 <= some <= found + 1e-9


def test_between_its_accesses_a_copy_goes_on_without_the_port():
    taken = [Window(begin=0.0, end=10.0, share=1.0), NEVER]
    assert told(beside(0.0, 20.0, 0.05, [taken], [0])) == 20.0
    assert told(beside(0.0, 8.0, 0.125, [taken], [0])) == 11.0


def test_who_asks_one_by_one_waits_each_time():
    half = [Window(begin=0.0, end=1e9, share=0.5), NEVER]
    assert told(beside(0.0, 300.0, 1 / 3, [half], [0], serial=True)) == pytest.approx(400.0)


def test_who_needs_no_port_is_never_late():
    always = [Window(begin=0.0, end=1e9, share=1.0), NEVER]
    assert told(beside(3.0, 7.0, 0.0, [always], [0])) == 10.0


def test_loads_follow_one_another_without_a_gap():
    one = cycles(MACHINE, [order("load", beats=160, bursts=10, moves=160)]).cycles
    five = cycles(MACHINE, [order("load", beats=160, bursts=10, moves=160)] * 5).cycles
    # and the program's own beats
    assert 4 * 160 <= five - one <= 4 * 160 + 32


def test_single_beats_come_as_fast_as_requests_may_be_under_way():
    count = 600
    found = cycles(MACHINE, [order("load", beats=count, bursts=count, runs=count, moves=count)])
    least = count * MACHINE.latency / min(QUEUED, RUNS)
    assert least < found.cycles < 1.4 * least


def test_so_many_commands_of_loads_are_under_way():
    one = order("load", beats=1, moves=1)
    few, many = (cycles(MACHINE, [one] * count).cycles for count in (80, 160))
    least = (160 - 80) / PENDING * MACHINE.latency
    assert least < many - few < 1.3 * least


def test_a_program_takes_beats_from_what_is_loaded():
    copies = [order("load", beats=8, bursts=1, moves=8)] * 200
    words = sum(len(one.early) + 1 for one in copies)
    found = cycles(MACHINE, copies).cycles
    assert found > 8 * 200 + words / MACHINE.words


@pytest.mark.parametrize("kept", [False, True])
def test_so_many_stores_wait_for_their_answers(kept):
    stores = [order("store", beats=1, moves=1)] * 60
    found = cycles(Machine(**{**{name: getattr(MACHINE, name) for name in MACHINE.__slots__},
                              "kept": kept}), stores).cycles  # fmt: skip
    least = 60 / ANSWERED * MACHINE.write_latency
    assert least < found < 1.4 * least


def test_reads_and_writes_share_dram():
    load = order("load", beats=512, bursts=32, moves=512)
    store = order("store", beats=512, bursts=32, moves=512)
    alone = cycles(MACHINE, [load] * 4).cycles
    both = cycles(MACHINE, [load, store] * 4).cycles
    assert both > alone + 4 * 512 * 0.9
