"""What goes on at the sums of an engine: who adds to them, drains them and brings them back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from cosynth.cost.clock import SLOTS, Clock, Process, Span
from cosynth.cost.copies import beside
from cosynth.cost.orders import Drain, Machine, Order, Read, Reload, Walk, Work
from cosynth.cost.ports import NEVER, Window

# halves of the sums, and banks of registers
TWO = 2


class Sums(Clock):
    """Both halves of the sums: full ones are drained while the array adds to the other."""

    def __init__(self, machine: Machine, orders: Sequence[Order]) -> None:
        super().__init__(machine, orders)
        # who reads the buffer for what drains, as far as it is known before; who does, and writes
        self.draining: list[Window] = []
        self.drained: list[Window] = []
        self.written: list[Window] = []
        self.drain_reads = self._drain_reads()
        # halves: when complete, when drained, when brought back
        self.ready: list[float] = []
        self.read: list[float] = []
        self.loaded: list[float] = []
        self.begun = 0
        # when the array adds to sums: from, to, share of cycles that read and that write them
        self.adding: list[tuple[float, float, float, float]] = []

    def half(self, time: float, work: Walk) -> Span:
        """When the next half of the sums can be begun."""
        if work.loaded:
            yield self.loaded, self.begun, None
            time = max(time, self.loaded[self.begun] + 1)
        elif self.begun >= TWO:
            yield self.read, self.begun - TWO, None
            time = max(time, self.read[self.begun - TWO])
        self.begun += 1
        return time

    def half_over(self, time: float, work: Walk, chunk: int) -> None:
        """Hand a half on to be drained, if a chunk is its last."""
        if (chunk + 1) % work.half == 0 and (work.ends or chunk + 1 < work.chunks):
            ready = time + self.machine.delay + 1
            self.ready.append(ready)
            length, share = next(self.drain_reads, (0.0, 0.0))
            begin = max(ready, self.draining[-1].end) if self.draining else ready
            self.draining.append(Window(begin=begin, end=begin + length, share=share))

    def adds(self, start: float, end: float, work: Walk, chunk: int) -> None:
        """The array adds the lines of a chunk in this time."""
        share = min(work.chunk / max(end - start, 1e-9), 1.0)
        fetches = work.fetches[min(chunk % work.half, len(work.fetches) - 1)]
        delay = self.machine.delay
        self.adding.append((start + delay, end + delay, min(fetches * share, 1.0), share))

    def _slots(self, time: float, count: float, period: float, port: int, at: list[int]) -> Span:
        """When `count` accesses of `period` cycles each are done in slots that the array leaves."""
        left = count
        while True:
            known = yield self.adding, at[0], (time + left * period, SLOTS)
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
            with_it = {}
            for name in _streams(work):
                with_it[name] = next(queues[name]).work
            period, many = self._pace(work, with_it)
            for half in range(work.halves):
                length, reads = length + work.lines * period, reads + many
                if half + 1 < work.halves or work.ends:
                    found.append((length, reads / max(length, 1.0)))
                    length = reads = 0.0
        return iter(found)

    def _pace(self, work: Drain, vectors: Mapping[str, Work]) -> tuple[float, float]:
        """Cycles of a line that drains, and reads of the buffer for one half."""
        if work.spills:
            return float(TWO + self.machine.parts), 0.0
        # parameters that were used go in a cycle of their own
        period = max(1.0, work.width, 1 + work.params / work.lines if work.params > 1 else 0.0)
        reads = 0.0
        for name, one in vectors.items():
            assert isinstance(one, Read)
            count = one.vectors / work.halves
            each = max(1.5, one.cycles) if name == "params" else one.cycles
            period = max(period, count * each / work.lines)
            reads += one.reads * count
        return period, reads

    def drains(self) -> Process:
        """Finished halves on their way to the buffer."""
        drain = self.units["drain"]
        time = 0.0
        at = [0]
        while drain.orders:
            order = drain.orders.popleft()
            work = order.work
            assert isinstance(work, Drain)
            with_it = {}
            for name in _streams(work):
                unit = self.units[name]
                one = unit.orders.popleft()
                assert isinstance(one.work, Read)
                begins = yield from self.go(unit, one)
                time = max(time, begins + 2 + one.work.cycles)
                with_it[name] = one
            period, reads = self._pace(work, {name: one.work for name, one in with_it.items()})
            writes = work.lines * (self.machine.parts if work.spills else work.width)
            time = max(time, (yield from self.go(drain, order)))
            for half in range(work.halves):
                if half or work.begins:
                    yield self.ready, len(self.read), None
                    time = max(time, self.ready[len(self.read)])
                # others see it as if nothing stopped it, until it is over
                begin = time
                self._drained(begin, begin + work.lines * period, reads, writes)
                time = yield from self._slots(time, work.lines, period, 0, at)
                del self.drained[-1], self.written[-1]
                self._drained(begin, time, reads, writes)
                if half + 1 < work.halves or work.ends:
                    self.read.append(time)
            for name, one in with_it.items():
                self.done(self.units[name], one, time)
            self.done(
                drain, order, time + (3 + self.machine.parts if work.spills else self.machine.post)
            )
        self.drained.append(NEVER)
        self.written.append(NEVER)

    def _drained(self, begin: float, end: float, reads: float, writes: float) -> None:
        for windows, many in ((self.drained, reads), (self.written, writes)):
            share = min(many / (end - begin), 1.0)
            windows.append(Window(begin=begin, end=end, share=share))

    def reloads(self, readers: Sequence[Sequence[Window]]) -> Process:
        """Halves that come back; `readers` go first at the buffer."""
        unit = self.units["reload"]
        time = 0.0
        at, places = [0], [0] * len(readers)
        while unit.orders:
            order = unit.orders.popleft()
            work = order.work
            assert isinstance(work, Reload)
            time = max(time, (yield from self.go(unit, order)))
            period = TWO if work.zero else TWO + self.machine.parts
            share = 0.0 if work.zero else self.machine.parts / period
            for _ in range(work.halves):
                before = len(self.loaded) - TWO
                if before >= 0:
                    yield self.read, before, None
                    time = max(time, self.read[before])
                begin = time
                time = yield from self._slots(begin, work.lines, period, 1, at)
                there = yield from beside(
                    begin, work.lines * period, share, readers, places, serial=True
                )
                time = max(time, there)
                self.loaded.append(time)
            self.done(unit, order, time)


def _streams(work: Drain) -> tuple[str, ...]:
    """Readers that go with a drain."""
    if work.spills:
        return ()
    return ("params", "residual") if work.residual else ("params",)
