"""How long a reader takes for its vectors: lines of the buffer, runs, and what is padding.

The rules are those of the circuit's `reader`: the line read last is held, and a cycle takes from
it, from the next one, or from both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cosynth import rtl

Integers = NDArray[np.int64]

# runs up to which all are looked at; else so many windows of so many
WHOLE, WINDOWS, WINDOW = 1 << 17, 64, 2048
# vectors, and windows of them, with which two readers are set beside one another; those of a bank
BESIDE, BESIDES, APARTS, LONG = 256, 8, 3, 512
# vectors at least over which their pace is taken
SETTLED = 64
# vectors that a reader keeps ready
READY = 4


@lru_cache(maxsize=1 << 14)
def pace(command: rtl.Command, places: int) -> tuple[float, float]:
    """Cycles and reads of a vector on average, with `places` elements in a line."""
    total, each = math.prod(command.turns), _grouped(command)
    if total <= WHOLE:
        numbers = np.arange(total)
    else:
        count = max(WINDOW // each, 1)
        begins = np.unique(np.linspace(0, total // each - count, WINDOWS).astype(np.int64))
        numbers = (begins[:, None] * each + np.arange(count * each)).reshape(-1)
    cycles, reads = _runs(command, places, numbers)
    vectors = numbers.size // each
    return float(cycles.sum()) / vectors, float(reads.sum()) / vectors


@lru_cache(maxsize=1 << 14)
def together(first: rtl.Command, second: rtl.Command, places: tuple[int, int]) -> float:
    """Cycles of a step that needs a vector of each of two readers, which take turns at the port.

    Averages would not do: a cycle in which one waits for the port is lost only if the other has
    nothing ready.
    """
    vectors = math.prod(first.turns) // _grouped(first)
    count = min(vectors, BESIDE)
    begins = np.unique(np.linspace(0, vectors - count, min(BESIDES, vectors // count)).astype(int))
    found = []
    times = -(-SETTLED // count)  # commands alike follow one another
    for begin in begins:
        numbers = np.arange(begin, begin + count)
        found.append(
            _beside(
                *(
                    _issues(*one, numbers) * times
                    for one in zip((first, second), places, strict=True)
                )
            )
        )
    return float(np.mean(found))


@lru_cache(maxsize=1 << 14)
def apart(
    first: rtl.Command, second: rtl.Command, places: tuple[int, int], banks: tuple[int, int]
) -> tuple[float, float]:
    """Shares of cycles in which two readers go on that take turns at the port, each on its own.

    Each command serves so many `banks` of registers. Where these are long both begin together at
    each, and meet or miss one another the same way in all.
    """
    commands = (first, second)
    whole = [math.prod(one.turns) // _grouped(one) for one in commands]
    each = [many // count for many, count in zip(whole, banks, strict=True)]
    found = []
    for part in np.linspace(0.0, 1.0, APARTS):
        if min(each) < SETTLED:
            counts = [min(many, SETTLED) for many in whole]
            begins = [int((many - n) * part) for many, n in zip(whole, counts, strict=True)]
        else:
            counts = [min(many, LONG) for many in each]
            begins = [round((n - 1) * part) * many for many, n in zip(each, banks, strict=True)]
        issues = [
            _issues(one, place, np.arange(begin, begin + count)) * -(-SETTLED // count)
            for one, place, begin, count in zip(commands, places, begins, counts, strict=True)
        ]
        found.append(_turns([[reads for reads, _ in one] for one in issues]))
    shares = np.mean(found, axis=0)
    return float(shares[0]), float(shares[1])


def _turns(reads: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """Shares of cycles in which two readers go on until one is done; who was served waits."""
    place = [0, 0]
    turn = cycles = 0
    while place[0] < len(reads[0]) and place[1] < len(reads[1]):
        wants = [reads[one][place[one]] for one in (0, 1)]
        waits = turn if all(wants) else None
        for one in (0, 1):
            if one != waits:
                place[one] += 1
                turn = one if wants[one] else turn
        cycles += 1
    return place[0] / cycles, place[1] / cycles


def _grouped(command: rtl.Command) -> int:
    """Runs of one vector."""
    return math.prod(command.turns[: grouped(command)])


def grouped(command: rtl.Command) -> int:
    """Loops over one vector."""
    return (command.extras[3] & ~(rtl.EVERY_SECOND | rtl.LOWEST)).bit_count()


def at(turns: tuple[int, ...], strides: tuple[int, ...], base: int, numbers: Integers) -> Integers:
    """Values of a channel of a nest at steps of these numbers."""
    found = np.full(numbers.size, base, dtype=np.int64)
    left = numbers
    for count, stride in zip(turns, strides, strict=True):
        found += stride * (left % count)
        left = left // count
    return found


def _runs(command: rtl.Command, places: int, numbers: Integers) -> tuple[Integers, Integers]:
    """Cycles and reads of runs of these numbers, in this order."""
    address, a, b = (
        at(command.turns, strides, base, numbers)
        for strides, base in zip(command.strides, command.bases, strict=True)
    )
    run, a_limit, b_limit, flags = command.extras
    stride = 2 if flags & rtl.EVERY_SECOND else 1
    low = -(-np.maximum(-b, 0) // stride)
    high = np.clip(-(-(b_limit - b) // stride), 0, run)
    there = np.flatnonzero((a >= 0) & (a < a_limit) & (low < high))
    begin, length = (address + stride * low)[there], (high - low)[there]
    first, last = begin // places, (begin + stride * (length - 1)) // places
    hits = np.zeros(there.size, dtype=bool)
    hits[1:] = last[:-1] == first[1:]
    cycles = np.ones(numbers.size, dtype=np.int64)
    if stride == 1:
        rest = np.maximum(length - (places - begin % places), 0)
        cycles[there] = np.where(hits, -(-length // places), 1 - (-rest // places))
    else:  # a line a cycle, and the held one beside the next
        cycles[there] = np.maximum(last - first + ~hits, 1)
    reads = np.zeros(numbers.size, dtype=np.int64)
    reads[there] = last - first + ~hits
    return cycles, reads


def _issues(command: rtl.Command, places: int, vectors: Integers) -> list[tuple[bool, bool]]:
    """Cycles of a reader for these vectors: whether it reads, and whether one is over."""
    each = _grouped(command)
    cycles, reads = _runs(command, places, (vectors[:, None] * each + np.arange(each)).reshape(-1))
    found = []
    for number, (count, some) in enumerate(zip(cycles.tolist(), reads.tolist(), strict=True), 1):
        found += [(turn < some, False) for turn in range(count)]
        found[-1] = (found[-1][0], number % each == 0)
    return found


def _beside(first: list[tuple[bool, bool]], second: list[tuple[bool, bool]]) -> float:
    """Cycles of a step when two readers go through theirs, after a quarter to settle."""
    queues = (first, second)
    place, ready, coming = [0, 0], [0, 0], [False, False]
    done: list[int] = []
    turn = cycle = 0
    while min(place[one] - len(queues[one]) for one in (0, 1)) < 0 or any(coming) or all(ready):
        goes = [
            READY - ready[one] > coming[one] and place[one] < len(queues[one]) for one in (0, 1)
        ]
        reads = [goes[one] and queues[one][place[one]][0] for one in (0, 1)]
        if all(reads):
            goes[turn] = reads[turn] = False
        if any(reads):  # who was served waits if both want to read
            turn = reads.index(True)
        step = ready[0] > 0 and ready[1] > 0
        if step:
            done.append(cycle)
        for one in (0, 1):
            ready[one] += coming[one] - step
            coming[one] = goes[one] and queues[one][place[one]][1]
            place[one] += goes[one]
        cycle += 1
    settled = len(done) // 4
    return max(1.0, (done[-1] - done[settled]) / (len(done) - 1 - settled))
