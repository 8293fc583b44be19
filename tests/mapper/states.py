"""The state of a search that stands for a given mapping: to hold the bound against the price."""

from __future__ import annotations

import numpy as np

from cosynth.hardware import SpatialArray
from cosynth.mapper.bound import State
from cosynth.mapper.exact import Search
from cosynth.mapper.table import ranks_of
from cosynth.mapping import Mapping, operands


def state_of(search: Search, mapping: Mapping) -> State:
    """Every decision of a mapping, as the compiled search would have made it."""
    names = ranks_of(search.job)
    uses = [access.tensor for access, _ in operands(search.job.einsum, search.job.workload)]
    stages, ranks = len(search.chip.memory), len(names)
    tile = np.zeros((stages, ranks), dtype=np.int64)
    stays = np.zeros((stages, len(uses)), dtype=np.int64)
    slider = np.full((stages, len(uses)), -1, dtype=np.int64)
    left = [int(size) for size in search.shape.sizes]
    stage = 0
    for level in mapping.levels:
        component = next(one for one in search.engine.levels if one.name == level.name)
        if isinstance(component, SpatialArray):
            blocks = [
                [loop for loop in level.loops if loop.dimension == dimension.name]
                for dimension in component.dimensions
            ]
        else:
            blocks = [list(level.loops)]
        for block in blocks:
            for operand in range(len(uses)):
                for loop in reversed(block):
                    rank = names.index(loop.rank)
                    if search.shape.relevant[operand] >> rank & 1:
                        if search.shape.sliding[operand] >> rank & 1:
                            slider[stage, operand] = rank
                        break
                    stays[stage, operand] |= 1 << rank
            for loop in block:
                left[names.index(loop.rank)] = int(loop.tile)
            for rank, size in enumerate(left):
                low, high = search.shape.low[rank], search.shape.high[rank]
                tile[stage, rank] = int(np.flatnonzero((low <= size) & (size <= high))[0])
            stage += 1
    keeps = [
        sum(1 << at for at, tensor in enumerate(uses) if tensor in mapping.level(memory.name).keep)
        for memory in search.engine.memories
    ]
    doubled = [
        int(memory.double_buffered or mapping.level(memory.name).double_buffered)
        for memory in search.engine.memories
    ]
    cap = np.full((stages, ranks), -1, dtype=np.int64)
    for at in range(stages):
        if search.chip.memory[at] < 0:
            before = tile[at - 1] if at else np.zeros(ranks, dtype=np.int64)
            for rank in range(ranks):
                high = search.shape.high[rank, before[rank]]
                cap[at, rank] = -(-high // search.shape.low[rank, tile[at, rank]])
    return State(
        tile=tile,
        cap=cap,
        stays=stays,
        slider=slider,
        keeps=np.array(keeps, dtype=np.int64),
        doubled=np.array(doubled, dtype=np.int64),
        free=np.zeros(stages, dtype=np.int64),
        flow=np.zeros((len(search.engine.memories) + 1, len(uses), 5)),
    )
