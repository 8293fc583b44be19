"""Tile sizes of a rank as intervals that need the same number of steps.

Of all tiles with `n` steps over a rank of `N`, none needs less room than `ceil(N / n)`, and none
splits what stands below into fewer pieces than the largest. An interval of sizes therefore bounds
all mappings inside it: room by its low end, counts by its high end. There are about `2 sqrt(N)`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
# (smallest, largest) tile of every interval of a rank, largest tiles first
Partition = tuple[tuple[int, int], ...]

# ranks up to this size get one interval per size: what fits there is then counted as it is
FINE = 12


@lru_cache(maxsize=1 << 12)
def intervals(
    size: int, fine: int = FINE, most: int = 1 << 30
) -> tuple[Integers, Integers, Integers]:
    """Return (low, high, steps) of every interval of tiles of a rank, largest tiles first.

    If there are more than `most`, neighbours are joined and `steps` are the fewest.

    >>> [list(map(int, column)) for column in intervals(5, fine=1)]
    [[5, 3, 2, 1], [5, 4, 2, 1], [1, 2, 3, 5]]
    """
    if size <= fine:
        low = np.arange(size, 0, -1)
        return low, low, -(-size // low)
    root = int(size**0.5) + 1
    counts = {*range(1, root + 1), *(-(-size // tile) for tile in range(1, root + 1))}
    steps = np.array(sorted(n for n in counts if -(-size // -(-size // n)) == n))
    low = -(-size // steps)
    high = np.concatenate([[size], low[:-1] - 1])
    if len(low) > most:
        first = np.unique(np.linspace(0, len(low) - 1, most - 2).astype(int))
        first = np.unique(np.concatenate([[0, 1], first]))[: most - 1]
        last = np.concatenate([first[1:] - 1, [len(low) - 1]])
        low, high, steps = low[last], high[first], steps[first]
    return low, high, steps


@lru_cache(maxsize=1 << 12)
def partition(size: int, most: int = 1 << 30) -> Partition:
    """Return the intervals of a rank.

    >>> partition(14)
    ((14, 14), (7, 13), (5, 6), (4, 4), (3, 3), (2, 2), (1, 1))
    """
    low, high, _ = intervals(size, most=most)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def points(size: int, also: tuple[int, ...] = (), most: int = 1 << 30) -> Partition:
    """Single sizes: the smallest of every interval, divisors, and others that are asked for.

    >>> [low for low, _ in points(14, (9,))]
    [14, 9, 7, 5, 4, 3, 2, 1]
    """
    wanted = {1, size, *(tile for tile in also if 1 <= tile <= size)}
    spare = {low for low, _ in partition(size, most)}
    spare |= {divisor for divisor in range(1, size + 1) if size % divisor == 0}
    for tile in sorted(spare, key=lambda tile: (size % tile != 0, tile)):
        if len(wanted) < most:
            wanted.add(tile)
    return tuple((tile, tile) for tile in sorted(wanted, reverse=True))
