"""Sliding windows whose tiles touch intervals: sums over all states in closed form.

A state of such a window touches `[low, high)`, both ends sums over the ranks. The stored part of it
is `clip(high) - clip(low)`, so that a sum over the states of two ranks splits into one sum per end,
found by sorting once instead of visiting every pair of states.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Range = tuple[int, int]
# start and end of one rank at a state, and at the step before (None: there was none)
Span = tuple[Range, Range | None]


# further apart than any two positions of one tensor
_FAR = 1 << 40


def total(
    moving: Sequence[Sequence[Span]], still: Sequence[Sequence[Range]], offset: int, size: int
) -> int:
    """Stored positions touched, summed over all pairs of states of two ranks.

    A state lists its instances, whose positions are united. Of the `moving` rank, positions that
    an instance held at the step before do not count.
    """
    states = np.repeat(np.arange(len(moving)), [len(state) for state in moving])
    flat = [span for state in moving for span in state]
    low = np.array([now[0] for now, _ in flat], dtype=np.int64)
    high = np.array([now[1] for now, _ in flat], dtype=np.int64)
    # where nothing was held, the interval before ends before everything
    before = np.array([held[1] if held else -_FAR for _, held in flat], dtype=np.int64)
    count = 0
    for pattern, bases in _by_pattern(still):
        begins, ends = [], []
        for start, length in pattern:
            begins.append(np.maximum(low, before + length - 1) + start)
            ends.append(high + length - 1 + start)
        fresh = _disjoint(
            np.tile(states, len(pattern)), np.concatenate(begins), np.concatenate(ends)
        )
        shifts = np.sort(bases) + offset
        count += _clipped(fresh[1], shifts, size) - _clipped(fresh[0], shifts, size)
    return count


def longest(first: Sequence[Range], second: Sequence[Range], offset: int, size: int) -> int:
    """Stored positions of the largest tile over all pairs of states of two ranks."""
    best = 0
    for width, lows in _by_length(first):
        for length, starts in _by_length(second):
            span = width + length - 1
            places = np.sort(starts)
            # the stored part is concave in the position: the best is next to position 0
            near = np.searchsorted(places, -offset - lows)
            for at in (np.maximum(near - 1, 0), np.minimum(near, len(places) - 1)):
                low = lows + places[at] + offset
                stored = np.minimum(low + span, size) - np.maximum(low, 0)
                best = max(best, int(stored.max()))
    return best


def _by_length(ranges: Sequence[Range]) -> list[tuple[int, Integers]]:
    """Starts of ranges, grouped by their length: a full tile and a few ragged ones."""
    groups: dict[int, list[int]] = {}
    for low, high in ranges:
        groups.setdefault(high - low, []).append(low)
    return [(length, np.array(lows, dtype=np.int64)) for length, lows in groups.items()]


def _by_pattern(
    states: Sequence[Sequence[Range]],
) -> list[tuple[tuple[tuple[int, int], ...], Integers]]:
    """States that differ only in where they begin: (start, length) of instances, and the bases."""
    groups: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for state in states:
        base = state[0][0]
        pattern = tuple((low - base, high - low) for low, high in state)
        groups.setdefault(pattern, []).append(base)
    return [(pattern, np.array(bases, dtype=np.int64)) for pattern, bases in groups.items()]


def _disjoint(states: Integers, begins: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """Cut intervals so that those of one state do not overlap; their union stays the same."""
    order = np.lexsort((begins, states))
    apart = states[order] * _FAR
    begins, ends = begins[order] + apart, ends[order] + apart
    covered = np.maximum.accumulate(ends)
    begins[1:] = np.minimum(np.maximum(begins[1:], covered[:-1]), ends[1:])
    return begins - apart, ends - apart


def _clipped(ends: Integers, shifts: Integers, size: int) -> int:
    """Sum of `clip(end + shift, 0, size)` over all pairs; `shifts` are sorted."""
    sums = np.concatenate([[0], np.cumsum(shifts)])
    above = np.searchsorted(shifts, -ends)
    beyond = np.searchsorted(shifts, size - ends)
    inside = sums[beyond] - sums[above] + ends * (beyond - above)
    return int(inside.sum() + size * (len(shifts) - beyond).sum())
