"""From intervals of tiles and rows of orders to a mapping of plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cosynth.cost import Job
from cosynth.hardware import Engine, Memory, SpatialArray
from cosynth.mapper.choices import Choice
from cosynth.mapper.orders import Integers, Orders
from cosynth.mapper.table import Shape, ranks_of
from cosynth.mapping import Level, Loop, Mapping, operands


def pointed(shape: Shape, intervals: Integers) -> bool:
    """Whether all intervals of a mapping, [stage, rank], hold one size."""
    ranks = np.arange(intervals.shape[1])
    return bool((shape.low[ranks, intervals] == shape.high[ranks, intervals]).all())


def sizes(shape: Shape, intervals: Integers) -> Integers:
    """Sizes per stage and rank: multiples of what stands below where the interval has one."""
    low, high = shape.low, shape.high
    stages, ranks = intervals.shape
    tiles = np.ones((stages, ranks), dtype=np.int64)
    for rank in range(ranks):
        below = 1
        inside = int(intervals[-1, rank])
        for stage in reversed(range(stages)):
            at = int(intervals[stage, rank])
            if at != inside or stage == stages - 1:
                least = int(low[rank, at])
                multiple = -(-least // below) * below
                below = multiple if multiple <= high[rank, at] else least
                inside = at
            tiles[stage, rank] = below
    return tiles


def nested(
    job: Job, engine: Engine, tiles: Integers, order: Integers, orders: Orders, choice: Choice
) -> Mapping:
    """The mapping of tiles [stage, rank], of each stage's row of orders (-1: any), and a choice."""
    names = ranks_of(job)
    uses = [access.tensor for access, _ in operands(job.einsum, job.workload)]
    left = [job.einsum.sizes[name] for name in names]
    memories = [memory.name for memory in engine.memories]
    levels = []
    stage = 0
    for level in engine.levels:
        loops: list[Loop] = []
        if isinstance(level, Memory):
            row = int(order[stage])
            ranks: Iterable[int] = range(len(names))
            if row >= 0:
                ranks = reversed([int(rank) for rank in orders.sequence[row] if rank >= 0])
            loops = _loops(names, ranks, tiles[stage], left, None)
            at = memories.index(level.name)
            kept = [tensor for i, tensor in enumerate(uses) if choice.keeps[at] >> i & 1]
            levels.append(
                Level(
                    name=level.name,
                    keep=tuple(dict.fromkeys(kept)),
                    loops=tuple(loops),
                    double_buffered=bool(choice.doubled[at]) and not level.double_buffered,
                )
            )
            stage += 1
        elif isinstance(level, SpatialArray):
            for dimension in level.dimensions:
                loops += _loops(names, range(len(names)), tiles[stage], left, dimension.name)
                stage += 1
            levels.append(Level(name=level.name, loops=tuple(loops)))
    return Mapping(einsum=job.name, engine=engine.name, levels=tuple(levels))


def _loops(
    names: Sequence[str],
    ranks: Iterable[int],
    tiles: Integers,
    left: list[int],
    dimension: str | None,
) -> list[Loop]:
    loops = []
    for rank in ranks:
        tile = int(tiles[rank])
        if tile < left[rank]:
            loops.append(Loop(rank=names[rank], tile=tile, dimension=dimension))
            left[rank] = tile
    return loops
