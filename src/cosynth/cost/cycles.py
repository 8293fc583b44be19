"""Cycles of a program on an engine's circuit, from what each of its units is told.

A bank of the units' registers or a half of the sums is looked at as a whole, at the rate of the
slowest that takes part. Ports that several units share are reckoned with by the rates of both: what
goes first takes its reads, and the other loses them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cosynth.cost.clock import Clock, Process, Span
from cosynth.cost.orders import Copy, Drain, Fill, Machine, Order, Read, Reload, Walk
from cosynth.cost.ports import Window, through, window

# vectors that a reader has ready, runs and bursts of a copy under way
VECTORS, RUNS, OUTSTANDING = 4, 17, 64
# halves of the sums, and banks of registers
TWO = 2


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


class _Engine(Clock):
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
        # who reads the buffer for what drains
        self.draining: deque[Window] = deque(maxlen=TWO)
        # halves of the sums
        self.ready: list[float] = []
        self.read: list[float] = []
        self.loaded: list[float] = []
        self.begun = 0
        # when the array adds to sums: from, to, share of cycles that read and that write them
        self.adding: list[tuple[float, float, float, float]] = []

    def processes(self) -> Iterator[Process]:
        """One for each unit that leads others, and one that hands out the program."""
        yield self.hand_out()
        for name, process in {
            "load": self._copies("load"), "store": self._copies("store"), "fill": self._fills(),
            "step": self._kept() if self.machine.kept else self._held(), "lines": self._lines(),
            "drain": self._drains(), "reload": self._reloads(),
        }.items():  # fmt: skip
            if name in self.units:
                yield process

    # copies

    def _copies(self, name: str) -> Process:
        """Requests run ahead of data, by so many runs; data come one command after the other."""
        machine, unit = self.machine, self.units[name]
        over = 0.0
        ahead: deque[tuple[float, int]] = deque()  # commands under way: end and runs
        while unit.orders:
            order = unit.orders.popleft()
            work = order.work
            assert isinstance(work, Copy)
            start = yield from self.go(unit, order)
            while ahead and sum(runs for _, runs in ahead) + min(work.runs, RUNS) > RUNS:
                start = max(start, ahead.popleft()[0])
            rate = min(
                machine.beats, OUTSTANDING * work.beats / work.bursts / (machine.latency + 6)
            )
            whole = max(work.beats / rate, work.moves)
            if name == "load":
                # a run waits for its first beat
                whole = max(whole, (work.runs - RUNS) * (machine.latency + 7) / RUNS)
                over = max(start + 3 + machine.latency, over) + whole
                end = over + 4
            else:
                over = max(start + 6, over) + whole
                end = over + machine.write_latency + 4
            ahead.append((over, min(work.runs, RUNS)))
            asked: float = start + work.runs
            if work.runs > RUNS:
                asked = max(asked, over - RUNS * whole / work.runs)
            self.done(unit, order, min(asked, over), end)

    # the array

    def _fills(self) -> Process:
        """Banks of units that hold an operand, filled a row a cycle."""
        fill, second = self.units["fill"], self.units["second"]
        reader = time = 0.0
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
                    yield self.freed, bank, False
                    start = max(start, self.freed[bank])
                    reader = max(reader, start - 2 - VECTORS)
                if self.full:  # the bank before is used meanwhile
                    yield self.stepping, len(self.full) - 1, False
                share = vectors.reads / vectors.cycles
                over = through(reader, length, share, self.draining, self.stepping[-TWO:])
                time = max(start + work.vectors, over + 2)
                reader = max(over, time - 2 - VECTORS)
                self.full.append(time)
            self.done(second, read, reader)
            self.done(fill, order, time)

    def _held(self) -> Process:
        """Steps of units that hold an operand: a vector of the other each, a line of sums each."""
        steps, moving = self.units["step"], self.units["moving"]
        drains, fills = self._drain_reads(), self._fill_reads()
        filling: list[Window] = []
        next(fills, None)
        reader = time = reads_from = 0.0
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
                    yield self.full, len(self.freed), False
                    start, reads_from = max(start, self.full[len(self.freed)]), reader
                    filling = [window(reader, *next(fills, (0.0, 0.0)), share)]
                if chunk % work.half == 0 and (work.begins or chunk):
                    start = yield from self._half(start, work)
                start = max(start, reader + 1 + vectors.cycles)
                length = work.chunk * vectors.cycles
                over = through(reader, length, share, self.draining, filling)
                time = max(start + work.chunk, over + 2, start + length)
                reader = max(over, time - 2 - VECTORS)
                self._adds(start, time, work, chunk)
                if (chunk + 1) % work.bank == 0:
                    self.stepping.append(Window(begin=reads_from, end=over, share=share))
                    self.freed.append(time)
                if self._half_over(time, work, chunk):
                    length, taken = next(drains, (0.0, 0.0))
                    begin = self.ready[-1]
                    self.draining.append(Window(begin=begin, end=begin + length, share=taken))
            self.done(moving, read, reader)
            self.done(steps, order, time)
        self.adding.append((math.inf, math.inf, 0.0, 0.0))

    def _fill_reads(self) -> Iterator[tuple[float, float]]:
        """For each bank: cycles of the reader that fills it, and the share of them that read."""
        work = [order.work for order in self.orders if order.unit == "second"]
        banks = [order.work.banks for order in self.orders if isinstance(order.work, Fill)]
        for read, count in zip(work, banks, strict=True):
            assert isinstance(read, Read)
            length = read.vectors * read.cycles / count
            yield from [(length, read.reads / read.cycles)] * count

    def _kept(self) -> Process:
        """Steps of units that keep sums: a vector of each operand."""
        steps, moving, second = (self.units[name] for name in ("step", "moving", "second"))
        banks = sum(one.work.chunks for one in steps.orders if isinstance(one.work, Walk))
        stolen = sum(length * rate for length, rate in self._drain_reads()) / banks
        reader = time = 0.0
        while steps.orders:
            order, left, right = (one.orders.popleft() for one in (steps, moving, second))
            work = order.work
            assert isinstance(work, Walk)
            reader = max(reader, (yield from self.go(moving, left)))
            reader = max(reader, (yield from self.go(second, right)))
            time = max(time, (yield from self.go(steps, order)))
            lost = max(0.0, stolen - (work.period - work.reads) * work.chunk)
            for _ in range(work.chunks):
                start = max(time, reader + 1 + work.period)
                bank = len(self.full) - TWO
                if bank >= 0:
                    yield self.freed, bank, False
                    start = max(start, self.freed[bank])
                over = reader + work.chunk * work.period + lost
                time = max(start + work.chunk, over + 2)
                reader = max(over, time - 2 - VECTORS)
                self.full.append(time + 3)
            self.done(moving, left, reader)
            self.done(second, right, reader)
            self.done(steps, order, time)

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
                    yield self.full, len(self.freed), False
                    start = max(start, self.full[len(self.freed)])
                if chunk % work.half == 0 and (work.begins or chunk):
                    start = yield from self._half(start, work)
                time = start + work.chunk
                self._adds(start, time, work, chunk)
                if (chunk + 1) % work.bank == 0:
                    self.freed.append(time)
                self._half_over(time, work, chunk)
            self.done(lines, order, time)
        self.adding.append((math.inf, math.inf, 0.0, 0.0))

    # sums

    def _half(self, time: float, work: Walk) -> Span:
        """When the next half of the sums can be begun."""
        if work.loaded:
            yield self.loaded, self.begun, False
            time = max(time, self.loaded[self.begun] + 1)
        elif self.begun >= TWO:
            yield self.read, self.begun - TWO, False
            time = max(time, self.read[self.begun - TWO])
        self.begun += 1
        return time

    def _half_over(self, time: float, work: Walk, chunk: int) -> bool:
        over = (chunk + 1) % work.half == 0 and (work.ends or chunk + 1 < work.chunks)
        if over:
            self.ready.append(time + self.machine.delay + 1)
        return over

    def _adds(self, start: float, end: float, work: Walk, chunk: int) -> None:
        share = min(work.chunk / max(end - start, 1e-9), 1.0)
        fetches = work.fetches[min(chunk % work.half, len(work.fetches) - 1)]
        delay = self.machine.delay
        self.adding.append((start + delay, end + delay, min(fetches * share, 1.0), share))

    def _slots(self, time: float, count: float, period: float, port: int, at: list[int]) -> Span:
        """When `count` accesses of `period` cycles each are done in slots that the array leaves."""
        left = count
        while True:
            known = yield self.adding, at[0], True
            start, end, *shares = self.adding[at[0]] if known else (math.inf, math.inf, 0.0, 0.0)
            if end <= time:
                at[0] += 1
                continue
            if start > time:
                room = (start - time) / period
                if room >= left:
                    return time + left * period
                left, time = left - room, start
            rate = min(1 / period, 1 - shares[port])
            if rate > 0 and (end - time) * rate >= left:
                return time + left / rate
            left, time = left - (end - time) * rate, end
            at[0] += 1

    def _drain_reads(self) -> Iterator[tuple[float, float]]:
        """For each half: cycles in which it drains, and reads of the buffer in each."""
        queues = {name: iter(unit.orders) for name, unit in self.units.items()}
        length = reads = 0.0
        found = []
        for order in self.units["drain"].orders if "drain" in self.units else ():
            work = order.work
            assert isinstance(work, Drain)
            one = many = 0.0
            for name, share in _streams(work):
                vectors = next(queues[name]).work
                assert isinstance(vectors, Read)
                count = share if name == "params" else vectors.vectors / work.halves
                one = max(one, work.lines * max(1.0, work.width), count * vectors.cycles)
                many += count * vectors.reads
            for half in range(work.halves):
                length, reads = length + one, reads + many
                if half + 1 < work.halves or work.ends:
                    found.append((length, reads / max(length, 1.0)))
                    length = reads = 0.0
        return iter(found)

    def _drains(self) -> Process:
        drain = self.units["drain"]
        time = 0.0
        at = [0]
        while drain.orders:
            order = drain.orders.popleft()
            work = order.work
            assert isinstance(work, Drain)
            period = TWO + self.machine.parts if work.spills else max(1.0, work.width)
            with_it = []
            for name, _ in _streams(work):
                unit = self.units[name]
                one = unit.orders.popleft()
                vectors = one.work
                assert isinstance(vectors, Read)
                begins = yield from self.go(unit, one)
                time = max(time, begins + 2 + vectors.cycles)
                each = max(1.5, vectors.cycles) if name == "params" else vectors.cycles
                period = max(period, vectors.vectors / work.halves * each / work.lines)
                with_it.append((unit, one))
            if not work.spills and work.params > 1:
                period = max(period, 1 + work.params / work.lines)
            time = max(time, (yield from self.go(drain, order)))
            for half in range(work.halves):
                if half or work.begins:
                    yield self.ready, len(self.read), False
                    time = max(time, self.ready[len(self.read)])
                time = yield from self._slots(time, work.lines, period, 0, at)
                if half + 1 < work.halves or work.ends:
                    self.read.append(time)
            for unit, one in with_it:
                self.done(unit, one, time)
            self.done(
                drain, order, time + (3 + self.machine.parts if work.spills else self.machine.post)
            )

    def _reloads(self) -> Process:
        unit = self.units["reload"]
        time = 0.0
        at = [0]
        while unit.orders:
            order = unit.orders.popleft()
            work = order.work
            assert isinstance(work, Reload)
            time = max(time, (yield from self.go(unit, order)))
            period = TWO if work.zero else TWO + self.machine.parts
            for _ in range(work.halves):
                before = len(self.loaded) - TWO
                if before >= 0:
                    yield self.read, before, False
                    time = max(time, self.read[before])
                time = yield from self._slots(time, work.lines, period, 1, at)
                self.loaded.append(time)
            self.done(unit, order, time)


def _streams(work: Drain) -> list[tuple[str, float]]:
    """Readers that go with a drain, and vectors of each in a half where it says so."""
    if work.spills:
        return []
    return [("params", float(work.params)), *([("residual", 0.0)] if work.residual else [])]
