"""Elements that tiles of a sliding window, or of rows that several steps share, touch at least."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cosynth.mapper.sizes import Partition
from cosynth.mapping.footprint import EVERY, Group, largest, plain_group, touched

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# sizes of an interval that are all looked at
_ALL = 4


def apart(group: Group) -> int:
    """Whether steps of one rank, the others held still, never touch the same element."""
    terms = [term for index, _ in group.windows for term in index.terms]
    return int(all(term.divisor == 1 and not term.modulus for term in terms))


def _sampled(low: int, high: int, every: bool) -> list[int]:
    """Sizes of an interval: all of few (or if asked), else both ends and one between."""
    if every or high - low < _ALL:
        return list(range(low, high + 1))
    return [int(size) for size in np.unique(np.linspace(low, high, 3).astype(int))]


@lru_cache(maxsize=1 << 12)
def touching(group: Group, parts: tuple[Partition, ...]) -> tuple[Floats, Floats]:
    """(sums, largest) of what tiles of a window touch, by the intervals of its one or two ranks.

    The least over an interval: with padding or gaps, a larger tile may touch fewer elements.
    """
    ranks = [at for at, size in enumerate(group.sizes) if size > 1]
    cut = parts if len(parts) == 2 else (*parts, ((1, 1),))
    sums = np.zeros((len(cut[0]), len(cut[1])))
    every = not apart(group)
    tiles = np.zeros_like(sums)
    for row in range(sums.shape[0]):
        for column in range(sums.shape[1]):
            sizes = [_sampled(*cut[i][at], every) for i, at in enumerate((row, column))]
            chains = [
                tuple((rank, size, EVERY) for rank, size in zip(ranks, pair, strict=False))
                for pair in itertools.product(*sizes)
            ]
            sums[row, column] = min(touched(group, chain) for chain in chains)
            tiles[row, column] = min(largest(group, chain) for chain in chains)
            if every:
                ends = [cut[i][at][1] for i, at in enumerate((row, column))]
                sums[row, column] = min(sums[row, column], _shifted(group, ranks, ends))
                first = min(_first(group, ranks, pair) for pair in itertools.product(*sizes))
                tiles[row, column] = min(tiles[row, column], first)
    return sums, tiles


def _first(group: Group, ranks: list[int], tile: tuple[int, ...]) -> int:
    """Elements that the very first tile touches: it is whole however tiles are nested."""
    sizes = list(group.sizes)
    for rank, size in zip(ranks, tile, strict=False):
        sizes[rank] = size
    return touched(plain_group(replace(group, sizes=tuple(sizes))), ())


def _shifted(group: Group, ranks: list[int], ends: list[int]) -> float:
    """Fewest elements that tiles of at most these sizes touch, wherever ragged tiles begin.

    Tiles of 2 inside tiles of 3 meet every border of `h//3`, which tiles of 2 alone straddle.
    """
    single = tuple((rank, 1, EVERY) for rank, size in zip(ranks, ends, strict=False) if size == 1)
    least = touched(group, single)
    points = math.prod(group.sizes)
    if touched(group, tuple((rank, 1, EVERY) for rank in ranks)) >= points:
        pieces = [-(-group.sizes[rank] // size) for rank, size in zip(ranks, ends, strict=False)]
        least = max(least, math.prod(pieces))
    return float(least)
