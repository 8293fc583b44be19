"""States of the compiled search that stand for given mappings; mappings drawn at random."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from tests.mapper.problems import Problem

from cosynth.cost import Job, price
from cosynth.hardware import Engine, Hardware, Memory, SpatialArray
from cosynth.mapper.exact import Search
from cosynth.mapper.objective import Objective
from cosynth.mapper.state import STATE, State
from cosynth.mapper.table import ranks_of
from cosynth.mapping import (
    Level,
    Loop,
    Mapping,
    buffers_twice,
    operands,
    overflows,
    rank_kinds,
    traffic,
    unrolls,
)


def state_of(search: Search, mapping: Mapping) -> State:
    """Every decision of a mapping, as the compiled search would have made it.

    The plan of instances is the mapping's own: as many as it uses.
    """
    names = ranks_of(search.job)
    uses = [access.tensor for access, _ in operands(search.job.einsum, search.job.workload)]
    stages, ranks = search.chip.stages, search.shape.ranks
    tile = np.zeros((stages, ranks), dtype=np.int64)
    cap = np.full((stages, ranks), -1, dtype=np.int64)
    stays = np.zeros((stages, len(uses)), dtype=np.int64)
    slider = np.full((stages, len(uses)), -1, dtype=np.int64)
    left = [int(size) for size in search.shape.sizes[:ranks]]
    for stage, block in enumerate(blocks(search.engine, mapping)):
        for operand in range(len(uses)):
            for loop in reversed(block):
                rank = names.index(loop.rank)
                if search.shape.relevant[operand] >> rank & 1:
                    if search.shape.sliding[operand] >> rank & 1:
                        slider[stage, operand] = rank
                    break
                stays[stage, operand] |= 1 << rank
        for rank in range(ranks):
            if search.chip.carries[stage] >> rank & 1:
                cap[stage, rank] = 1
        for loop in block:
            rank = names.index(loop.rank)
            if loop.dimension is not None:
                cap[stage, rank] = -(-left[rank] // int(loop.tile))
            left[rank] = int(loop.tile)
        for rank, size in enumerate(left):
            low, high = search.shape.low[rank], search.shape.high[rank]
            tile[stage, rank] = int(np.flatnonzero((low <= size) & (size <= high))[0])
    memories = search.engine.memories
    keeps = [
        sum(1 << at for at, tensor in enumerate(uses) if tensor in mapping.level(memory.name).keep)
        for memory in memories
    ]
    state = blank()
    for name, values in (("tile", tile), ("cap", cap), ("stays", stays), ("slider", slider)):
        state[name][: len(values), : values.shape[1]] = values
    state.keeps[: len(keeps)] = keeps
    state.doubled[: len(memories)] = [buffers_twice(memory, mapping) for memory in memories]
    return state


def blank() -> State:
    """A record without decisions."""
    state: State = np.zeros(1, dtype=STATE).view(np.recarray)[0]
    return state


def blocks(engine: Engine, mapping: Mapping) -> Iterator[list[Loop]]:
    """The loops of every stage: a memory's block, or one dimension of an array."""
    for level in mapping.levels:
        component = next(one for one in engine.levels if one.name == level.name)
        if isinstance(component, SpatialArray):
            for dimension in component.dimensions:
                yield [loop for loop in level.loops if loop.dimension == dimension.name]
        else:
            yield list(level.loops)


def prefixes(search: Search, whole: State) -> Iterator[tuple[State, int, int]]:
    """The states on the way to a decided one: (state, stages decided, stage of the decision).

    In the order of the search: the plan first, then by stage the tiles, then the order of loops.
    One state is changed in place, so that each step finds what the one before has left.
    """
    stages, ranks = search.chip.stages, search.shape.ranks
    state = copied(whole)
    for field in (state.tile, state.stays, state.slider):
        field[:] = -1
    yield state, 0, 0
    for stage in range(stages):
        for rank in range(ranks):
            state.tile[stage, rank] = whole.tile[stage, rank]
            yield state, stage, stage
        state.stays[stage] = whole.stays[stage]
        state.slider[stage] = whole.slider[stage]
        yield state, stage + 1, stage


