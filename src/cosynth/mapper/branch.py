"""Depth first through the decisions of a mapping, as far as the bound allows. Compiled.

Decisions run from the outside in: how many instances each rank may take on every array dimension,
then, stage by stage, the interval of every rank's tile and the order of the block's loops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from numba import njit

from cosynth.mapper.bound import State, bound, compiled, fits
from cosynth.mapper.orders import Orders, find_orders
from cosynth.mapper.table import Chip, Shape

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
CAP, TILE, ORDER = 0, 1, 2


class Found(NamedTuple):
    """Mappings whose bound stands below the limit, up to the room there is; changed in place."""

    number: Integers  # [1]
    value: Floats  # [found]
    tile: Integers  # [found, stage, rank]
    order: Integers  # [found, stage] row of the table of orders, -1 where it does not matter
    choice: Integers  # [found] which set of kept operands and doubled memories
    nodes: Integers  # [1] bounds computed


def nothing_found(stages: int, ranks: int, room: int) -> Found:
    """Return an empty list of mappings."""
    return Found(
        number=np.zeros(1, dtype=np.int64),
        value=np.full(room, np.inf),
        tile=np.zeros((room, stages, ranks), dtype=np.int64),
        order=np.full((room, stages), -1, dtype=np.int64),
        choice=np.zeros(room, dtype=np.int64),
        nodes=np.zeros(1, dtype=np.int64),
    )


allocating = njit(cache=True, error_model="numpy")


@allocating
def _fresh(chip: Chip, shape: Shape, keeps: Integers, doubled: Integers) -> State:
    stages, ranks, operands = len(chip.memory), len(shape.sizes), len(chip.stored)
    tile = np.full((stages, ranks), -1, dtype=np.int64)
    return State(
        tile=tile,
        cap=np.full((stages, ranks), -1, dtype=np.int64),
        stays=np.full((stages, operands), -1, dtype=np.int64),
        slider=np.full((stages, operands), -1, dtype=np.int64),
        keeps=keeps.copy(),
        doubled=doubled.copy(),
        free=np.zeros(stages, dtype=np.int64),
        flow=np.zeros((len(chip.capacity) + 1, operands, 5)),
    )


@allocating
def root(chip: Chip, shape: Shape, keeps: Integers, doubled: Integers):
    """Bound before any decision but what is kept where."""
    return bound(chip, shape, _fresh(chip, shape, keeps, doubled), 0)


@allocating
def _variables(chip: Chip, shape: Shape, keeps: Integers):
    """Decisions in order: kind, stage, rank; and the operands kept below each stage."""
    stages, ranks = len(chip.memory), len(shape.sizes)
    alive = np.zeros(stages, dtype=np.int64)
    for stage in range(stages):
        for memory in range(len(chip.capacity)):
            if chip.start[memory] > stage:
                for operand in range(len(chip.stored)):
                    if keeps[memory] >> operand & 1 and chip.home[operand] != memory:
                        alive[stage] |= 1 << operand
    listed = np.zeros((2 * stages * ranks + stages, 3), dtype=np.int64)
    at = 0
    for stage in range(stages):
        for rank in range(ranks):
            if chip.carries[stage] >> rank & 1:
                listed[at] = (CAP, stage, rank)
                at += 1
    for stage in range(stages):
        for rank in range(ranks):
            listed[at] = (TILE, stage, rank)
            at += 1
        if chip.memory[stage] >= 0 and alive[stage]:
            listed[at] = (ORDER, stage, 0)
            at += 1
    return listed[:at], alive


@compiled
def _cap(chip: Chip, shape: Shape, state: State, stage: int, rank: int, option: int) -> int:
    """Instances of a rank on a dimension for an option, 0 if there is none such.

    The last rank of a dimension takes what is left; a choice that leaves room for more of some rank
    is contained in another.
    """
    room = chip.room[stage]
    last = True
    for other in range(len(shape.sizes)):
        if not chip.carries[stage] >> other & 1:
            continue
        if other < rank:
            room //= state.cap[stage, other]
        elif other > rank:
            last = False
    most = min(room, shape.sizes[rank])
    if not last:
        return max(most - option, 0)
    if option > 0:
        return 0
    used = most
    for other in range(rank):
        if chip.carries[stage] >> other & 1:
            used *= state.cap[stage, other]
    for other in range(rank):
        if chip.carries[stage] >> other & 1 and state.cap[stage, other] < shape.sizes[other]:
            own = state.cap[stage, other]
            if used // own * (own + 1) <= chip.room[stage]:
                return 0
    return most


@compiled
def _reach(chip: Chip, state: State, stage: int, rank: int) -> int:
    """Most points of a rank that the stages after one can split, with no more blocks of loops."""
    room = 1
    for rest in range(stage + 1, len(chip.memory)):
        if chip.memory[rest] >= 0:
            return 1 << 60
        if chip.carries[rest] >> rank & 1:
            room *= state.cap[rest, rank]
    return room


@compiled
def _tile(chip: Chip, shape: Shape, state: State, stage: int, rank: int, option: int) -> int:
    """Interval of a rank below a stage for an option, -1 if there is none such, -2 if not allowed."""
    before = state.tile[stage - 1, rank] if stage else 0
    final = shape.number[rank] - 1
    last = stage == len(chip.memory) - 1
    now = final if last and chip.memory[stage] >= 0 else before + option
    if now > final or (option and last and chip.memory[stage] >= 0):
        return -1
    if chip.memory[stage] < 0 and now != before:
        if not chip.carries[stage] >> rank & 1:
            return -1
        trips = -(-shape.low[rank, before] // shape.high[rank, now])
        if trips > state.cap[stage, rank]:
            return -1
    if shape.low[rank, now] > _reach(chip, state, stage, rank):
        return -2
    return now


@allocating
def explore(
    chip: Chip, shape: Shape, orders: Orders, keeps: Integers, doubled: Integers, choice: int,
    limit: float, budget: int, best: bool, found: Found,
) -> float:  # fmt: skip
    """Find mappings with a bound below `limit`; return the limit at the end, -1 if out of budget.

    With `best` only ever better ones are found, and the limit falls with them.
    """
    state = _fresh(chip, shape, keeps, doubled)
    listed, alive = _variables(chip, shape, keeps)
    ranks = len(shape.sizes)
    chosen = np.full(len(chip.memory), -1, dtype=np.int64)
    option = np.full(len(listed) + 1, -1, dtype=np.int64)
    at = 0
    while at >= 0:
        if at == len(listed):
            value = bound(chip, shape, state, len(chip.memory))
            if value < limit:
                if not best and found.number[0] == len(found.value):
                    return -1.0
                row = 0 if best else found.number[0]
                found.number[0] = row + 1
                found.value[row] = value
                found.tile[row] = state.tile
                found.order[row] = chosen
                found.choice[row] = choice
                if best:
                    limit = value
            at -= 1
            continue
        kind, stage, rank = listed[at, 0], listed[at, 1], listed[at, 2]
        option[at] += 1
        ok = True
        exhausted = False
        decided = stage
        if kind == CAP:
            instances = _cap(chip, shape, state, stage, rank, option[at])
            exhausted = instances == 0
            state.cap[stage, rank] = -1 if exhausted else instances
            decided = 0
        elif kind == TILE:
            now = _tile(chip, shape, state, stage, rank, option[at])
            exhausted = now == -1
            ok = now >= 0
            state.tile[stage, rank] = now if ok else -1
            # a memory below takes the tiles as soon as the stages above it are decided
            for memory in range(len(chip.capacity)):
                if ok and chip.start[memory] == stage + 1:
                    ok = fits(chip, shape, state, memory, False)
            if rank == ranks - 1 and (chip.memory[stage] < 0 or not alive[stage]):
                decided = stage + 1
        else:
            loops = 0
            for other in range(ranks):
                before = state.tile[stage - 1, other] if stage else 0
                if state.tile[stage, other] != before:
                    loops |= 1 << other
            find_orders(orders, shape.relevant, shape.sliding, alive[stage], loops)
            row = orders.at[alive[stage], loops, 0] + option[at]
            exhausted = row >= orders.at[alive[stage], loops, 1]
            if exhausted:
                state.stays[stage] = -1
                chosen[stage] = -1
            else:
                state.stays[stage] = orders.stays[row]
                state.slider[stage] = orders.slider[row]
                chosen[stage] = row
                decided = stage + 1
        if exhausted:
            option[at] = -1
            at -= 1
            continue
        if not ok:
            continue
        found.nodes[0] += 1
        if found.nodes[0] > budget:
            return -1.0
        if bound(chip, shape, state, decided) < limit:
            at += 1
    return limit
