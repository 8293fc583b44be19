"""Units that take commands in order and wait for one another: the mechanism, without what they do.

Each unit is a process that steps through its commands and tells when something is there. Times of
what a unit waits for are sums and maxima of others, so in which order the processes are evaluated
does not matter (a max-plus system: Baccelli et al., "Synchronization and Linearity", 1992).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cosynth.cost.orders import Machine, Order
from cosynth.cost.ports import Calendar

# words that a unit's queue holds, and beats of a burst of a program of which four are under way
QUEUE = 64
BURST, BURSTS = 16, 4
TOKENS = 16

# What a process waits for: that a list has an entry. One that may never come has a key, when the
# process would be done without it: where none can go on, the one of the least key does so.
Key = tuple[float, int]
Wait = tuple[Sequence[Any], int, Key | None]
Process = Generator[Wait, bool, None]
Span = Generator[Wait, bool, float]


@dataclass(slots=True, eq=False)
class Unit:
    """A unit: its commands, when words were handed to it and taken, and when it is free again."""

    orders: deque[Order] = field(default_factory=deque)
    words: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    free: float = 0.0
    busy: float = 0.0


# units whose commands wait in front of them, all but the bases of addresses
# who goes on first where all wait and would be done at the same time
FETCH, SLOTS, STEPS, COPIES = range(4)
SINGLE = frozenset({"params", "residual", "drain", "store", "reload"})


class Clock:
    """The units of one program, and what they tell one another: times, in lists that grow."""

    def __init__(self, machine: Machine, orders: Sequence[Order]) -> None:
        self.machine, self.orders = machine, orders
        self.units: dict[str, Unit] = {}
        for one in orders:
            self.units.setdefault(one.unit, Unit()).orders.append(one)
        self.given: list[list[float]] = [[] for _ in range(TOKENS)]
        self.used = [0] * TOKENS
        self.end = 0.0
        self.port = Calendar()  # beats that come from DRAM

    def run(self, processes: Iterable[Process]) -> None:
        """Let all processes go on until none can."""
        waiting: list[tuple[Process, Wait]] = []
        active: deque[tuple[Process, bool | None]] = deque((process, None) for process in processes)
        while active or waiting:
            if not active:
                at = min(
                    (n for n, (_, wait) in enumerate(waiting) if wait[2] is not None),
                    key=lambda n: (waiting[n][1][2], n),
                )
                active.append((waiting.pop(at)[0], False))
            process, answer = active.popleft()
            try:
                wait = process.send(answer)  # type: ignore[arg-type]
                while len(wait[0]) > wait[1]:
                    wait = process.send(True)
                waiting.append((process, wait))
            except StopIteration:
                pass
            for one in [one for one in waiting if len(one[1][0]) > one[1][1]]:
                waiting.remove(one)
                active.append((one[0], True))

    def hand_out(self) -> Process:
        """Words come in bursts, and go one a cycle to their units' queues."""
        machine = self.machine
        asked, last = 2.0, 3.0
        begin = 0.0
        out: list[float] = []  # the last word of each burst
        number = 0
        for one in self.orders:
            unit = self.units[one.unit]
            for _ in range(len(one.early) + 1):
                burst, place = divmod(number, BURST * machine.words)
                if place == 0:
                    asked = max(asked + 1, out[burst - BURSTS] + 1 if burst >= BURSTS else 0.0)
                    out.append(0.0)
                    yield (), 0, (asked + machine.latency, FETCH)
                    over = self.port.taken(asked + machine.latency + 3, BURST / machine.beats)
                    begin = over - BURST / machine.beats
                came = begin + place // machine.words / machine.beats
                last = max(last + 1, came)
                before = len(unit.words) - QUEUE
                if before >= 0:
                    yield unit.taken, before, None
                    last = max(last, unit.taken[before] + 1)
                unit.words.append(last)
                out[burst] = last
                number += 1
        self.end = max(self.end, last)

    def go(self, unit: Unit, order: Order) -> Span:
        """When the work of a unit's next command begins."""
        time = unit.taken[-1] if unit.taken else 0.0
        for early in order.early:
            yield unit.words, len(unit.taken), None
            time = max(time + 1, unit.words[len(unit.taken)] + 2)
            if not early and order.unit in SINGLE:
                time = max(time, unit.free)
            unit.taken.append(time)
        yield unit.words, len(unit.taken), None
        time = max(time + 1, unit.words[len(unit.taken)] + 2, unit.free)
        for token in order.takes:
            count = self.used[token]
            self.used[token] += 1
            yield self.given[token], count, None
            time = max(time, self.given[token][count] + 1)
        unit.taken.append(time)
        return time + 2

    def done(self, unit: Unit, order: Order, free: float, done: float | None = None) -> None:
        """A command is over at `free`; what it was for stands at `done`."""
        end = free if done is None else done
        unit.busy += end - max(unit.taken[-1], unit.free)
        unit.free = free
        self.give(order, end)

    def give(self, order: Order, end: float) -> None:
        """What a command was for stands."""
        for token in order.gives:
            self.given[token].append(end)
        self.end = max(self.end, end)
