"""The decisions of a search for a mapping, as one record that compiled code changes in place."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cosynth.mapper.compiled import compiled
from cosynth.mapper.table import MEMORIES, OPERANDS, RANKS, STAGES, Chip

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# kinds of flow into a memory or the unit: what the memory above is read and written for, what the
# receiver writes and reads, and one tile
TAKEN, GIVEN, FILLED, DRAINED, FIRST = range(5)
# the same, summed over the ports of a memory as if every update of a sum were an addition, which
# reads and writes once; sums that come to stand there and leave save as much as leaving takes
READ, WRITTEN, SAVED = range(5, 8)
# elements: all that come or leave below, and those of one tile
PASSED, TILE = range(8, 10)
FLOWS = 10


class State(Protocol):
    """Decisions of a search; -1 stands for none yet. Changed in place."""

    tile: Integers  # [stage, rank] interval below the stage
    cap: Integers  # [stage, rank] most instances of a rank on a dimension
    stays: Integers  # [stage, operand] loops an operand stays across; -1 as long as unknown
    slider: Integers  # [stage, operand] rank whose window slides, or -1
    keeps: Integers  # [memory] operands it keeps
    doubled: Integers  # [memory] whether it holds two tiles
    free: Integers  # [stage] scratch: loops that do not count for one operand
    flow: Floats  # [memory and unit, operand, kind of flow] bytes or elements, scratch
    entered: (
        Floats  # [memory and unit, operand, (fewest, most, bytes of a sum)] that arrive, scratch
    )
    runs: Integers  # [run, (outer, inner interval)] loops over one rank that count, scratch
    times: Floats  # [run] pieces that a full tile before it is cut into, scratch
    weight: Floats  # [memory and unit] what its flows add to the objective, scratch
    reads: (
        Floats  # [operand, (cost of the unit's reads, instances that share it, by windows, sides)]
    )
    pool: Floats  # [operand, (objective unshared, most instances that share it)] scratch
    floor: Floats  # [memory and unit, (objective, seconds)] at least, from there inwards


_I, _F = np.int64, np.float64
STATE = np.dtype(
    [
        ("tile", _I, (STAGES, RANKS)), ("cap", _I, (STAGES, RANKS)),
        ("stays", _I, (STAGES, OPERANDS)), ("slider", _I, (STAGES, OPERANDS)),
        ("keeps", _I, MEMORIES), ("doubled", _I, MEMORIES), ("free", _I, STAGES),
        ("flow", _F, (MEMORIES + 1, OPERANDS, FLOWS)), ("entered", _F, (MEMORIES + 1, OPERANDS, 3)),
        ("runs", _I, (STAGES + 1, 2)), ("times", _F, STAGES + 1),
        ("reads", _F, (OPERANDS, 5)), ("pool", _F, (OPERANDS, 2)),
        ("weight", _F, MEMORIES + 1), ("floor", _F, (MEMORIES + 1, 2)),
    ]
)  # fmt: skip


@compiled
def reset(
    chip: Chip, state: State, keeps: Integers, doubled: Integers, cap: Integers, floor: Floats
) -> None:
    """Undo all decisions but what is kept where, and a plan of instances."""
    for stage in range(chip.stages):
        for rank in range(chip.ranks):
            state.tile[stage, rank] = -1
            state.cap[stage, rank] = cap[stage, rank]
        for operand in range(chip.operands):
            state.stays[stage, operand] = -1
            state.slider[stage, operand] = -1
    for memory in range(chip.memories + 1):
        if memory < chip.memories:
            state.keeps[memory] = keeps[memory]
            state.doubled[memory] = doubled[memory]
        for kind in range(2):
            state.floor[memory, kind] = floor[memory, kind]
        for operand in range(chip.operands):
            for kind in range(FLOWS):
                state.flow[memory, operand, kind] = 0.0
