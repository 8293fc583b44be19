"""What any mapping costs at least that agrees with the decisions made so far. Compiled.

A state assigns, stage by stage, an interval of tiles to every rank, and an order to every block.
With all decided, and sizes that divide each other, the bound is the price.
"""

from __future__ import annotations

import numpy as np

from cosynth.cost.pipeline import port_time, staged
from cosynth.mapper.compiled import compiled
from cosynth.mapper.counts import held, loosen, moved, steps
from cosynth.mapper.lanes import instances, longest_run
from cosynth.mapper.sharing import shared_apart
from cosynth.mapper.state import (
    DRAINED,
    FILLED,
    FIRST,
    GIVEN,
    PASSED,
    READ,
    SAVED,
    TAKEN,
    TILE,
    WRITTEN,
    State,
)
from cosynth.mapper.table import Chip, Shape


@compiled
def _maximum(a: float, b: float) -> float:
    return max(b, a)


@compiled
def _minimum(a: float, b: float) -> float:
    return min(b, a)


_port_time = compiled(port_time)
_staged = compiled(staged)


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
    return bool(total <= chip.capacity[memory])


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
        width = chip.stored[operand]
        entered = entered_most = shape.distinct[operand]
        least = width
        for below in range(above + 1, memories + 1):
            unit = below == memories
            if not unit and not state.keeps[below] >> operand & 1:
                continue
            begin, end = chip.start[above], chip.start[below]
            if end <= settled:
                entered = state.entered[below, operand, 0]
                entered_most = state.entered[below, operand, 1]
                least = state.entered[below, operand, 2]
                above = below
                continue
            loosen(chip, shape, state, operand, below)
            sent, sent_most = moved(chip, shape, state, operand, begin, end, unit)
            received, received_most = sent, sent_most
            united = 1.0
            shared = False
            for stage in range(begin, end):
                if chip.memory[stage] < 0 and chip.united[stage] >> operand & 1:
                    shared = True
                    united *= chip.room[stage]
            if shared and not unit:
                received, received_most = moved(chip, shape, state, operand, end, end, unit)
            tile = 0.0 if unit else held(shape, state, operand, end - 1)
            flow = state.flow[below, operand]
            flow[PASSED], flow[TILE] = received, tile
            if operand < last:
                flow[TAKEN] = flow[READ] = sent * width
                flow[FILLED] = 0.0 if unit else received * width
                flow[FIRST] = tile * width
            else:
                if above < since and above != chip.home[operand]:
                    # loops further out may bring sums here more often, to be added to less often
                    entered_most = np.inf
                    least = min(width, chip.partial)
                # what comes to stand in a memory gets an update each time
                sent = max(sent, entered)
                taken = max(0.0, sent - entered_most) * chip.partial
                given = sent * chip.partial
                if least < chip.partial:
                    given -= min(sent, entered_most) * (chip.partial - least)
                else:
                    given += entered * (least - chip.partial)
                flow[TAKEN], flow[GIVEN] = taken, given
                flow[READ] = flow[WRITTEN] = sent * chip.partial
                known = end <= decided
                least = min(width, chip.partial)
                if sent > shape.distinct[operand]:
                    least = chip.partial
                    room = since == 1 or above >= since
                    wide = chip.partial > width
                    if wide and room and not fits(chip, shape, state, above, True):
                        return False
                elif known and sent_most == sent:
                    least = width
                flow[DRAINED] = 0.0 if unit else received * least
                flow[FIRST] = tile * least
                whole = min(received_most if known else np.inf, shape.distinct[operand] * united)
                flow[SAVED] = 0.0
                if least < chip.partial:
                    flow[SAVED] = whole * (chip.partial - least)
                elif least > chip.partial:
                    flow[SAVED] = received * (chip.partial - least)
            entered = received
            entered_most = received_most if end <= decided else np.inf
            state.entered[below, operand, 0] = entered
            state.entered[below, operand, 1] = entered_most
            state.entered[below, operand, 2] = least
            above = below
    return True


@compiled
def weigh(chip: Chip, shape: Shape, state: State) -> None:
    """Write what the flows into every memory and the unit add to the objective."""
    memories = chip.memories
    for below in range(memories + 1):
        state.weight[below] = 0.0
    for operand in range(chip.operands):
        above = chip.home[operand]
        for below in range(above + 1, memories + 1):
            if below < memories and not state.keeps[below] >> operand & 1:
                continue
            flow = state.flow[below, operand]
            total = (
                flow[READ] * chip.weight_read[above] + flow[WRITTEN] * chip.weight_written[above]
            )
            for link in range(chip.links):
                if chip.crosses[link, above, below]:
                    total += (flow[TAKEN] + flow[GIVEN]) * chip.weight_link[link]
            if below < memories:
                total += (flow[FILLED] - flow[SAVED]) * chip.weight_written[below]
                total -= flow[SAVED] * chip.weight_read[below]
            state.weight[below] += total
            if below == memories:
                state.reads[operand, 0] = total
            above = below
    state.weight[memories] += shared_apart(chip, shape, state)


@compiled
def flowing(chip: Chip, state: State, since: int) -> float:
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
) -> float:
    """What a memory and all further in add to the objective at least, or their least seconds."""
    if not _flows(chip, shape, state, decided, settled, since):
        return np.inf
    if timed:
        return staged_time(chip, shape, state, since)
    weigh(chip, shape, state)
    return flowing(chip, state, since)


