"""What any mapping costs at least that agrees with the decisions made so far. Compiled.

A state assigns, stage by stage, an interval of tiles to every rank, and an order to every block.
Counts of tiles follow from the ends of the intervals alone, so that no split into ragged pieces
costs less; what is not decided yet is taken at its best. With all decided, and sizes that divide
each other, the bound is the price.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cosynth.cost.pipeline import port_time, staged
from cosynth.mapper.compiled import compiled
from cosynth.mapper.table import MEMORIES, OPERANDS, RANKS, STAGES, Chip, Shape

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class State(Protocol):
    """Decisions of a search; -1 stands for none yet. Changed in place."""

    tile: Integers  # [stage, rank] interval below the stage
    cap: Integers  # [stage, rank] most instances of a rank on a dimension
    stays: Integers  # [stage, operand] loops an operand stays across; -1 as long as unknown
    slider: Integers  # [stage, operand] rank whose window slides, or -1
    keeps: Integers  # [memory] operands it keeps
    doubled: Integers  # [memory] whether it holds two tiles
    free: Integers  # [stage] scratch: loops that do not count for one operand
    flow: Floats  # [memory and unit, operand, (taken, given, filled, drained, first)] scratch
    entered: Floats  # [memory and unit, operand, (fewest, most)] elements that arrive, scratch
    weight: Floats  # [memory and unit] what its flows add to the objective, scratch
    floor: Floats  # [memory and unit, (objective, seconds)] at least, from there inwards


_I, _F = np.int64, np.float64
STATE = np.dtype(
    [
        ("tile", _I, (STAGES, RANKS)), ("cap", _I, (STAGES, RANKS)),
        ("stays", _I, (STAGES, OPERANDS)), ("slider", _I, (STAGES, OPERANDS)),
        ("keeps", _I, MEMORIES), ("doubled", _I, MEMORIES), ("free", _I, STAGES),
        ("flow", _F, (MEMORIES + 1, OPERANDS, 5)), ("entered", _F, (MEMORIES + 1, OPERANDS, 2)),
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
            for kind in range(5):
                state.flow[memory, operand, kind] = 0.0


@compiled
def _maximum(a, b):
    return max(b, a)


@compiled
def _minimum(a, b):
    return min(b, a)


_port_time = compiled(port_time)
_staged = compiled(staged)


@compiled
def _ceil(a, b):
    return -(-a // b)


@compiled
def pieces(shape: Shape, rank: int, outer: int, inner: int):
    """Fewest tiles of one interval in a full tile of another of the same rank."""
    if outer == 0:
        return shape.steps[rank, inner]
    return _ceil(shape.low[rank, outer], shape.high[rank, inner])


@compiled
def _loosen(chip: Chip, shape: Shape, state: State, operand: int, end: int, unit: bool) -> None:
    """Write into `state.free` the temporal loops above a receiver that an operand stays across.

    A window's sliding loop is among them, for what it moves is the tile around it once.
    """
    changing = unit
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
            state.free[stage] = loops & (~bit | shape.sliding[operand])
        else:
            state.free[stage] = loops & state.stays[stage, operand]
            if state.slider[stage, operand] >= 0:
                state.free[stage] |= 1 << state.slider[stage, operand]


@compiled
def _still(chip: Chip, state: State, operand: int, stage: int, rank: int, above: int) -> bool:
    """Whether a loop does not add to what is sent from below `above` stages to the receiver."""
    if chip.memory[stage] >= 0:
        return (state.free[stage] >> rank & 1) != 0
    return stage >= above and (chip.united[stage] >> operand & 1) != 0


@compiled
def _loads(chip: Chip, shape: Shape, state: State, operand: int, above: int, end: int, rank: int):
    """(fewest, most) times that loops over a rank the operand lacks send its tile anew."""
    least = 1.0
    most = 1.0
    start = before = 0
    for stage in range(end):
        now = state.tile[stage, rank]
        if now < 0:
            break
        if now == before:
            continue
        if _still(chip, state, operand, stage, rank, above):
            if before != start:
                least *= pieces(shape, rank, start, before)
            start = now
        else:
            most *= _ceil(shape.high[rank, before], shape.low[rank, now])
        before = now
    if before != start:
        least *= pieces(shape, rank, start, before)
    return least, most


@compiled
def _reads(chip: Chip, shape: Shape, state: State, operand: int, above: int, rank: int):
    """Fewest loads of the unit over a rank its operand lacks: every step counts but what is shared."""
    least = 1.0
    start = before = 0
    stages = chip.stages
    stage = 0
    while stage < stages and state.tile[stage, rank] >= 0:
        now = state.tile[stage, rank]
        if now != before:
            if _still(chip, state, operand, stage, rank, above):
                if before != start:
                    least *= pieces(shape, rank, start, before)
                start = now
            before = now
        stage += 1
    # what is left can at best be shared by all instances of the dimensions still open
    room = _open(chip, state, operand, stage, stages, rank, above)
    return least * _rest(shape, rank, start, before, room)


@compiled
def _rest(shape: Shape, rank: int, start: int, before: int, room: int):
    """Fewest steps from a tile to single points with `room` at a time, via a tile in between."""
    direct = _ceil(shape.low[rank, start], room)
    full = shape.low[rank, start] // shape.high[rank, before]
    through = full * _ceil(shape.low[rank, before], room)
    return float(max(direct, through))


@compiled
def allowed(chip: Chip, state: State, stage: int, rank: int) -> int:
    """Most instances of a rank on an array dimension, as far as is decided."""
    if not chip.carries[stage] >> rank & 1:
        return 1
    if state.cap[stage, rank] > 0:
        return state.cap[stage, rank]
    room = chip.room[stage]
    for other in range(chip.ranks):
        if state.cap[stage, other] > 0:
            room //= state.cap[stage, other]
    return max(room, 1)


@compiled
def steps(chip: Chip, shape: Shape, state: State):
    """Fewest time steps of the whole nest."""
    total = 1.0
    lanes = 1.0
    for stage in range(chip.stages):
        lanes *= chip.room[stage]
    points = 1.0
    for rank in range(shape.ranks):
        points *= shape.sizes[rank]
        start = before = 0
        stage = 0
        count = 1.0
        while stage < chip.stages and state.tile[stage, rank] >= 0:
            now = state.tile[stage, rank]
            if now != before:
                if chip.memory[stage] < 0:
                    if before != start:
                        count *= pieces(shape, rank, start, before)
                    start = now
                before = now
            stage += 1
        room = 1
        for rest in range(stage, chip.stages):
            if chip.memory[rest] < 0:
                room *= allowed(chip, state, rest, rank)
        total *= count * _rest(shape, rank, start, before, room)
    return max(total, math.ceil(points / lanes))


@compiled
def _window(chip: Chip, shape: Shape, state: State, window: int, above: int, end: int, unit: bool):
    """Fewest elements that the tiles of a window bring to a receiver, summed over all of them."""
    first = _side(chip, shape, state, window, 1, above, end, unit)
    second = _side(chip, shape, state, window, 2, above, end, unit)
    if first >= 0 and second >= 0:
        return shape.every[window, first, second]
    if not unit:
        return shape.every[window, 0, 0]
    # instances that stand apart may meet at any position, yet no more of them than of either rank
    one = _together(chip, shape, state, window, 1, above)
    other = _together(chip, shape, state, window, 2, above)
    alike = min(one, other) if shape.window[window, 3] else one * other
    row = shape.number[shape.window[window, 1]] - 1
    column = shape.number[shape.window[window, 2]] - 1 if shape.window[window, 2] >= 0 else 0
    return math.ceil(shape.every[window, row, column] / alike)


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
            if unit and (shared or _open(chip, state, operand, stage, end, rank, above) > 1):
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
    chip: Chip, state: State, operand: int, stage: int, end: int, rank: int, above: int
) -> int:
    """Most instances of a rank that dimensions not decided yet may unite."""
    room = 1
    for rest in range(stage, end):
        if chip.memory[rest] < 0 and _still(chip, state, operand, rest, rank, above):
            room *= allowed(chip, state, rest, rank)
    return room


@compiled
def _together(chip: Chip, shape: Shape, state: State, window: int, side: int, above: int) -> int:
    """Most instances over one rank of a window that are sent the same at a time."""
    operand, rank = shape.window[window, 0], shape.window[window, side]
    if rank < 0:
        return 1
    room = 1
    before = 0
    for stage in range(chip.stages):
        now = state.tile[stage, rank]
        if now < 0:
            return room * _open(chip, state, operand, stage, chip.stages, rank, above)
        if now != before and chip.memory[stage] < 0:
            if _still(chip, state, operand, stage, rank, above):
                room *= _ceil(shape.high[rank, before], shape.low[rank, now])
        before = now
    return room


@compiled
def _moved(chip: Chip, shape: Shape, state: State, operand: int, above: int, end: int, unit: bool):
    """(fewest, most) elements sent to a receiver; `state.free` must be of the same operand."""
    least = shape.base[operand]
    most = least
    for window in range(shape.windows):
        if shape.window[window, 0] == operand:
            least *= _window(chip, shape, state, window, above, end, unit)
            most = np.inf
    for rank in range(shape.ranks):
        if shape.relevant[operand] >> rank & 1:
            continue
        if unit:
            least *= _reads(chip, shape, state, operand, above, rank)
            most = np.inf
        else:
            low, high = _loads(chip, shape, state, operand, above, end, rank)
            least *= low
            most *= high
    return max(least, shape.distinct[operand] if not unit else 0.0), most


@compiled
def held(shape: Shape, state: State, operand: int, stage: int):
    """Fewest elements of the largest tile of an operand below a stage; undecided ranks count 1."""
    total = 1.0
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
    return total


@compiled
def fits(chip: Chip, shape: Shape, state: State, memory: int, wide: bool) -> bool:
    """Whether tiles can fit a memory, as far as is decided, its sums finished or `wide`."""
    stage = chip.start[memory] - 1
    total = 0.0
    last = chip.operands - 1
    for operand in range(chip.operands):
        if not state.keeps[memory] >> operand & 1:
            continue
        width = chip.stored[operand]
        if chip.home[operand] == memory:
            elements = shape.distinct[operand]
        else:
            elements = held(shape, state, operand, stage)
        if operand == last and wide:
            width = max(width, chip.partial)
        total += elements * width * (2 if state.doubled[memory] else 1)
    return total <= chip.capacity[memory]


@compiled
def _flows(chip: Chip, shape: Shape, state: State, decided: int, settled: int, since: int) -> bool:
    """Write the fewest bytes on the way into every memory and the unit into `state.flow`.

    What enters memories below at most `settled` stages is there already. Returns whether
    sums that are not whole yet can fit where they lie.
    """
    memories = chip.memories
    last = chip.operands - 1
    for operand in range(chip.operands):
        above = chip.home[operand]
        entered = entered_most = shape.distinct[operand]
        for below in range(above + 1, memories + 1):
            unit = below == memories
            if not unit and not state.keeps[below] >> operand & 1:
                continue
            begin, end = chip.start[above], chip.start[below]
            if end <= settled:
                entered = state.entered[below, operand, 0]
                entered_most = state.entered[below, operand, 1]
                above = below
                continue
            _loosen(chip, shape, state, operand, end, unit)
            sent, sent_most = _moved(chip, shape, state, operand, begin, end, unit)
            received, received_most = sent, sent_most
            shared = False
            for stage in range(begin, end):
                if chip.memory[stage] < 0 and chip.united[stage] >> operand & 1:
                    shared = True
            if shared and not unit:
                received, received_most = _moved(chip, shape, state, operand, end, end, unit)
            width = chip.stored[operand]
            tile = 0.0 if unit else held(shape, state, operand, end - 1)
            if operand < last:
                state.flow[below, operand, 0] = sent * width
                state.flow[below, operand, 1] = 0.0
                state.flow[below, operand, 2] = 0.0 if unit else received * width
                state.flow[below, operand, 3] = 0.0
                state.flow[below, operand, 4] = tile * width
            else:
                added = max(0.0, sent - entered_most)
                wide = min(width, chip.partial)
                if sent > shape.distinct[operand]:
                    wide = chip.partial
                    room = since == 1 or above >= since
                    if wide > width and room and not fits(chip, shape, state, above, True):
                        return False
                state.flow[below, operand, 0] = added * chip.partial
                if chip.partial >= width:
                    state.flow[below, operand, 1] = sent * width + added * (chip.partial - width)
                else:
                    state.flow[below, operand, 1] = (
                        entered * width + max(0.0, sent - entered) * chip.partial
                    )
                state.flow[below, operand, 2] = 0.0
                state.flow[below, operand, 3] = 0.0 if unit else received * wide
                state.flow[below, operand, 4] = tile * wide
            entered = received
            entered_most = received_most if end <= decided else np.inf
            state.entered[below, operand, 0] = entered
            state.entered[below, operand, 1] = entered_most
            above = below
    return True


@compiled
def _instances(chip: Chip, shape: Shape, state: State, begin: int, end: int):
    """(fewest, most) instances side by side over some stages."""
    least = 1.0
    most = 1.0
    for stage in range(begin, end):
        if chip.memory[stage] >= 0:
            continue
        open_most = 1.0
        for rank in range(shape.ranks):
            if not chip.carries[stage] >> rank & 1:
                continue
            now = state.tile[stage, rank]
            if now < 0:
                open_most *= allowed(chip, state, stage, rank)
                continue
            before = state.tile[stage - 1, rank] if stage else 0
            if now != before:
                least *= _ceil(shape.low[rank, before], shape.high[rank, now])
                trips = _ceil(shape.high[rank, before], shape.low[rank, now])
                open_most *= min(trips, allowed(chip, state, stage, rank))
        most *= min(open_most, float(chip.room[stage]))
    return least, most


@compiled
def weigh(chip: Chip, state: State) -> None:
    """Write what the flows into every memory and the unit add to the objective."""
    memories = chip.memories
    for below in range(memories + 1):
        state.weight[below] = 0.0
    for operand in range(chip.operands):
        above = chip.home[operand]
        for below in range(above + 1, memories + 1):
            if below < memories and not state.keeps[below] >> operand & 1:
                continue
            taken, given = state.flow[below, operand, 0], state.flow[below, operand, 1]
            total = taken * chip.weight_read[above] + given * chip.weight_written[above]
            for link in range(chip.links):
                if chip.crosses[link, above, below]:
                    total += (taken + given) * chip.weight_link[link]
            if below < memories:
                total += state.flow[below, operand, 2] * chip.weight_written[below]
                total += state.flow[below, operand, 3] * chip.weight_read[below]
            state.weight[below] += total
            above = below


@compiled
def flowing(chip: Chip, state: State, since: int):
    """What the flows into a memory and all further in add to the objective at least.

    For any of them, those further in are either bounded as they stand or by their own optimum.
    """
    best = 0.0
    before = 0.0
    memories = chip.memories
    for below in range(since, memories + 1):
        best = max(best, before + state.floor[below, 0])
        before += state.weight[below]
    return max(best, before)


@compiled
def inner_bound(
    chip: Chip, shape: Shape, state: State, decided: int, settled: int, since: int, timed: bool
):
    """What a memory and all further in add to the objective at least, or their least seconds."""
    if not _flows(chip, shape, state, decided, settled, since):
        return np.inf
    if timed:
        return staged_time(chip, shape, state, since)
    weigh(chip, state)
    return flowing(chip, state, since)


@compiled
def staged_time(chip: Chip, shape: Shape, state: State, since: int):
    """Least seconds of the unit and of the transfers into a memory and all further in."""
    memories = chip.memories
    operands = chip.operands
    last = operands - 1
    time = steps(chip, shape, state) * chip.cycle
    for below in range(memories - 1, since - 1, -1):
        transfer = 0.0
        fill = 0.0
        streams = False
        for operand in range(operands):
            if not state.keeps[below] >> operand & 1 or chip.home[operand] == below:
                continue
            streams = True
            above = chip.home[operand]
            for memory in range(above + 1, below):
                if state.keeps[memory] >> operand & 1:
                    above = memory
            least_up, up = _instances(chip, shape, state, 0, chip.start[above])
            across_least, across = _instances(
                chip, shape, state, chip.start[above], chip.start[below]
            )
            outer = _port_time(
                state.flow[below, operand, 0], state.flow[below, operand, 1], chip.reading[above], chip.writing[above],
                chip.shared[above] > 0, _maximum,
            )  # fmt: skip
            inner = _port_time(
                state.flow[below, operand, 3], state.flow[below, operand, 2], chip.reading[below], chip.writing[below],
                chip.shared[below] > 0, _maximum,
            )  # fmt: skip
            transfer += max(outer / up, inner / (up * across))
            speed = chip.writing[above] if operand == last else chip.reading[above]
            fill += state.flow[below, operand, 4] * across_least / speed
        if streams:
            time, _ = _staged(time, transfer, fill, state.doubled[below] > 0, _maximum, _minimum)
        time = max(time, state.floor[below, 1])
    return time


@compiled
def bound(chip: Chip, shape: Shape, state: State, decided: int, settled: int):
    """Least objective of all mappings that agree with a state; inf if none meets the limits.

    The first `decided` stages have all their tiles, and their order; the first `settled` had them
    when the state was bounded before.
    """
    memories = chip.memories
    operands = chip.operands
    last = operands - 1
    if not _flows(chip, shape, state, decided, settled, 1):
        return np.inf
    weigh(chip, state)
    rest = chip.weight_fixed + flowing(chip, state, 1)
    slowest = 0.0
    # ports
    for memory in range(memories):
        read, written = chip.fixed[memory, 0], chip.fixed[memory, 1]
        for operand in range(operands):
            if not state.keeps[memory] >> operand & 1:
                continue
            if memory != chip.home[operand]:
                read += state.flow[memory, operand, 3]
                written += state.flow[memory, operand, 2]
            below = _next(state, operand, memory, memories)
            read += state.flow[below, operand, 0]
            written += state.flow[below, operand, 1]
        rest += chip.fixed[memory, 0] * chip.weight_read[memory]
        rest += chip.fixed[memory, 1] * chip.weight_written[memory]
        if chip.weight_time > 0 or chip.latest < np.inf:
            _, ports = _instances(chip, shape, state, 0, chip.start[memory])
            busy = _port_time(
                read, written, chip.reading[memory], chip.writing[memory],
                chip.shared[memory] > 0, _maximum,
            )  # fmt: skip
            slowest = max(slowest, busy / ports)
    # links
    for link in range(chip.links):
        moved = 0.0
        for operand in range(operands):
            above = chip.home[operand]
            for below in range(above + 1, memories + 1):
                if below < memories and not state.keeps[below] >> operand & 1:
                    continue
                if chip.crosses[link, above, below]:
                    moved += state.flow[below, operand, 0] + state.flow[below, operand, 1]
                above = below
        slowest = max(slowest, moved / chip.linking[link])
    if chip.weight_time == 0 and chip.latest == np.inf:
        return rest
    time = staged_time(chip, shape, state, 1)
    time = max(time, slowest)
    time = max(time, chip.vector) if chip.vector >= 0 else time - chip.vector
    if time > chip.latest:
        return np.inf
    return time * rest if chip.product else rest + chip.weight_time * time


@compiled
def _next(state: State, operand: int, memory: int, memories: int) -> int:
    """The memory below that keeps an operand, or the unit."""
    for below in range(memory + 1, memories):
        if state.keeps[below] >> operand & 1:
            return below
    return memories
