"""Candidate tiles of one memory: a grid over the ranks, cut to what fits and wastes no room."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cosynth.cost import Job
from cosynth.mapping import operands

Tiles = dict[str, NDArray[np.int64]]


@lru_cache(maxsize=4096)
def sizes_of(outer: int, least: int, most: int) -> tuple[int, ...]:
    """Return up to `most` tiles between `least` and `outer` worth trying, largest first.

    For a number of steps n only the tile ceil(outer / n) can be best; counts grow geometrically.
    """
    steps = np.unique(np.round(np.geomspace(1, -(-outer // least), most)).astype(int))
    tiles = {max(least, -(-outer // int(n))) for n in steps}
    return tuple(sorted(tiles, reverse=True))


def candidates(
    job: Job,
    outer: dict[str, int],
    least: dict[str, int],
    rooms: tuple[float, ...],
    kept: frozenset[str],
    copies: int,
    home: float = 0.0,
) -> Tiles:
    """Return tiles that fit `kept` operands, `copies` times, into one of `rooms` bytes.

    `outer` is the tile around, `least` what the arrays below need, `home` bytes of operands that
    live here whole. Of the tiles that fit a room,
    those are kept of which no rank can take its next larger size.
    """
    ranks = [rank for rank, size in outer.items() if size > 1]
    held = {
        rank for a, _ in operands(job.einsum, job.workload) if a.tensor in kept for rank in a.ranks
    }
    budget = _per_rank(len([rank for rank in ranks if rank in held]))
    axes = []
    for rank in outer:
        # a rank that no kept operand has costs no room: take it whole
        many = budget if rank in held and rank in ranks else 1
        axes.append(np.array(sizes_of(outer[rank], min(least.get(rank, 1), outer[rank]), many)))
    grid = dict(zip(outer, np.meshgrid(*axes, indexing="ij"), strict=True))
    held_bytes = _held(job, grid, kept) * copies + home
    chosen = np.zeros(held_bytes.shape, dtype=bool)
    for room in rooms:
        fits = held_bytes <= room
        larger = np.zeros_like(fits)
        for axis in range(fits.ndim):
            # sizes run from large to small: the next larger one is the neighbour before
            before = np.roll(fits, 1, axis=axis)
            edge = [slice(None)] * fits.ndim
            edge[axis] = slice(0, 1)
            before[tuple(edge)] = False
            larger |= before
        chosen |= fits & ~larger
    return {rank: values[chosen] for rank, values in grid.items()}


def _per_rank(ranks: int) -> int:
    """Sizes per rank so that the grid stays near two thousand points."""
    return max(2, min(12, math.floor(2000 ** (1 / max(ranks, 1)))))


def _held(job: Job, grid: Tiles, kept: frozenset[str]) -> NDArray[np.float64]:
    """Bytes of the operands' tiles; windows as their full extent, which is never too small."""
    total = np.zeros(np.broadcast_shapes(*(tile.shape for tile in grid.values())))
    for access, _ in operands(job.einsum, job.workload):
        if access.tensor not in kept:
            continue
        shape = job.workload.tensor(access.tensor).shape
        size: NDArray[np.float64] = np.ones_like(total)
        for index, whole in zip(access.indices, shape, strict=True):
            if index.lookup is not None:
                for rank in index.ranks:
                    size = size * grid[rank]
                continue
            extent = np.ones_like(total)
            points = np.ones_like(total)
            for term in index.terms:
                span = (grid[term.rank] - 1) // term.divisor + (term.divisor > 1)
                extent = extent + abs(term.coefficient) * span
                points = points * grid[term.rank]
            size = size * np.minimum(np.minimum(extent, points), whole)
        total = total + size * (job.bits[access.tensor] / 8)
    return total
