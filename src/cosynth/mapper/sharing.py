"""Operands that the unit reads cannot all be shared by all instances. Compiled.

Instances over a rank that an operand lacks read it at once. For each operand alone, all dimensions
that are still open may serve it; together they share what room there is.
"""

from __future__ import annotations

import math

from cosynth.mapper.compiled import compiled
from cosynth.mapper.state import State
from cosynth.mapper.table import Chip, Shape

# halvings of the search for the best split, in logarithms of instances
_HALVINGS = 24


@compiled
def _left(chip: Chip, shape: Shape, state: State) -> float:
    """Most instances on all dimensions that are not decided."""
    room = 1.0
    for stage in range(chip.stages):
        if chip.memory[stage] >= 0:
            continue
        here = chip.room[stage]
        undecided = False
        for rank in range(shape.ranks):
            now = state.tile[stage, rank]
            if now < 0:
                undecided = True
                continue
            before = state.tile[stage - 1, rank] if stage else 0
            if now != before:
                here //= max(-(-shape.low[rank, before] // shape.high[rank, now]), 1)
        if undecided:
            room *= max(here, 1)
    return room


@compiled
def _sides(shape: Shape, operand: int) -> tuple[int, int]:
    """The first and the second ranks of an operand's windows."""
    first = second = 0
    for window in range(shape.windows):
        if shape.window[window, 0] == operand:
            first |= 1 << shape.window[window, 1]
            if shape.window[window, 2] >= 0:
                second |= 1 << shape.window[window, 2]
    return first, second


@compiled
def shared_apart(chip: Chip, shape: Shape, state: State) -> float:
    """What the reads of the unit cost more than if each operand were shared by all there is.

    `state.reads` holds, per operand, what its reads cost if it alone is shared, and by how many.
    Least of sum of `c_i S_i / s_i` over `1 <= s_i <= S_i` with a product of at most the room left:
    `s_i` in proportion to the cost unshared, within its limits.
    """
    carried = 0
    for stage in range(chip.stages):
        carried |= chip.carries[stage]
    # ranks that two operands lack serve both at once: such operands count one by one
    taken = 0
    for operand in range(chip.operands):
        lacks = carried & ~shape.relevant[operand]
        if state.reads[operand, 1] > 1.0 and state.reads[operand, 0] > 0.0 and not lacks & taken:
            taken |= lacks
    number = 0
    product = 1.0
    met = 0
    for operand in range(chip.operands):
        cost, most = state.reads[operand, 0], state.reads[operand, 1]
        lacks = carried & ~shape.relevant[operand]
        if most > 1.0 and lacks & met:
            continue
        if most > 1.0 and cost > 0.0:
            met |= lacks
        if state.reads[operand, 2] > 1.0:
            # steps along a window share with as many of either of its ranks at most
            first, second = _sides(shape, operand)
            if state.reads[operand, 3] > 0 and not first & taken:
                taken |= first
                most *= state.reads[operand, 2]
            elif state.reads[operand, 4] > 0 and not second & taken:
                taken |= second
                most *= state.reads[operand, 2]
        if most > 1.0 and cost > 0.0:
            state.pool[number, 0] = cost * most
            state.pool[number, 1] = most
            product *= most
            number += 1
    if number < 2:
        return 0.0
    room = _left(chip, shape, state)
    if product <= room:
        return 0.0
    low, high = math.inf, 0.0
    for at in range(number):
        low = min(low, 1.0 / state.pool[at, 0])
        high = max(high, state.pool[at, 1] / state.pool[at, 0])
    low, high = math.log(low), math.log(high)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        factor = math.exp(middle)
        total = 1.0
        for at in range(number):
            total *= min(max(state.pool[at, 0] * factor, 1.0), state.pool[at, 1])
        if total > room:
            high = middle
        else:
            low = middle
    # at the upper end slightly more is shared than may be: a bound
    factor = math.exp(high)
    more = 0.0
    for at in range(number):
        cost, most = state.pool[at, 0], state.pool[at, 1]
        more += cost / min(max(cost * factor, 1.0), most) - cost / most
    return more
