"""Better mappings from known ones, tile by tile: where the search has its first limit from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from cosynth.cost import Cost, Job
from cosynth.hardware import Engine, Hardware, SpatialArray
from cosynth.mapper.anneal import anneal
from cosynth.mapper.branch import nothing_found
from cosynth.mapper.exact import Search
from cosynth.mapper.objective import Objective
from cosynth.mapper.orders import Integers
from cosynth.mapper.sizes import Partition, points
from cosynth.mapper.table import ranks_of, widest
from cosynth.mapping import Loop, Mapping, buffers_twice, operands

# relative difference that is taken once in e times, at the start of each round
ROUNDS = (3.0, 1.0, 0.3, 1.0, 0.3, 0.02)
# mappings of one round that are priced: the bound they were found by may be less than the price
_ROOM = 3
# weight of energy beside time, both of the known mapping, where only time is asked for
_BESIDE = 0.02


def improved(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goal: Objective,
    known: tuple[Mapping, Cost],
    steps: int,
    value: Callable[[Mapping], float],
) -> int:
    """Change a mapping by so many steps, in rounds that start from the best so far.

    What is found is handed to `value`, which returns its objective. Returns the bounds computed.
    """
    best, cost = known
    least = math.inf
    spent = 0
    if goal.latency and not (goal.energy or goal.traffic or goal.product):
        # of mappings about as fast, those that take less energy
        goal = replace(goal, energy=_BESIDE * goal.latency * float(cost.latency / cost.energy))
    search = Search.of(job, engine, hardware, goal, parts=_sizes(job, best))
    keeps = np.array([choice.keeps for choice in search.choices])
    doubled = np.array([choice.doubled for choice in search.choices])
    for seed, warm in enumerate(ROUNDS):
        tiles, choice = _start(search, best)
        found = nothing_found(search.chip.stages, search.shape.ranks, _ROOM)
        anneal(
            search.scratch, search.chip, search.shape, search.orders, keeps, doubled, tiles, choice,
            warm, steps // len(ROUNDS), seed, found,
        )  # fmt: skip
        for row in np.argsort(found.value[: min(int(found.number[0]), _ROOM)]):
            mapping = search.mapping(found, int(row))
            reached = value(mapping)
            if reached < least:
                best, least = mapping, reached
        spent += steps // len(ROUNDS)
        if found.value.min() <= search.queue[0][0] * (1 + 1e-9):
            # nothing is better
            break
    return spent


def _sizes(job: Job, mapping: Mapping) -> tuple[Partition, ...]:
    """Sizes of every rank to choose from: those that are worth it, and those in use."""
    ranks = ranks_of(job)
    bounds = job.einsum.sizes
    used: dict[str, set[int]] = {rank: set() for rank in ranks}
    for loop in mapping.loops:
        used.get(loop.rank, set()).add(int(loop.tile))
    return tuple(
        points(bounds[rank], tuple(sorted(used[rank])), most)
        for rank, most in zip(ranks, widest(job), strict=True)
    )


def _start(search: Search, mapping: Mapping) -> tuple[Integers, int]:
    """The intervals of a mapping's tiles [stage, rank], and the choice nearest to its own."""
    names = ranks_of(search.job)
    low = search.shape.low
    left = dict.fromkeys(names, 0)
    rows = []
    for level in mapping.levels:
        component = next(one for one in search.engine.levels if one.name == level.name)
        blocks: list[Sequence[Loop]] = [level.loops]
        if isinstance(component, SpatialArray):
            blocks = [
                [loop for loop in level.loops if loop.dimension == dimension.name]
                for dimension in component.dimensions
            ]
        for block in blocks:
            for loop in block:
                if loop.rank in left:
                    sizes = low[names.index(loop.rank)].tolist()
                    left[loop.rank] = sizes.index(int(loop.tile))
            rows.append([left[rank] for rank in names])
    uses = [access.tensor for access, _ in operands(search.job.einsum, search.job.workload)]
    memories = search.engine.memories
    keeps = tuple(
        sum(1 << at for at, tensor in enumerate(uses) if tensor in mapping.level(memory.name).keep)
        for memory in memories
    )
    doubled = tuple(int(buffers_twice(memory, mapping)) for memory in memories)
    near = [
        (choice.keeps != keeps, choice.doubled != doubled, at)
        for at, choice in enumerate(search.choices)
    ]
    return np.array(rows, dtype=np.int64), min(near)[2]
