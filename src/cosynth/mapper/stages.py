"""An engine as stages, and the loops that lead from the tile of one memory to that of the next."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cosynth.arrays import Array
from cosynth.cost import Job
from cosynth.hardware import Engine, Memory, SpatialArray
from cosynth.mapper.spatial import Unrolling
from cosynth.mapping import Level, Loop, operands


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A memory and the arrays between it and the next memory (or the compute unit)."""

    memory: Memory
    arrays: tuple[SpatialArray, ...] = ()

    def width(self, unrolling: Unrolling) -> dict[str, int]:
        """Instances per rank over the arrays of this stage."""
        names = {dimension.name for array in self.arrays for dimension in array.dimensions}
        used: dict[str, int] = {}
        for dimension, rank, instances in unrolling:
            if dimension in names:
                used[rank] = used.get(rank, 1) * instances
        return used


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """Levels chosen so far, and what the next memory keeps of which tile.

    `ahead` adds to the `score` what operands will cost that no memory chosen so far keeps.
    """

    levels: tuple[Level, ...]
    keep: tuple[str, ...]
    tile: tuple[tuple[str, int], ...]
    score: float = 0.0
    ahead: float = 0.0


def stages(engine: Engine) -> tuple[Stage, ...]:
    """The memories of an engine, outermost first, each with the arrays below it."""
    found: list[Stage] = []
    for level in engine.levels:
        if isinstance(level, Memory):
            found.append(Stage(memory=level))
        elif isinstance(level, SpatialArray):
            found[-1] = replace(found[-1], arrays=(*found[-1].arrays, level))
    return tuple(found)


def keeps(job: Job, engine: Engine, memory: Memory) -> tuple[frozenset[str], frozenset[str]]:
    """Operands a memory may keep, and those of them that live there whole."""
    kept = {tensor for tensor, part in job.parts.items() if part in memory.keeps}
    home = {tensor for tensor in kept if engine.levels[engine.home(job.parts[tensor])] is memory}
    return frozenset(kept), frozenset(home)


@lru_cache(maxsize=4096)
def orders(job: Job, kept: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """One loop order per kept operand that may stay: ranks it lacks innermost, windows outside."""
    found: dict[tuple[str, ...], None] = {}
    for access, _ in operands(job.einsum, job.workload):
        if kept and access.tensor not in kept:
            continue
        sliding = {r for index in access.indices if len(index.ranks) > 1 for r in index.ranks}
        outer = [rank for rank in access.ranks if rank not in sliding]
        middle = [rank for rank in reversed(access.ranks) if rank in sliding]
        inner = [rank for rank in job.einsum.ranks if rank not in access.ranks]
        found[*outer, *middle, *inner] = None
    return tuple(found)


def between(
    stage: Stage,
    partial: Partial,
    inner: Table[str, Array],
    unrolling: Unrolling,
    order: Iterable[str],
) -> list[Level]:
    """Levels of a memory and of the arrays below it, down to the tile `inner`."""
    width = stage.width(unrolling)
    loops = []
    left: dict[str, Array] = dict(partial.tile)
    for rank in order:
        if left[rank] == 1:
            continue
        tile = _least(left[rank], inner[rank] * width.get(rank, 1))
        if _some(tile < left[rank]):
            loops.append(Loop(rank=rank, tile=tile))
            left[rank] = tile
    levels = [Level(name=stage.memory.name, keep=partial.keep, loops=tuple(loops))]
    for array in stage.arrays:
        names = {dimension.name for dimension in array.dimensions}
        spatial = []
        for dimension, rank, instances in unrolling:
            if dimension not in names:
                continue
            width[rank] //= instances
            tile = _least(left[rank], inner[rank] * width[rank])
            if _some(tile < left[rank]):
                spatial.append(Loop(rank=rank, tile=tile, dimension=dimension))
                left[rank] = tile
        levels.append(Level(name=array.name, loops=tuple(spatial)))
    return levels


def _least(a: Array, b: Array) -> Array:
    """The smaller of two tiles; a plain number where there is one."""
    if isinstance(a, int) and isinstance(b, int):
        return min(a, b)
    tile = np.minimum(a, b)
    return int(tile) if np.ndim(tile) == 0 else tile


def _some(flags: Array) -> bool:
    return flags if isinstance(flags, bool) else bool(flags.any())
