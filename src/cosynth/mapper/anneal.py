"""Good mappings soon: simulated annealing over whole mappings, valued by their bounds. Compiled.

A step changes the tile of one rank, moves loops from one stage to another, takes another order, or
keeps other operands. (Kirkpatrick, Gelatt, Vecchi, Science 1983.)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cosynth.mapper.bound import bound, fits
from cosynth.mapper.branch import Found, States, alive_below
from cosynth.mapper.compiled import allocating, compiled
from cosynth.mapper.counts import allowed
from cosynth.mapper.orders import Orders, find_orders
from cosynth.mapper.state import State, reset
from cosynth.mapper.table import Chip, Shape

Integers = NDArray[np.int64]

# relative difference of objectives that is taken with probability 1/e at the end
COLD = 0.003


@allocating
def _value(
    chip: Chip, shape: Shape, orders: Orders, state: State, alive: Integers, option: Integers,
    chosen: Integers,
) -> float:  # fmt: skip
    """Bound of a whole mapping, inf if it does not fit; write the rows of its orders."""
    for stage in range(chip.stages):
        loops = 0
        for rank in range(shape.ranks):
            before = state.tile[stage - 1, rank] if stage else 0
            now = state.tile[stage, rank]
            if now == before:
                continue
            loops |= 1 << rank
            if chip.memory[stage] < 0:
                trips = -(-shape.low[rank, before] // shape.high[rank, now])
                if trips > allowed(chip, shape, state, stage, rank):
                    return np.inf
        chosen[stage] = -1
        if chip.memory[stage] < 0 or not alive[stage]:
            continue
        find_orders(orders, shape.relevant, shape.sliding, alive[stage], loops)
        first, end = orders.at[alive[stage], loops, 0], orders.at[alive[stage], loops, 1]
        row = first + option[stage] % (end - first)
        chosen[stage] = row
        for operand in range(chip.operands):
            state.stays[stage, operand] = orders.stays[row, operand]
            state.slider[stage, operand] = orders.slider[row, operand]
    for memory in range(chip.memories):
        if chip.start[memory] > 0 and not fits(chip, shape, state, memory, False):
            return np.inf
    return float(bound(chip, shape, state, chip.stages, 0))


@compiled
def _loops(chip: Chip, stage: int, rank: int) -> bool:
    return bool(chip.memory[stage] >= 0 or chip.carries[stage] >> rank & 1 != 0)


@compiled
def _scaled(shape: Shape, rank: int, at: int, factor: float) -> int:
    """The interval nearest to a multiple of another one's size."""
    wanted = shape.low[rank, at] * factor
    last = shape.number[rank] - 1
    while at > 0 and shape.low[rank, at] < wanted:
        at -= 1
    while at < last and shape.low[rank, at + 1] >= wanted:
        at += 1
    return at


@compiled
def _grow(shape: Shape, state: State, rank: int, first: int, end: int, factor: float) -> None:
    """Scale the tiles of a rank below some stages, between those around them."""
    least = state.tile[first - 1, rank] if first else 0
    most = state.tile[end, rank]
    for stage in range(first, end):
        new = _scaled(shape, rank, state.tile[stage, rank], factor)
        state.tile[stage, rank] = min(max(new, least), most)


@compiled
def _tidy(chip: Chip, shape: Shape, state: State) -> None:
    """Leave no loop where a dimension carries none."""
    for stage in range(chip.stages):
        for rank in range(shape.ranks):
            if not _loops(chip, stage, rank):
                state.tile[stage, rank] = state.tile[stage - 1, rank] if stage else 0


