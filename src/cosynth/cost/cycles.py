"""Cycles of a program on an engine's circuit, from what each of its units is told.

A bank of the units' registers or a half of the sums is looked at as a whole, at the rate of the
slowest that takes part. At a port that several units share each leaves windows, times in which it
takes a share of the cycles, and who comes after it gets what they leave.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cosynth.cost.clock import STEPS, Process
from cosynth.cost.copies import loads, stores
from cosynth.cost.orders import Fill, Machine, Order, Read, Walk
from cosynth.cost.ports import NEVER, Window, through, window
from cosynth.cost.sums import TWO, Sums

# vectors that a reader has ready
VECTORS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Cycles of a program, and in how many of them each unit works."""

    cycles: float
    busy: dict[str, float]


def cycles(machine: Machine, orders: Sequence[Order]) -> Timeline:
    """Return the time that a program takes from its start to its last response."""
    engine = _Engine(machine, orders)
    engine.run(engine.processes())
    # the last response, the stop, and the interrupt
    busy = {name: unit.busy for name, unit in engine.units.items()}
    return Timeline(cycles=engine.end + 6, busy=busy)


class _Engine(Sums):
    """What the units of an engine do.

    Small numbers are the cycles between two registers of the circuit: 2 from a read to its vector,
    3 from an address to its request, 3 from the last step to sums that stand, and so on.
    """

    def __init__(self, machine: Machine, orders: Sequence[Order]) -> None:
        super().__init__(machine, orders)
        # banks: when full, when free again, and who reads the buffer while one is used
        self.full: list[float] = []
        self.freed: list[float] = []
        self.stepping: list[Window] = []
        self.moved: list[float] = []  # reads for the steps of each bank
        # who reads the buffer for steps, and for filling
        self.moving: list[Window] = []
        self.filling: list[Window] = []

    def processes(self) -> Iterator[Process]:
        """One for each unit that leads others, and one that hands out the program."""
        readers = [self.drained, self.moving, self.filling]
        yield self.hand_out()
        if "load" in self.units:
            yield from loads(self, self.written)
        if "store" in self.units:
            yield stores(self, readers)
        for name, process in {
            "fill": self._fills(),
            "step": self._kept() if self.machine.kept else self._held(), "lines": self._lines(),
            "drain": self.drains(), "reload": self.reloads(readers),
        }.items():  # fmt: skip
            if name in self.units:
                yield process

    # the array

    def _fills(self) -> Process:
        """Banks of units that hold an operand, filled a row a cycle."""
        fill, second = self.units["fill"], self.units["second"]
        reader = time = over = 0.0
        while fill.orders:
            order, read = fill.orders.popleft(), second.orders.popleft()
            work, vectors = order.work, read.work
            assert isinstance(work, Fill)
            assert isinstance(vectors, Read)
            reader = max(reader, (yield from self.go(second, read)))
            time = max(time, (yield from self.go(fill, order)))
            length = work.vectors * vectors.cycles
            for _ in range(work.banks):
                start = max(time, reader + 2)
                bank = len(self.full) - TWO
                if bank >= 0:
                    yield self.freed, bank, None
                    start = max(start, self.freed[bank])
                    reader = max(reader, start - 2 - VECTORS)
                if self.full:  # the bank before is used meanwhile
                    yield self.stepping, len(self.full) - 1, None
                share = vectors.reads / vectors.cycles
                # in the time of a bank the port also serves the vectors of another
                least = over + length * share + (self.moved[len(self.full) - 1] if self.full else 0)
                over = through(
                    reader,
                    length,
                    share,
                    self.draining[-TWO:],
                    self.stepping[-TWO:],
                    vectors.beside,
                )
                over = max(over, least)
                self.filling.append(Window(begin=reader, end=over, share=share))
                time = max(start + work.vectors, over + 2)
                reader = max(over, time - 2 - VECTORS)
                self.full.append(time)
            self.done(second, read, reader)
            self.done(fill, order, time)
        self.filling.append(NEVER)

    def _held(self) -> Process:
        """Steps of units that hold an operand: a vector of the other each, a line of sums each."""
        steps, moving = self.units["step"], self.units["moving"]
        fills = self._fill_reads()
        filling: list[Window] = []
        next(fills, None)
        reader = time = reads_from = reads = 0.0
        while steps.orders:
            order, read = steps.orders.popleft(), moving.orders.popleft()
            work, vectors = order.work, read.work
            assert isinstance(work, Walk)
            assert isinstance(vectors, Read)
            share = vectors.reads / vectors.cycles
            reader = max(reader, (yield from self.go(moving, read)))
            time = max(time, (yield from self.go(steps, order)))
            for chunk in range(work.chunks):
                start = time
                if chunk % work.bank == 0:
                    yield self.full, len(self.freed), None
                    start = max(start, self.full[len(self.freed)])
                    filling = [_filled(reader, share, *next(fills, (0.0, 0.0, 1.0)))]
                if chunk % work.half == 0 and (work.begins or chunk):
                    start = yield from self.half(start, work)
                reader = max(reader, start - 2 - VECTORS * vectors.cycles)
                reads_from = reader if chunk % work.bank == 0 else reads_from
                start = max(start, reader + 1 + vectors.cycles)
                length = work.chunk * vectors.cycles
                over = through(reader, length, share, self.draining[-TWO:], filling, vectors.beside)
                self.moving.append(Window(begin=reader, end=over, share=share))
                time = max(start + work.chunk, over + 2, start + length)
                reader = max(over, time - 2 - VECTORS)
                self.adds(start, time, work, chunk)
                reads += length * share
                if (chunk + 1) % work.bank == 0:
                    self.moved.append(reads)
                    reads = 0.0
                    self.stepping.append(Window(begin=reads_from, end=over, share=share))
                    self.freed.append(time)
                self.half_over(time, work, chunk)
            self.done(moving, read, reader)
            self.done(steps, order, time)
        self.moving.append(NEVER)
        self.adding.append((math.inf, math.inf, 0.0, 0.0))

    def _fill_reads(self) -> Iterator[tuple[float, float, float]]:
        """For each bank: cycles of the reader that fills it, shares of them: reads, and beside."""
        work = [order.work for order in self.orders if order.unit == "second"]
        banks = [order.work.banks for order in self.orders if isinstance(order.work, Fill)]
        for read, count in zip(work, banks, strict=True):
            assert isinstance(read, Read)
            length = read.vectors * read.cycles / count
            yield from [(length, read.reads / read.cycles, read.beside)] * count

    def _kept(self) -> Process:
        """Steps of units that keep sums: a vector of each operand."""
        steps, moving, second = (self.units[name] for name in ("step", "moving", "second"))
        reader = time = 0.0
        while steps.orders:
            order, left, right = (one.orders.popleft() for one in (steps, moving, second))
            work = order.work
            assert isinstance(work, Walk)
            reader = max(reader, (yield from self.go(moving, left)))
            reader = max(reader, (yield from self.go(second, right)))
            time = max(time, (yield from self.go(steps, order)))
            share = work.reads / work.period
            for _ in range(work.chunks):
                start = max(time, reader + 1 + work.period)
                bank = len(self.full) - TWO
                if bank >= 0:
                    yield self.freed, bank, None
                    start = max(start, self.freed[bank])
                reader = max(reader, start - 2 - VECTORS * work.period)
                length = work.chunk * work.period
                # others see the steps as if nothing stopped them, until it is known what does
                self.moving.append(Window(begin=reader, end=reader + length, share=share))
                if self.full:  # what the bank before leaves is drained meanwhile
                    yield self.freed, len(self.full) - 1, (reader + length, STEPS)
                over = through(reader, length, share, self.draining[-TWO:])
                self.moving[-1] = Window(begin=reader, end=over, share=share)
                time = max(start + work.chunk, over + 2)
                reader = max(over, time - 2 - VECTORS)
                self.full.append(time + 3)
            self.done(moving, left, reader)
            self.done(second, right, reader)
            self.done(steps, order, time)
        self.moving.append(NEVER)
        self.filling.append(NEVER)

    def _lines(self) -> Process:
        """Lines that leave units that keep sums, a row of units each cycle."""
        lines = self.units["lines"]
        time = 0.0
        while lines.orders:
            order = lines.orders.popleft()
            work = order.work
            assert isinstance(work, Walk)
            time = max(time, (yield from self.go(lines, order)))
            for chunk in range(work.chunks):
                start = time
                if chunk % work.bank == 0:
                    yield self.full, len(self.freed), None
                    start = max(start, self.full[len(self.freed)])
                if chunk % work.half == 0 and (work.begins or chunk):
                    start = yield from self.half(start, work)
                time = start + work.chunk
                self.adds(start, time, work, chunk)
                if (chunk + 1) % work.bank == 0:
                    self.freed.append(time)
                self.half_over(time, work, chunk)
            self.done(lines, order, time)
        self.adding.append((math.inf, math.inf, 0.0, 0.0))


def _filled(begin: float, other: float, length: float, share: float, slowed: float) -> Window:
    return window(begin, length, share, other, slowed)
