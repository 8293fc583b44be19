"""Plans: how many instances every rank may take on every array dimension, one after the other.

A plan is decided rank by rank, dimension by dimension, before any tile is. Compiled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.mapper.bound import bound
from cosynth.mapper.compiled import allocating, compiled
from cosynth.mapper.state import State, reset
from cosynth.mapper.table import Chip, Shape

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
States = NDArray[np.void]


@compiled
def _instances_of(
    chip: Chip, shape: Shape, state: State, stage: int, rank: int, option: int
) -> int:
    """Instances of a rank on a dimension for an option, 0 if there is none such.

    The last rank of a dimension takes what is left.
    """
    room = chip.room[stage]
    last = True
    for other in range(shape.ranks):
        if not chip.carries[stage] >> other & 1:
            continue
        if other < rank:
            room //= state.cap[stage, other]
        elif other > rank:
            last = False
    size = shape.sizes[rank]
    most = min(room, size)
    if last:
        if option > 0:
            return 0
        return int(most)
    return int(max(most - option, 0))


@compiled
def _contained(chip: Chip, shape: Shape, state: State, stage: int) -> bool:
    """Whether a dimension has room for more instances of some rank, others left alone."""
    used = 1
    for rank in range(shape.ranks):
        if chip.carries[stage] >> rank & 1:
            used *= state.cap[stage, rank]
    for rank in range(shape.ranks):
        if not chip.carries[stage] >> rank & 1:
            continue
        own = state.cap[stage, rank]
        if own < shape.sizes[rank] and used // own * (own + 1) <= chip.room[stage]:
            return True
    return False


@compiled
def _mirrored(chip: Chip, shape: Shape, state: State, stage: int) -> bool:
    """Whether a plan is another one with this dimension and the one before it exchanged.

    Dimensions of one kind are alike as long as no rank takes instances on both.
    """
    before = stage - 1
    if before < 0 or chip.memory[before] >= 0:
        return False
    if (
        chip.room[stage] != chip.room[before]
        or chip.carries[stage] != chip.carries[before]
        or chip.united[stage] != chip.united[before]
    ):
        return False
    ahead = 0
    for rank in range(shape.ranks):
        if not chip.carries[stage] >> rank & 1:
            continue
        one, other = state.cap[before, rank], state.cap[stage, rank]
        if one > 1 and other > 1:
            return False
        if ahead == 0:
            ahead = one - other
    return bool(ahead < 0)


@allocating
def decisions(chip: Chip, shape: Shape) -> Integers:
    """What a plan decides, in order: [decision, (stage, rank)]."""
    listed = np.zeros((chip.stages * shape.ranks, 2), dtype=np.int64)
    many = 0
    for stage in range(chip.stages):
        for rank in range(shape.ranks):
            if chip.carries[stage] >> rank & 1:
                listed[many] = (stage, rank)
                many += 1
    return listed[:many]


@allocating
def refined(
    scratch: States, chip: Chip, shape: Shape, keeps: Integers, doubled: Integers, floor: Floats,
    cap: Integers, listed: Integers, at: int, limit: float, most: int,
) -> tuple[Integers, Floats, int]:  # fmt: skip
    """Every way to take the next decision of a plan that has taken `at`, bounded below a limit.

    Returns the instances [way], the bounds [way], and how many bounds were computed: at `most` so
    many, or none at all is returned.
    """
    state = scratch[0]
    reset(chip, state, keeps, doubled, cap, floor)
    stage, rank = listed[at]
    ends = at + 1 == len(listed) or listed[at + 1, 0] != stage
    number = 0
    option = 0
    found = np.zeros(shape.sizes[rank] + 1, dtype=np.int64)
    values = np.zeros(shape.sizes[rank] + 1)
    computed = 0
    while True:
        instances = _instances_of(chip, shape, state, stage, rank, option)
        option += 1
        if instances == 0:
            return found[:number], values[:number], computed
        state.cap[stage, rank] = instances
        if ends and (_contained(chip, shape, state, stage) or _mirrored(chip, shape, state, stage)):
            state.cap[stage, rank] = -1
            continue
        computed += 1
        if computed > most:
            return found[:0], values[:0], computed
        value = bound(chip, shape, state, 0, 0)
        if value < limit:
            found[number] = instances
            values[number] = value
            number += 1
        state.cap[stage, rank] = -1


@allocating
def planned(
    scratch: States,
    chip: Chip,
    shape: Shape,
    keeps: Integers,
    doubled: Integers,
    cap: Integers,
    floor: Floats,
) -> float:
    """Bound of a plan of instances, before any tile is decided."""
    state = scratch[0]
    reset(chip, state, keeps, doubled, cap, floor)
    return bound(chip, shape, state, 0, 0)


@allocating
def unplanned(
    scratch: States, chip: Chip, shape: Shape, keeps: Integers, doubled: Integers
) -> Floats:
    """Bounds of what is kept where, [choice, memory], before anything else is decided."""
    cap = np.full((chip.stages, shape.ranks), -1, dtype=np.int64)
    floor = np.zeros((chip.memories + 1, 2))
    found = np.zeros(len(keeps))
    for choice in range(len(keeps)):
        found[choice] = planned(scratch, chip, shape, keeps[choice], doubled[choice], cap, floor)
    return found
