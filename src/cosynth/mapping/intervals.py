"""Sliding windows whose terms all advance by one: tiles touch intervals with closed-form sums.

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


def total(moving: Sequence[Span], still: Sequence[Range], offset: int, size: int) -> int:
    """Stored positions touched, summed over all pairs of states of two ranks.

    Of the `moving` rank, positions that the step before held already do not count.
    """
    low = np.array([now[0] for now, _ in moving], dtype=np.int64)
    high = np.array([now[1] for now, _ in moving], dtype=np.int64)
    # where nothing was held, the interval before ends before everything
    before = np.array([held[1] if held else -(1 << 40) for _, held in moving], dtype=np.int64)
    count = 0
    for length, starts in _by_length(still):
        ends = high + length - 1
        begins = np.maximum(low, before + length - 1)
        shifts = np.sort(starts) + offset
        count += _clipped(ends, shifts, size) - _clipped(begins, shifts, size)
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


def _clipped(ends: Integers, shifts: Integers, size: int) -> int:
    """Sum of `clip(end + shift, 0, size)` over all pairs; `shifts` are sorted."""
    sums = np.concatenate([[0], np.cumsum(shifts)])
    above = np.searchsorted(shifts, -ends)
    beyond = np.searchsorted(shifts, size - ends)
    inside = sums[beyond] - sums[above] + ends * (beyond - above)
    return int(inside.sum() + size * (len(shifts) - beyond).sum())