@compiled
def _step(chip: Chip, shape: Shape, state: State, option: Integers) -> None:
    """Change something of a whole mapping but what is kept."""
    stages = chip.stages
    rank = np.random.randint(shape.ranks)  # noqa: NPY002 - the compiled generator
    first = np.random.randint(stages)  # noqa: NPY002
    kind = np.random.random()  # noqa: NPY002
    if kind < 0.15:
        option[first] = np.random.randint(64)  # noqa: NPY002
        return
    end = first + 1
    if kind < 0.6:
        # more or fewer loops between two stages, and the other way round for another rank
        end += np.random.randint(stages)  # noqa: NPY002
        end = min(end, stages - 1)
        if end <= first:
            return
        factor = 2.0 if np.random.random() < 0.7 else np.random.randint(3, 9)  # noqa: NPY002
        if kind < 0.4:
            _grow(shape, state, rank, first, end, factor)
            other = np.random.randint(shape.ranks)  # noqa: NPY002
            if other != rank:
                _grow(shape, state, other, first, end, 1.0 / factor)
        else:
            _grow(shape, state, rank, first, end, factor if kind < 0.5 else 1.0 / factor)
        _tidy(chip, shape, state)
        return
    while end < stages and not _loops(chip, end, rank):
        end += 1
    if end >= stages or not _loops(chip, first, rank):
        # the innermost loop ends with single steps
        return
    least = state.tile[first - 1, rank] if first else 0
    while end < stages - 1 and state.tile[end, rank] == least:
        # no loop here: take over the one that stands further in
        end += 1
    most = state.tile[end, rank]
    now = state.tile[first, rank]
    if kind < 0.7:
        new = least
    elif kind < 0.8:
        new = most
    elif kind < 0.9:
        new = min(max(now + np.random.randint(-2, 3), least), most)  # noqa: NPY002
    else:
        new = np.random.randint(least, most + 1)  # noqa: NPY002
    for at in range(first, end):
        state.tile[at, rank] = new
    _tidy(chip, shape, state)


@allocating
def anneal(
    scratch: States, chip: Chip, shape: Shape, orders: Orders, keeps: Integers, doubled: Integers,
    tile: Integers, choice: int, warm: float, steps: int, seed: int, found: Found,
) -> None:  # fmt: skip
    """Improve on a mapping of tiles [stage, rank] that keeps what a row of `keeps` says.

    `keeps` and `doubled` have the shape [choice, memory]. At first a mapping that is worse by
    `warm` is taken once in e times. The last that were better than all before are in `found`.
    """
    np.random.seed(seed)  # noqa: NPY002
    state = scratch[0]
    stages, ranks = chip.stages, shape.ranks
    cap = np.full((stages, ranks), -1, dtype=np.int64)
    floor = np.zeros((chip.memories + 1, 2))
    chosen = np.full(stages, -1, dtype=np.int64)
    option = np.zeros(stages, dtype=np.int64)
    old_option = option.copy()
    current = tile.copy()
    reset(chip, state, keeps[choice], doubled[choice], cap, floor)
    alive = alive_below(chip, keeps[choice], 1)
    for stage in range(stages):
        for rank in range(ranks):
            state.tile[stage, rank] = tile[stage, rank]
    value = _value(chip, shape, orders, state, alive, option, chosen)
    now = choice
    least = np.inf
    cooling = (COLD / warm) ** (1.0 / max(steps, 1))
    heat = warm
    for step in range(steps + 1):
        if step:
            heat *= cooling
            other = now
            if np.random.random() < 0.1:  # noqa: NPY002
                other = np.random.randint(len(keeps))  # noqa: NPY002
                reset(chip, state, keeps[other], doubled[other], cap, floor)
                for stage in range(stages):
                    for rank in range(ranks):
                        state.tile[stage, rank] = current[stage, rank]
                alive = alive_below(chip, keeps[other], 1)
            else:
                _step(chip, shape, state, option)
            new = _value(chip, shape, orders, state, alive, option, chosen)
            if new < value or (
                value < np.inf
                and new < np.inf
                and np.random.random() < math.exp((value - new) / (value * heat))  # noqa: NPY002
            ):
                value, now = new, other
                old_option[:] = option
                for stage in range(stages):
                    for rank in range(ranks):
                        current[stage, rank] = state.tile[stage, rank]
            else:
                option[:] = old_option
                if other != now:
                    reset(chip, state, keeps[now], doubled[now], cap, floor)
                    alive = alive_below(chip, keeps[now], 1)
                for stage in range(stages):
                    for rank in range(ranks):
                        state.tile[stage, rank] = current[stage, rank]
                continue
        if value < least:
            least = value
            row = found.number[0] % len(found.value)
            found.number[0] += 1
            found.value[row] = value
            found.choice[row] = now
            for stage in range(stages):
                found.order[row, stage] = chosen[stage]
                for rank in range(ranks):
                    found.tile[row, stage, rank] = state.tile[stage, rank]
    found.nodes[0] += steps + 1
