"""Depth first through the decisions of a mapping, as far as the bound allows. Compiled.

Under a plan of instances, stage by stage from the outside in: the interval of every rank's tile and
the order of the block's loops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosynth.mapper.bound import bound, fits, inner_bound
from cosynth.mapper.compiled import allocating, compiled
from cosynth.mapper.counts import allowed
from cosynth.mapper.orders import Orders, find_orders
from cosynth.mapper.state import State, reset
from cosynth.mapper.table import Chip, Shape

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
States = NDArray[np.void]
TILE, ORDER, STILL = 0, 1, 2


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


@allocating
def alive_below(chip: Chip, keeps: Integers, since: int) -> Integers:
    """Operands that memories from `since` inwards keep below each stage, as masks."""
    alive = np.zeros(chip.stages, dtype=np.int64)
    for stage in range(chip.stages):
        for memory in range(chip.memories):
            if chip.start[memory] > stage and memory >= since:
                for operand in range(chip.operands):
                    if keeps[memory] >> operand & 1 and chip.home[operand] != memory:
                        alive[stage] |= 1 << operand
    return alive


@allocating
def _variables(chip: Chip, shape: Shape, keeps: Integers, since: int) -> tuple[Integers, Integers]:
    """Decisions in order: kind, stage, rank; and the operands kept below each stage.

    For what flows from a memory `since` inwards there is one block of loops above it.
    """
    stages, ranks = chip.stages, shape.ranks
    alive = alive_below(chip, keeps, since)
    listed = np.zeros((2 * stages * ranks + stages, 3), dtype=np.int64)
    at = 0
    block = 0
    for stage in range(chip.start[since]):
        if chip.memory[stage] >= 0:
            block = stage
    for stage in range(stages):
        for rank in range(ranks):
            listed[at] = (TILE, stage, rank)
            if chip.memory[stage] >= 0 and stage < block:
                listed[at, 0] = STILL
            at += 1
        if chip.memory[stage] >= 0 and alive[stage] and stage >= block:
            listed[at] = (ORDER, stage, 0)
            at += 1
    return listed[:at], alive


@compiled
def _reach(chip: Chip, shape: Shape, state: State, stage: int, rank: int) -> int:
    """Most points of a rank that the stages after one can split, with no more blocks of loops."""
    room = 1
    for rest in range(stage + 1, chip.stages):
        if chip.memory[rest] >= 0:
            return 1 << 60
        room *= allowed(chip, shape, state, rest, rank)
    return room


@compiled
def _tile(chip: Chip, shape: Shape, state: State, stage: int, rank: int, option: int) -> int:
    """Interval of a rank below a stage for an option; -1 if there is none, -2 if not allowed."""
    before = state.tile[stage - 1, rank] if stage else 0
    final = shape.number[rank] - 1
    last = stage == chip.stages - 1
    now = final if last and chip.memory[stage] >= 0 else before + option
    if now > final or (option and last and chip.memory[stage] >= 0):
        return -1
    if chip.memory[stage] < 0 and now != before:
        if not chip.carries[stage] >> rank & 1:
            return -1
        trips = -(-shape.low[rank, before] // shape.high[rank, now])
        if trips > allowed(chip, shape, state, stage, rank):
            return -1
    if shape.low[rank, now] > _reach(chip, shape, state, stage, rank):
        return -2
    return now


@compiled
def _inside(chip: Chip, state: State, stage: int, loops: int) -> bool:
    """Whether a block has loops that could stand inside the next memory at no cost.

    Those that all operands kept there stay across: moved inwards they change nothing.
    """
    for memory in range(chip.memories):
        if chip.start[memory] > stage:
            for operand in range(chip.operands):
                if state.keeps[memory] >> operand & 1 and chip.home[operand] != memory:
                    loops &= state.stays[stage, operand]
            return loops != 0
    return False


@allocating
def walk(
    scratch: States, chip: Chip, shape: Shape, orders: Orders, keeps: Integers, doubled: Integers,
    choice: int, cap: Integers, floor: Floats, since: int, timed: bool, least: float, limit: float,
    budget: int, best: bool, found: Found,
) -> float:  # fmt: skip
    """Find mappings with a bound below `limit`; return the limit at the end, -1 if out of budget.

    None is below what its decisions cost at `least` to begin with, or cost further up. With `best`
    only ever better ones are found, and the limit falls with them. With a memory
    `since` beyond the second, the bound is of what flows from there inwards, or of its seconds.
    """
    state = scratch[0]
    reset(chip, state, keeps, doubled, cap, floor)
    listed, alive = _variables(chip, shape, keeps, since)
    ranks = shape.ranks
    chosen = np.full(chip.stages, -1, dtype=np.int64)
    option = np.full(len(listed) + 1, -1, dtype=np.int64)
    # what the decisions up to each one cost at least: intervals can look cheaper than those around
    path = np.full(len(listed) + 1, least)
    at = 0
    while at >= 0:
        value = path[at]
        if at == len(listed):
            if value < limit:
                if not best and found.number[0] == len(found.value):
                    return -1.0
                row = 0 if best else found.number[0]
                found.number[0] = row + 1
                found.value[row] = value
                for stage in range(chip.stages):
                    found.order[row, stage] = chosen[stage]
                    for rank in range(ranks):
                        found.tile[row, stage, rank] = state.tile[stage, rank]
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
        if kind == TILE:
            now = _tile(chip, shape, state, stage, rank, option[at])
            exhausted = now == -1
            ok = now >= 0
            state.tile[stage, rank] = now if ok else -1
            # a memory below takes the tiles as soon as the stages above it are decided
            for memory in range(chip.memories):
                if ok and chip.start[memory] == stage + 1 and memory >= since:
                    ok = fits(chip, shape, state, memory, False)
            if rank == ranks - 1 and (chip.memory[stage] < 0 or not alive[stage]):
                decided = stage + 1
        elif kind == STILL:
            exhausted = option[at] > 0
            before = state.tile[stage - 1, rank] if stage else 0
            state.tile[stage, rank] = -1 if exhausted else before
            if rank == ranks - 1:
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
                for operand in range(chip.operands):
                    state.stays[stage, operand] = -1
                chosen[stage] = -1
            else:
                for operand in range(chip.operands):
                    state.stays[stage, operand] = orders.stays[row, operand]
                    state.slider[stage, operand] = orders.slider[row, operand]
                chosen[stage] = row
                decided = stage + 1
                ok = orders.strict > 0 or not _inside(chip, state, stage, loops)
        if exhausted:
            option[at] = -1
            at -= 1
            continue
        if not ok:
            continue
        found.nodes[0] += 1
        if found.nodes[0] > budget:
            return -1.0
        if since > 1 or timed:
            value = inner_bound(chip, shape, state, decided, stage, since, timed)
        else:
            value = bound(chip, shape, state, decided, stage)
        path[at + 1] = max(path[at], value)
        if path[at + 1] < limit:
            at += 1
    return limit


@allocating
def raise_floor(
    scratch: States, chip: Chip, shape: Shape, orders: Orders, keeps: Integers, doubled: Integers,
    cap: Integers, floor: Floats, since: int, timed: bool, budget: int, found: Found,
) -> None:  # fmt: skip
    """Write what a memory and all further in add to the objective at least, under a plan.

    That is the optimum of the memories from there inwards with all loops further out in one block,
    found with the help of the floors further in. Loops in more blocks can only move more.
    (Russian doll search: Verfaillie, Lemaitre, Schiex, AAAI 1996.)
    """
    state = scratch[1]
    reset(chip, state, keeps, doubled, cap, floor)
    kind = 1 if timed else 0
    least = inner_bound(chip, shape, state, 0, 0, since, timed)
    floor[since, kind] = least
    if since == chip.memories or least <= 0 or least == np.inf:
        return
    limit = least * (1.0 + 1e-9)
    growth = 1.02
    for _ in range(60):
        found.number[0] = 0
        end = walk(
            scratch, chip, shape, orders, keeps, doubled, 0, cap, floor, since, timed, 0.0, limit,
            found.nodes[0] + budget,
            True, found,
        )  # fmt: skip
        if end < 0:
            break
        floor[since, kind] = end
        if found.number[0]:
            break
        limit *= growth
        growth = min(growth * 1.1, 1.5)
    found.number[0] = 0
