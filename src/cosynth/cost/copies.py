"""Copies between DRAM and the buffer: requests run ahead of data, and both share ports."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from cosynth.cost.clock import COPIES, FETCH, Clock, Process, Span
from cosynth.cost.orders import Copy, Order
from cosynth.cost.ports import Window

# runs and bursts of a copy under way
RUNS, OUTSTANDING = 17, 64
# commands of loads under way: `walk_runs.sv`; cycles until one that is over makes room
PENDING, DONE = 8, 4
# cycles from the first run of a load to the next one's, beside those of its bursts (fitted)
NEXT = 2
# parts of a copy between which it goes on without the port of the buffer
PARTS = 16
# the next store whose runs go out waits for the answer to the last but so many: `run_store.sv`
ANSWERED = 3
# bursts under way beyond which one waits to grow (`run_bursts.sv`); those asked for as one if many
QUEUED, TOGETHER, MANY = OUTSTANDING // 2, 8, 64


@dataclass(frozen=True, slots=True)
class _Request:
    """A load: when its data may come, how long they then take, and when DRAM gave the last.

    They take `least` cycles in any case, however many wait meanwhile.
    """

    order: Order
    begin: float
    whole: float
    least: float
    came: float


def loads(clock: Clock, written: Sequence[Window]) -> list[Process]:
    """What asks for data and what takes them; `written` says when others write to the buffer."""
    asked: list[_Request] = []
    over: list[float] = []
    count = len(clock.units["load"].orders)
    return [_asking(clock, asked, over), _arriving(clock, count, asked, over, written)]


def _asking(clock: Clock, asked: list[_Request], over: list[float]) -> Process:
    machine, unit = clock.machine, clock.units["load"]
    under: deque[tuple[int, int]] = deque()  # commands under way: number and runs
    waiting: deque[tuple[float, float, float]] = deque()  # bursts: from, to, how many
    free = 0.0  # when the bursts of a command can be asked for
    while unit.orders:
        order = unit.orders.popleft()
        work = _copy(order)
        start = yield from clock.go(unit, order)
        if len(asked) >= PENDING:
            yield over, len(asked) - PENDING, None
            start = max(start, over[len(asked) - PENDING] + DONE)
        start = max(start, free)
        more = sum(runs for _, runs in under) + 1 - RUNS
        while more > 0:
            number, runs = under.popleft()
            yield over, number, None
            share = min(1.0, more / runs)
            begin = asked[number].begin
            start = max(start, over[number] - (1 - share) * max(over[number] - begin, 0.0))
            if runs > more:
                under.appendleft((number, runs - more))
            more -= runs
        begin = start + 3 + machine.latency
        whole = max(work.beats / _rate(clock, work), work.moves)
        # a run waits for its first beat
        least = (work.runs - RUNS) * (machine.latency + 7) / RUNS
        parts = max(1, math.ceil(work.bursts / (1 if work.bursts <= MANY else TOGETHER)))
        bursts, beats, came = work.bursts / parts, work.beats / machine.beats / parts, 0.0
        time = start + 3
        for _ in range(parts):
            first = time = max(time, _room(waiting, 1.0))
            time = max(time, _room(waiting, bursts))
            yield (), 0, (time + machine.latency, FETCH)
            came = clock.port.taken(first + machine.latency, beats)
            came = max(came, time + machine.latency + 1)
            waiting.append((first + machine.latency, came, bursts))
            time = max(time, first + bursts)
        free = time - 3 + NEXT
        number = len(asked)
        under.append((number, min(work.runs, RUNS)))
        asked.append(_Request(order, begin, whole, least, came))
        unit.free = start + work.runs
        if work.runs > RUNS:
            yield over, number, None
            left = max(unit.free, over[number] - RUNS * max(whole, least) / work.runs)
            unit.free = min(left, over[number])


def _room(waiting: deque[tuple[float, float, float]], bursts: float) -> float:
    """When DRAM takes so many more bursts; what has come till then is taken away."""
    more = sum(count for _, _, count in waiting) + bursts - QUEUED
    time = 0.0
    while more > 0 and waiting:
        begin, time, count = waiting.popleft()
        if count > more:
            end, time = time, begin + (time - begin) * more / count
            waiting.appendleft((time, end, count - more))
        more -= count
    return time


def _arriving(
    clock: Clock,
    count: int,
    asked: list[_Request],
    over: list[float],
    written: Sequence[Window],
) -> Process:
    last = 0.0
    at = [0]
    for number in range(count):
        yield asked, number, None
        one = asked[number]
        begin = max(one.begin, last)
        whole = max(one.whole, one.came - begin)
        touches = _copy(one.order).touches
        if one.least > whole:
            last = yield from _left(begin, one.least, touches / one.least, [written], at)
        else:
            last = yield from beside(begin, whole, touches / whole, [written], at)
        over.append(last)
        clock.units["load"].busy += last - begin
        clock.give(one.order, last + 4)


def stores(clock: Clock, readers: Sequence[Sequence[Window]]) -> Process:
    """What is stored; `readers` say when others read the buffer."""
    machine, unit = clock.machine, clock.units["store"]
    over = 0.0
    ahead: deque[tuple[float, int]] = deque()  # commands under way: end and runs
    ends: list[float] = []
    at = [0] * len(readers)
    while unit.orders:
        order = unit.orders.popleft()
        work = _copy(order)
        start = yield from clock.go(unit, order)
        while ahead and sum(runs for _, runs in ahead) + min(work.runs, RUNS) > RUNS:
            start = max(start, ahead.popleft()[0])
        whole = max(work.beats / _rate(clock, work), work.moves)
        begin = max(start + 6, over, ends[-ANSWERED] if len(ends) >= ANSWERED else 0.0)
        over = yield from beside(begin, whole, work.touches / whole, readers, at)
        # DRAM takes as many beats as it gives where both wait
        beats = work.beats / machine.beats
        over = max(over, min(clock.port.taken(begin, beats), begin + 2 * beats))
        ahead.append((over, min(work.runs, RUNS)))
        free: float = start + work.runs
        if work.runs > RUNS:
            free = max(free, over - RUNS * whole / work.runs)
        ends.append(over + machine.write_latency + 4)
        clock.done(unit, order, min(free, over), ends[-1])


def _copy(order: Order) -> Copy:
    assert isinstance(order.work, Copy)
    return order.work


def _rate(clock: Clock, work: Copy) -> float:
    """Beats in a cycle, as many bursts as may being under way."""
    machine = clock.machine
    return min(machine.beats, OUTSTANDING * work.beats / work.bursts / (machine.latency + 6))


def beside(
    time: float,
    work: float,
    own: float,
    first: Sequence[Sequence[Window]],
    at: list[int],
    *,
    serial: bool = False,
) -> Span:
    """When `work` cycles are done that need a port in a share `own`, where others go first.

    Between its accesses it goes on without the port. `at` are places in the lists of `first`, from
    which the next call goes on. What is `serial` asks once the last answer is there, and waits each
    time as long as others take one after the other.
    """
    if serial or own <= 0:
        return (yield from _left(time, work, own, first, at, serial=serial))
    accesses = work * own
    parts = min(math.ceil(accesses), PARTS)
    for _ in range(parts):
        time += (work - accesses) / parts
        time = yield from _left(time, accesses / parts, 1.0, first, at)
    return time


def _left(
    time: float,
    work: float,
    own: float,
    first: Sequence[Sequence[Window]],
    at: list[int],
    *,
    serial: bool = False,
) -> Span:
    """When work is done of which each cycle needs a share of a port that others leave."""
    while own > 0:
        taken, edge = 0.0, math.inf
        for number, windows in enumerate(first):
            while (yield windows, at[number], (time + work, COPIES)):
                one = windows[at[number]]
                if one.end > time:
                    taken += one.share if one.begin <= time else 0.0
                    edge = min(edge, one.end if one.begin <= time else one.begin)
                    break
                at[number] += 1
        left = max(1.0 - taken, 0.0)
        rate = min(1.0, left / own)
        if serial and left:
            rate = min(rate, 1 / (1 + own * taken / left))
        if rate > 0 and (edge - time) * rate >= work:
            return time + work / rate
        work -= (edge - time) * rate
        time = edge
    return time + work
