"""Fewest elements that any mapping moves which agrees with the decisions made so far. Compiled.

Counts of tiles follow from the ends of intervals alone, so that no split into ragged pieces moves
less; what is not decided yet is taken at its best. With all decided, and sizes that divide each
other, they are the counts of `cosynth.mapping.traffic`.
"""

from __future__ import annotations

import math

import numpy as np

from cosynth.mapper.compiled import compiled
from cosynth.mapper.state import State
from cosynth.mapper.table import Chip, Shape


@compiled
def _ceil(a: int, b: int) -> int:
    return -(-a // b)


@compiled
def _run(state: State, number: int, start: int, end: int) -> int:
    """Note loops that count, between two intervals of a rank; return how many runs there are."""
    if end == start:
        return number
    state.runs[number, 0] = start
    state.runs[number, 1] = end
    return number + 1


@compiled
def _counted(
    shape: Shape, state: State, rank: int, number: int, start: int, end: int, room: int
) -> float:
    """Fewest pieces of a rank over runs of loops that count, with loops between that do not.

    The last run goes from `start` to `end` and, with `room` at a time, on to single points; no
    further if that is 0. A ragged rest is cut as what it is: a product of counts would be too much.
    """
    total = 0.0
    for first in range(number, -1, -1):
        outer = state.runs[first, 0] if first < number else start
        left = shape.low[rank, outer] if outer else shape.sizes[rank]
        total = 0.0
        for run in range(first, number):
            tile = shape.high[rank, state.runs[run, 1]]
            total += (left // tile) * state.times[run + 1]
            inner = state.runs[run + 1, 0] if run + 1 < number else start
            left = min(left % tile, shape.low[rank, inner])
            if left == 0:
                break
        if left > 0:
            total += _last(shape, rank, left, start, end, room)
        state.times[first] = total
    return total


@compiled
def _last(shape: Shape, rank: int, left: int, start: int, end: int, room: int) -> float:
    """Fewest pieces that the innermost run of loops cuts what is left of a rank into."""
    tile = shape.high[rank, end]
    if room == 0:
        return float(_ceil(left, tile)) if end != start else 1.0
    direct = _ceil(left, room)
    if end == start:
        return float(direct)
    least = shape.low[rank, end]
    through = left // tile * _ceil(least, room) + _ceil(min(left % tile, least), room)
    return float(max(direct, through))


@compiled
def loosen(chip: Chip, shape: Shape, state: State, operand: int, below: int) -> None:
    """Write into `state.free` the temporal loops above a receiver that an operand stays across.

    A window's sliding loop is among them, for what it moves is the tile around it once, unless the
    receiver takes in all of a window.
    """
    changing = below == chip.memories
    end = chip.start[below]
    slides = not changing and chip.slides[below] > 0
    bit = shape.relevant[operand]
    for stage in range(end - 1, -1, -1):
        state.free[stage] = 0
        if changing or chip.memory[stage] < 0:
            continue
        loops = 0
        for rank in range(shape.ranks):
            if state.tile[stage, rank] > (state.tile[stage - 1, rank] if stage else 0):
                loops |= 1 << rank
        if not loops & bit:
            state.free[stage] = loops
            continue
        changing = True
        if state.stays[stage, operand] < 0:
            state.free[stage] = loops & (~bit | (shape.sliding[operand] if slides else 0))
        else:
            state.free[stage] = loops & state.stays[stage, operand]
            if slides and state.slider[stage, operand] >= 0:
                state.free[stage] |= 1 << state.slider[stage, operand]


@compiled
def _still(chip: Chip, state: State, operand: int, stage: int, rank: int, above: int) -> bool:
    """Whether a loop does not add to what is sent from below `above` stages to the receiver."""
    if chip.memory[stage] >= 0:
        return bool((state.free[stage] >> rank & 1) != 0)
    return bool(stage >= above and (chip.united[stage] >> operand & 1) != 0)


@compiled
def _loads(
    chip: Chip, shape: Shape, state: State, operand: int, above: int, end: int, rank: int
) -> tuple[float, float]:
    """(fewest, most) times that loops over a rank the operand lacks send its tile anew."""
    most = 1.0
    start = before = runs = 0
    for stage in range(end):
        now = state.tile[stage, rank]
        if now < 0:
            break
        if now == before:
            continue
        if _still(chip, state, operand, stage, rank, above):
            runs = _run(state, runs, start, before)
            start = now
        else:
            most *= _ceil(shape.high[rank, before], shape.low[rank, now])
        before = now
    return _counted(shape, state, rank, runs, start, before, 0), most


@compiled
def _reads(
    chip: Chip, shape: Shape, state: State, operand: int, above: int, rank: int
) -> tuple[float, float]:
    """Fewest loads of the unit over a rank its operand lacks: all steps but what is shared.

    And how often each is shared on dimensions still open.
    """
    start = before = runs = 0
    stages = chip.stages
    stage = 0
    while stage < stages and state.tile[stage, rank] >= 0:
        now = state.tile[stage, rank]
        if now != before:
            if _still(chip, state, operand, stage, rank, above):
                runs = _run(state, runs, start, before)
                start = now
            before = now
        stage += 1
    # what is left can at best be shared by all instances of the dimensions still open
    room = _open(chip, shape, state, operand, stage, stages, rank, above)
    shared = _counted(shape, state, rank, runs, start, before, room)
    if room == 1:
        return shared, 1.0
    return shared, _counted(shape, state, rank, runs, start, before, 1) / shared


@compiled
def allowed(chip: Chip, shape: Shape, state: State, stage: int, rank: int) -> int:
    """Most instances of a rank on an array dimension, as far as is decided."""
    if not chip.carries[stage] >> rank & 1:
        return 1
    if state.cap[stage, rank] > 0:
        return int(state.cap[stage, rank])
    room = chip.room[stage]
    for other in range(chip.ranks):
        if state.cap[stage, other] > 0:
            room //= state.cap[stage, other]
        elif other != rank and state.tile[stage, other] >= 0:
            before = state.tile[stage - 1, other] if stage else 0
            if state.tile[stage, other] != before:
                now = state.tile[stage, other]
                room //= _ceil(shape.low[other, before], shape.high[other, now])
    return int(max(room, 1))


@compiled
def steps(chip: Chip, shape: Shape, state: State) -> float:
    """Fewest time steps of the whole nest."""
    total = 1.0
    lanes = 1.0
    for stage in range(chip.stages):
        lanes *= chip.room[stage]
    points = 1.0
    for rank in range(shape.ranks):
        points *= shape.sizes[rank]
        start = before = runs = 0
        stage = 0
        while stage < chip.stages and state.tile[stage, rank] >= 0:
            now = state.tile[stage, rank]
            if now != before:
                if chip.memory[stage] < 0:
                    runs = _run(state, runs, start, before)
                    start = now
                before = now
            stage += 1
        room = 1
        for rest in range(stage, chip.stages):
            if chip.memory[rest] < 0:
                room *= allowed(chip, shape, state, rest, rank)
        total *= _counted(shape, state, rank, runs, start, before, room)
    return max(total, math.ceil(points / lanes))


@compiled
def _window(
    chip: Chip, shape: Shape, state: State, window: int, above: int, end: int, unit: bool
) -> float:
    """Fewest elements that the tiles of a window bring to a receiver, summed over all of them."""
    first = _side(chip, shape, state, window, 1, above, end, unit)
    second = _side(chip, shape, state, window, 2, above, end, unit)
    if first >= 0 and second >= 0:
        return float(shape.every[window, first, second])
    if not unit:
        return float(shape.every[window, 0, 0])
    # instances that stand apart may meet at any position, yet no more of them than of either rank
    one, one_now = _together(chip, shape, state, window, 1, above)
    other, other_now = _together(chip, shape, state, window, 2, above)
    alike = one * other
    if shape.window[window, 3]:
        alike = min(one, other)
        reads = state.reads[shape.window[window, 0]]
        if alike > min(one_now, other_now):
            # to share more takes more of the rank that has fewer now, or of both
            reads[2] *= alike / min(one_now, other_now)
            reads[3] *= one_now <= other_now
            reads[4] *= other_now <= one_now
    row = shape.number[shape.window[window, 1]] - 1
    column = shape.number[shape.window[window, 2]] - 1 if shape.window[window, 2] >= 0 else 0
    return float(math.ceil(shape.every[window, row, column] / alike))


@compiled
def _side(
    chip: Chip, shape: Shape, state: State, window: int, side: int, above: int, end: int, unit: bool
) -> int:
    """Interval of the largest tile that one rank of a window may have without being sent again.

    -1 if instances that share what is sent may work on tiles that do not lie side by side.
    """
    operand, rank = shape.window[window, 0], shape.window[window, side]
    if rank < 0:
        return 0
    before = 0
    shared = False
    found = -1
    for stage in range(end):
        now = state.tile[stage, rank]
        if now < 0:
            if unit and (shared or _open(chip, shape, state, operand, stage, end, rank, above) > 1):
                return -1
            # single steps remain, if nothing is shared
            last = shape.number[rank] - 1 if unit else before
            return last if found < 0 else found
        if now != before and _still(chip, state, operand, stage, rank, above):
            found = before if found < 0 else found
            shared = shared or chip.memory[stage] < 0
        elif now != before and shared:
            return -1
        before = now
    return before if found < 0 else found


@compiled
def _open(
    chip: Chip,
    shape: Shape,
    state: State,
    operand: int,
    stage: int,
    end: int,
    rank: int,
    above: int,
) -> int:
    """Most instances of a rank that dimensions not decided yet may unite."""
    room = 1
    for rest in range(stage, end):
        if chip.memory[rest] < 0 and _still(chip, state, operand, rest, rank, above):
            room *= allowed(chip, shape, state, rest, rank)
    return room


@compiled
def _together(
    chip: Chip, shape: Shape, state: State, window: int, side: int, above: int
) -> tuple[int, int]:
    """Most instances over one rank of a window that are sent the same; those already decided."""
    operand, rank = shape.window[window, 0], shape.window[window, side]
    if rank < 0:
        return 1, 1
    room = 1
    before = 0
    for stage in range(chip.stages):
        now = state.tile[stage, rank]
        if now < 0:
            rest = _open(chip, shape, state, operand, stage, chip.stages, rank, above)
            return room * min(rest, shape.high[rank, before]), room
        spatial = now != before and chip.memory[stage] < 0
        if spatial and _still(chip, state, operand, stage, rank, above):
            room *= _ceil(shape.high[rank, before], shape.low[rank, now])
        before = now
    return room, room


@compiled
def moved(
    chip: Chip, shape: Shape, state: State, operand: int, above: int, end: int, unit: bool
) -> tuple[float, float]:
    """(fewest, most) elements sent to a receiver; `state.free` must be of the same operand."""
    least = shape.base[operand]
    for kind in range(1, 5):
        state.reads[operand, kind] = 1.0
    most = least
    for window in range(shape.windows):
        if shape.window[window, 0] == operand:
            least *= _window(chip, shape, state, window, above, end, unit)
            most = np.inf
    for rank in range(shape.ranks):
        if shape.relevant[operand] >> rank & 1:
            continue
        if unit:
            reads, sharing = _reads(chip, shape, state, operand, above, rank)
            least *= reads
            state.reads[operand, 1] *= sharing
            most = np.inf
        else:
            low, high = _loads(chip, shape, state, operand, above, end, rank)
            least *= low
            most *= high
    return max(least, shape.distinct[operand] if not unit else 0.0), most


@compiled
def held(shape: Shape, state: State, operand: int, stage: int) -> float:
    """Fewest elements of the largest tile of an operand below a stage; undecided ranks count 1."""
    # all of a tensor's reads may be of padding
    total = min(1.0, shape.distinct[operand])
    for rank in range(shape.ranks):
        if shape.bare[operand] >> rank & 1 and state.tile[stage, rank] >= 0:
            total *= shape.low[rank, state.tile[stage, rank]]
    for window in range(shape.windows):
        if shape.window[window, 0] != operand:
            continue
        first, second = shape.window[window, 1], shape.window[window, 2]
        row = state.tile[stage, first]
        row = shape.number[first] - 1 if row < 0 else row
        column = 0
        if second >= 0:
            column = state.tile[stage, second]
            column = shape.number[second] - 1 if column < 0 else column
        total *= shape.held[window, row, column]
    return float(total)
