"""Instances side by side, and how the vectors they take lie in memory. Compiled.

What is not decided yet is taken at its best, as in `counts`.
"""

from __future__ import annotations

from cosynth.mapper.compiled import compiled
from cosynth.mapper.counts import allowed
from cosynth.mapper.state import State
from cosynth.mapper.table import Chip, Shape


@compiled
def _ceil(a: int, b: int) -> int:
    return -(-a // b)


@compiled
def longest_run(
    chip: Chip, shape: Shape, state: State, operand: int, above: int, below: int
) -> float:
    """Most elements of an operand's vector that may lie side by side in the memory `above`."""
    begin = chip.start[above]
    whole = 1.0
    longest = 1.0
    for rank in range(shape.ranks):
        if not shape.relevant[operand] >> rank & 1:
            continue
        count = 1.0
        for stage in range(begin, chip.start[below]):
            if chip.memory[stage] >= 0:
                continue
            if chip.serial[stage] >> operand & 1:
                break
            if not chip.carries[stage] >> rank & 1:
                continue
            now = state.tile[stage, rank]
            before = state.tile[stage - 1, rank] if stage else 0
            if now < 0:
                count *= allowed(chip, shape, state, stage, rank)
            elif now != before:
                count *= _ceil(shape.high[rank, before], shape.low[rank, now])
        tile = state.tile[begin - 1, rank] if begin else 0
        least = 1 if tile < 0 else shape.low[rank, tile] if begin else shape.sizes[rank]
        if shape.beside[operand] >> rank & 1 and count >= least:
            whole *= count
        else:
            longest = max(longest, count)
    return whole * longest


@compiled
def instances(chip: Chip, shape: Shape, state: State, begin: int, end: int) -> tuple[float, float]:
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
                open_most *= allowed(chip, shape, state, stage, rank)
                continue
            before = state.tile[stage - 1, rank] if stage else 0
            if now != before:
                least *= _ceil(shape.low[rank, before], shape.high[rank, now])
                trips = _ceil(shape.high[rank, before], shape.low[rank, now])
                open_most *= min(trips, allowed(chip, shape, state, stage, rank))
        most *= min(open_most, float(chip.room[stage]))
    return least, most