@compiled
def staged_time(chip: Chip, shape: Shape, state: State, since: int) -> float:
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
            _, up = instances(chip, shape, state, 0, chip.start[above])
            across_least, across = instances(
                chip, shape, state, chip.start[above], chip.start[below]
            )
            outer = _port_time(
                state.flow[below, operand, TAKEN], state.flow[below, operand, GIVEN],
                chip.reading[above], chip.writing[above], chip.shared[above] > 0, _maximum,
            )  # fmt: skip
            inner = _port_time(
                state.flow[below, operand, DRAINED], state.flow[below, operand, FILLED],
                chip.reading[below], chip.writing[below], chip.shared[below] > 0, _maximum,
            )  # fmt: skip
            seconds = max(outer / up, inner / (up * across))
            seconds = max(seconds, _gathering(chip, shape, state, operand, above, below) / up)
            speed = chip.writing[above] if operand == last else chip.reading[above]
            first = state.flow[below, operand, FIRST] * across_least / speed
            for stage in range(chip.start[above], chip.start[below]):
                if chip.serial[stage] >> operand & 1:
                    _, ports = instances(chip, shape, state, 0, stage)
                    seconds = max(seconds, state.flow[below, operand, PASSED] * chip.tick / ports)
                    fewest, _ = instances(chip, shape, state, stage, chip.start[below])
                    first = max(first, state.flow[below, operand, TILE] * fewest * chip.tick)
            transfer += seconds
            fill += first
        if streams:
            time, _ = _staged(time, transfer, fill, state.doubled[below] > 0, _maximum, _minimum)
        time = max(time, state.floor[below, 1])
    return time


@compiled
def _gathering(
    chip: Chip, shape: Shape, state: State, operand: int, above: int, below: int
) -> float:
    """Least seconds in which all instances of a memory read an input's vectors."""
    if not chip.contiguous[above] or shape.packed[operand] or operand == chip.operands - 1:
        return 0.0
    run = longest_run(chip, shape, state, operand, above, below)
    sent = state.flow[below, operand, TAKEN] / chip.stored[operand]
    return float(sent * chip.tick / run)


@compiled
def _whole(chip: Chip, shape: Shape) -> tuple[float, float]:
    """Bytes that sums at home are not read for, and not written, against sums that come back."""
    output = chip.operands - 1
    distinct = shape.distinct[output]
    return distinct * chip.partial, distinct * (chip.partial - chip.stored[output])


@compiled
def _busiest(chip: Chip, shape: Shape, state: State) -> float:
    """Least seconds of the busiest memory port."""
    memories = chip.memories
    output = chip.operands - 1
    slowest = 0.0
    for memory in range(memories):
        read, written = chip.fixed[memory, 0], chip.fixed[memory, 1]
        gathering = 0.0
        for operand in range(chip.operands):
            if not state.keeps[memory] >> operand & 1:
                continue
            below = _next(state, operand, memory, memories)
            read += state.flow[below, operand, READ]
            written += state.flow[below, operand, WRITTEN]
            gathering = max(gathering, _gathering(chip, shape, state, operand, memory, below))
            if memory != chip.home[operand]:
                saved = state.flow[memory, operand, SAVED]
                read -= saved
                written += state.flow[memory, operand, FILLED] - saved
            elif operand == output:
                saved, spared = _whole(chip, shape)
                read -= saved
                written -= spared
        _, ports = instances(chip, shape, state, 0, chip.start[memory])
        busy = _port_time(
            read, written, chip.reading[memory], chip.writing[memory],
            chip.shared[memory] > 0, _maximum,
        )  # fmt: skip
        slowest = max(slowest, max(busy, gathering) / ports)
    return slowest


@compiled
def bound(chip: Chip, shape: Shape, state: State, decided: int, settled: int) -> float:
    """Least objective of all mappings that agree with a state; inf if none meets the limits.

    The first `decided` stages have all their tiles, and their order; the first `settled` had them
    when the state was bounded before.
    """
    memories = chip.memories
    operands = chip.operands
    if not _flows(chip, shape, state, decided, settled, 1):
        return np.inf
    weigh(chip, shape, state)
    rest = chip.weight_fixed + flowing(chip, state, 1)
    home = chip.home[operands - 1]
    read, written = _whole(chip, shape)
    rest -= read * chip.weight_read[home] + written * chip.weight_written[home]
    for memory in range(memories):
        rest += chip.fixed[memory, 0] * chip.weight_read[memory]
        rest += chip.fixed[memory, 1] * chip.weight_written[memory]
    slowest = 0.0
    if chip.weight_time > 0 or chip.latest < np.inf:
        slowest = _busiest(chip, shape, state)
    # links
    for link in range(chip.links):
        moved = 0.0
        for operand in range(operands):
            above = chip.home[operand]
            for below in range(above + 1, memories + 1):
                if below < memories and not state.keeps[below] >> operand & 1:
                    continue
                if chip.crosses[link, above, below]:
                    moved += state.flow[below, operand, TAKEN] + state.flow[below, operand, GIVEN]
                above = below
        slowest = max(slowest, moved / chip.linking[link])
    if chip.weight_time == 0 and chip.latest == np.inf:
        return float(rest)
    time = staged_time(chip, shape, state, 1)
    time = max(time, slowest)
    time = max(time, chip.vector) if chip.vector >= 0 else time - chip.vector
    if time > chip.latest:
        return np.inf
    return float(time * rest if chip.product else rest + chip.weight_time * time)


@compiled
def _next(state: State, operand: int, memory: int, memories: int) -> int:
    """The memory below that keeps an operand, or the unit."""
    for below in range(memory + 1, memories):
        if state.keeps[below] >> operand & 1:
            return below
    return memories