def copied(state: State) -> State:
    """A state with the same decisions, its scratch cleared."""
    fresh = blank()
    for field in ("tile", "cap", "stays", "slider", "keeps", "doubled", "floor"):
        fresh[field][:] = state[field]
    return fresh


def value_of(
    job: Job, engine: Engine, hardware: Hardware, goal: Objective, mapping: Mapping
) -> float | None:
    """The objective of a mapping as it is counted and priced, or None if it does not fit."""
    counts = traffic(job.einsum, job.workload, mapping, engine)
    doubled = {memory.name: buffers_twice(memory, mapping) for memory in engine.memories}
    if any(held > size for held, size in overflows(counts, engine, job.bits, doubled).values()):
        return None
    return float(goal.value(price(job, counts, mapping, engine, hardware)))


def drawn(rng: random.Random, one: Problem, *, dividing: bool = False) -> Mapping:
    """A member of the space of mappings, made from the inside out; its tiles may have to divide."""
    einsum, engine = one.job.einsum, one.engine
    uses = operands(einsum, one.job.workload)
    tiles = dict.fromkeys(einsum.ranks, 1)
    levels: list[Level] = []
    for place, level in reversed(list(enumerate(engine.levels))):
        if isinstance(level, Memory):
            keep: dict[str, bool] = {}
            for access, part in uses:
                if part in level.keeps:
                    kept = keep.get(access.tensor, rng.random() < 0.7)
                    keep[access.tensor] = kept or engine.home(part) == place
            loops: list[Loop] = []
            for rank, size in rng.sample(einsum.bounds, k=len(einsum.bounds)):
                most = size if place == 0 or rng.random() < 0.5 else tiles[rank]
                wider = size if place == 0 else _wider(rng, tiles[rank], most, size, dividing)
                if wider > tiles[rank]:
                    loops.append(Loop(rank=rank, tile=tiles[rank]))
                tiles[rank] = wider
            streams = any(
                keep.get(access.tensor) and engine.home(part) != place for access, part in uses
            )
            twice = streams and not level.double_buffered and rng.random() < 0.3
            held = tuple(tensor for tensor, kept in keep.items() if kept)
            levels.append(
                Level(name=level.name, keep=held, loops=tuple(loops), double_buffered=twice)
            )
        elif isinstance(level, SpatialArray):
            levels.append(Level(name=level.name, loops=_side(rng, one, level, tiles, dividing)))
    return Mapping(einsum=one.job.name, engine=engine.name, levels=tuple(reversed(levels)))


def _side(
    rng: random.Random, one: Problem, array: SpatialArray, tiles: dict[str, int], dividing: bool
) -> tuple[Loop, ...]:
    """Loops side by side, any number of ranks on a dimension."""
    einsum = one.job.einsum
    kinds = rank_kinds(einsum, one.job.workload)
    found: list[Loop] = []
    for dimension in reversed(array.dimensions):
        room = int(dimension.size)
        for rank, size in rng.sample(einsum.bounds, k=len(einsum.bounds)):
            if not unrolls(dimension, rank, kinds[rank]):
                continue
            wider = _wider(rng, tiles[rank], min(size, tiles[rank] * room), size, dividing)
            if wider > tiles[rank]:
                found.insert(0, Loop(rank=rank, tile=tiles[rank], dimension=dimension.name))
                room //= -(-wider // tiles[rank])
                tiles[rank] = wider
    return tuple(found)


def _wider(rng: random.Random, tile: int, most: int, size: int, dividing: bool) -> int:
    able = range(tile, most + 1)
    if dividing:
        able = [one for one in able if one % tile == 0 and size % one == 0]
    return rng.choice(able)
