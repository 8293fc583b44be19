"""Candidate tiles of one memory: a grid over the ranks, cut to what fits and wastes no room."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.cost import Job
from cosynth.mapping import operands, rank_kinds

Tiles = dict[str, NDArray[np.int64]]

# points of a grid, and sizes of one rank, at most
GRID, MOST = 2000, 12


@lru_cache(maxsize=4096)
def sizes_of(outer: int, least: int, most: int) -> tuple[int, ...]:
    """Return up to `most` tiles between `least` and `outer` worth trying, largest first.

    For a number of steps n only the tile ceil(outer / n) can be best; counts grow geometrically.
    """
    steps = np.unique(np.round(np.geomspace(1, -(-outer // least), most)).astype(int))
    tiles = {max(least, -(-outer // int(n))) for n in steps}
    return tuple(sorted(tiles, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What tiles are asked for: those of `kept` operands, `copies` times, in one of `rooms` bytes.

    `outer` is the tile around, `least` what the arrays below need, `home` the bytes of operands
    that live here whole, `sums` the least bits of an output element, where sums are not whole yet.
    Some tiles also let operands `beside` fit the bytes that a memory further in has for them.
    """

    job: Job
    outer: tuple[tuple[str, int], ...]
    least: tuple[tuple[str, int], ...]
    rooms: tuple[float, ...]
    kept: frozenset[str]
    copies: int = 1
    home: float = 0.0
    sums: float = 0.0
    beside: tuple[tuple[str, float], ...] = ()


@lru_cache(maxsize=1 << 14)
def candidates(request: Request) -> Tiles:
    """Return the tiles that fit a room and of which no rank can take its next larger size.

    Windows stay whole, for they share most of what they read; where nothing fits so, they do not.
    """
    kinds = rank_kinds(request.job.einsum, request.job.workload)
    windows = frozenset(rank for rank, kind in kinds.items() if kind == "kernel")
    found: list[Tiles] = []
    for whole in (windows, frozenset[str]()):
        found = [_fitting(request, whole, ())]
        if request.beside:
            found.append(_fitting(request, whole, request.beside))
        if any(next(iter(tiles.values())).size for tiles in found):
            break
    return {rank: np.concatenate([tiles[rank] for tiles in found]) for rank in found[0]}


def _fitting(
    request: Request, whole: frozenset[str], beside: tuple[tuple[str, float], ...]
) -> Tiles:
    job, outer, least = request.job, dict(request.outer), dict(request.least)
    tensors = request.kept | {tensor for tensor, _ in beside}
    kept = [a for a, _ in operands(job.einsum, job.workload) if a.tensor in tensors]
    # a rank that no kept operand has costs no room: take it whole
    counted = {rank for access in kept for rank in access.ranks if outer[rank] > 1} - whole
    floors = {rank: min(least.get(rank, 1), size) for rank, size in outer.items()}
    options = [len(sizes_of(outer[rank], floors[rank], MOST)) for rank in counted]
    many = next(
        m for m in range(MOST, 1, -1) if m == 2 or math.prod(map(min, options, repeat(m))) <= GRID
    )
    axes = [
        np.array(sizes_of(size, floors[rank], many if rank in counted else 1))
        for rank, size in outer.items()
    ]
    shape = tuple(map(len, axes))
    # one axis each: an operand is measured over its own ranks alone
    grid = dict(zip(outer, np.meshgrid(*axes, indexing="ij", sparse=True), strict=True))
    needed = footprint(job, grid, request.kept, request.sums) * request.copies + request.home
    chosen = np.zeros(shape, dtype=bool)
    room_beside = np.ones(shape, dtype=bool)
    for tensor, room in beside:
        room_beside &= footprint(job, grid, frozenset({tensor}), job.bits[tensor]) <= room
    for room in request.rooms:
        fits = (needed <= room) & room_beside
        larger = np.zeros_like(fits)
        for axis, size in enumerate(fits.shape):
            if size > 1:
                # sizes run from large to small: the next larger one is the neighbour before
                ahead, behind = [slice(None)] * fits.ndim, [slice(None)] * fits.ndim
                ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
                larger[tuple(ahead)] |= fits[tuple(behind)]
        chosen |= fits & ~larger
    places = np.nonzero(chosen)
    return {rank: axis[at] for rank, axis, at in zip(outer, axes, places, strict=True)}


def footprint(job: Job, grid: Tiles, kept: frozenset[str], sums: float = 0.0) -> Array:
    """Bytes of the operands' tiles; windows as their full extent, which is never too small.

    The shapes of the tiles broadcast; without operands it is 0.
    """
    total: Array = 0.0
    for access, _ in operands(job.einsum, job.workload):
        if access.tensor not in kept:
            continue
        shape = job.workload.tensor(access.tensor).shape
        size: Array = 1.0
        for index, whole in zip(access.indices, shape, strict=True):
            if index.lookup is not None:
                for rank in index.ranks:
                    size = size * grid[rank]
                continue
            extent: Array = 1.0
            points: Array = 1.0
            for term in index.terms:
                span = (grid[term.rank] - 1) // term.divisor + (term.divisor > 1)
                extent = extent + abs(term.coefficient) * span
                points = points * grid[term.rank]
            size = size * np.minimum(np.minimum(extent, points), whole)
        bits = job.bits[access.tensor]
        if job.parts[access.tensor] == "output":
            bits = max(bits, sums)
        total = total + size * (bits / 8)
    return total
