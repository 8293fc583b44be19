"""Units that wait for one another: words, queues, tokens, and processes in any order."""

import itertools
import random

import pytest

from cosynth.cost.clock import BURST, BURSTS, QUEUE, Clock
from cosynth.cost.orders import Copy, Machine, Order

MACHINE = Machine(
    kept=False, delay=4, post=7, latency=50, write_latency=50, beats=1.0, words=2, parts=1
)
WORK = Copy(beats=1, runs=1, bursts=1, moves=1)


def order(unit="load", sets=3, takes=(), gives=(), early=True):
    return Order(unit=unit, early=(early,) * sets, takes=takes, gives=gives, work=WORK)


class Timed(Clock):
    """Units that work `cycles` at each command."""

    def __init__(self, orders, cycles=10):
        super().__init__(MACHINE, orders)
        self.cycles = cycles
        self.starts = []

    def all(self):
        return [self.hand_out(), *(self.work(name) for name in self.units)]

    def work(self, name):
        unit = self.units[name]
        while unit.orders:
            one = unit.orders.popleft()
            start = yield from self.go(unit, one)
            self.starts.append((name, start))
            self.done(unit, one, start + self.cycles)


def times(orders, rng=None, cycles=10):
    clock = Timed(orders, cycles)
    processes = clock.all()
    if rng is not None:
        rng.shuffle(processes)
    clock.run(processes)
    return clock


def test_a_word_comes_each_cycle_after_the_first_burst():
    clock = times([order(sets=3)])
    words = clock.units["load"].words
    assert words[0] > MACHINE.latency
    assert [b - a for a, b in itertools.pairwise(words)] == [1] * 3
    assert clock.starts == [("load", words[-1] + 2 + 2)]


def test_a_command_begins_when_the_one_before_is_over():
    clock = times([order(), order(sets=0)], cycles=100)
    (_, first), (_, second) = clock.starts
    assert second == first + 100 + 2


def test_registers_without_a_second_set_wait_for_the_end():
    ahead = times([order("load"), order("load", early=False)], cycles=100).starts
    single = times([order("drain"), order("drain", early=False)], cycles=100).starts
    assert single[1][1] == ahead[1][1] + 3


def test_a_token_is_waited_for():
    giver, taker = order("load", gives=(2,)), order("moving", takes=(2,))
    clock = times([giver, taker], cycles=500)
    starts = dict(clock.starts)
    assert starts["moving"] == starts["load"] + 500 + 1 + 2


def test_a_full_queue_holds_up_what_comes_behind_it():
    many = [order("load", sets=0) for _ in range(QUEUE + 10)]
    late = times([*many, order("moving", sets=0)], cycles=50)
    soon = times([order("moving", sets=0), *many], cycles=50)
    assert dict(late.starts)["moving"] > dict(soon.starts)["moving"] + 8 * 50


def test_bursts_ahead_hide_the_latency_of_a_program():
    words = BURST * BURSTS * MACHINE.words * 4
    clock = times([order(sets=words - 1)])
    handed = clock.units["load"].words
    assert handed[-1] - handed[0] <= words * 1.05


@pytest.mark.parametrize("seed", range(8))
def test_in_which_order_processes_are_asked_does_not_matter(seed):
    rng = random.Random(seed)
    units = ["load", "moving", "fill", "step"]
    orders, given = [], 0
    for _ in range(60):
        unit = rng.choice(units)
        takes, gives = (), ()
        if unit == "load":
            gives, given = (1,), given + 1
        elif unit == "step" and given:
            takes, given = (1,), given - 1
        orders.append(order(unit, rng.randint(0, 6), takes, gives))
    expected = sorted(times(orders).starts)
    assert sorted(times(orders, rng).starts) == expected
