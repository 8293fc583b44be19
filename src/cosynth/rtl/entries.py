"""What a bank of a unit's registers holds, and for how many loops it serves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cosynth.rtl.segments import Turn
from cosynth.rtl.streams import coefficients
from cosynth.workload import Access


def life_of(loops: Sequence[Turn], stays: Access) -> int:
    """How many innermost loops one bank serves: those of registers, and above while it stays."""
    count = sum(turn.level == "registers" for turn in loops)
    while count < len(loops) and loops[count].rank not in stays.ranks:
        count += 1
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What a bank holds: `steps` entries between turns of its loops, and how it is filled.

    Loops that slide over one dimension share its elements: the bank holds each of them once.
    """

    steps: tuple[int, ...]
    fills: tuple[tuple[str, int, int], ...]  # (rank, turns, step), innermost first
    total: int


def entries_of(loops: Sequence[Turn], stays: Access) -> Entries:
    """Return what a bank holds for the loops it serves, innermost first."""
    steps = [0] * len(loops)
    fills: list[tuple[str, int, int]] = []
    total = 1
    done: set[int] = set()
    for at, turn in enumerate(loops):
        if at in done or turn.rank not in stays.ranks:
            continue
        window = _window(loops, at, stays)
        if window is None:
            steps[at] = total
            fills.append((turn.rank, turn.turns, turn.step))
            total *= turn.turns
            continue
        members, rank, extent = window
        for member, moves in members:
            steps[member] = moves * total
            done.add(member)
        fills.append((rank, extent, 1))
        total *= extent
    return Entries(steps=tuple(steps), fills=tuple(fills), total=total)


def _window(
    loops: Sequence[Turn], at: int, stays: Access
) -> tuple[list[tuple[int, int]], str, int] | None:
    """Loops over the dimension of one that overlap: (place, step), a unit rank, extent."""
    for table in coefficients(stays):
        if loops[at].rank not in table or len(table) < 2:
            continue
        members = [(n, table[t.rank] * t.step) for n, t in enumerate(loops) if t.rank in table]
        extent = 1 + sum(moves * (loops[n].turns - 1) for n, moves in members)
        product = math.prod(loops[n].turns for n, _ in members)
        unit = next((rank for rank, factor in table.items() if factor == 1), None)
        if unit is not None and extent < product and all(moves > 0 for _, moves in members):
            return members, unit, extent
    return None
