"""Mappings that ask less of registers or sums, for layers that the circuit cannot run else.

Lanes take neighbours in the circuit, so what slides lies further apart in a unit than a mapping
reckons: windows overlap less, and a bank must hold more. And a mapping holds sums that are whole in
as many bits as outputs have, where the circuit keeps all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import cosynth.mapping as mp


def relieved(mapping: mp.Mapping, sizes: Mapping[str, int]) -> Iterator[mp.Mapping]:
    """Yield the mapping with ever fewer loops over registers: the outer ones go over `sums`.

    What is computed when stays the same; registers are filled more often. `sizes` are those of all
    ranks.
    """
    names = [level.name for level in mapping.levels]
    sums, registers = names.index("sums"), names.index("registers")
    levels = list(mapping.levels)
    while levels[registers].loops:
        loop, *rest = levels[registers].loops
        levels = _above(levels, (sums, registers), loop.rank, int(loop.tile), sizes)
        levels[registers] = replace(levels[registers], loops=tuple(rest))
        yield replace(mapping, levels=tuple(levels))


def shortened(mapping: mp.Mapping, sizes: Mapping[str, int]) -> Iterator[mp.Mapping]:
    """Yield the mapping with one loop over registers shorter, and another over `sums` for the rest.

    What registers hold of a rank is one step less, or a half, a quarter, and so on.
    """
    names = [level.name for level in mapping.levels]
    sums, registers = names.index("sums"), names.index("registers")
    ranks = [loop.rank for loop in mapping.levels[registers].loops]
    outside, left = (_left(list(mapping.levels[:at]), sizes) for at in (sums + 1, registers))
    for loop in mapping.levels[registers].loops:
        steps = -(-left[loop.rank] // int(loop.tile))
        if ranks.count(loop.rank) > 1:
            continue
        for fewer in sorted({steps - 1, *(steps >> by for by in range(1, steps.bit_length()))}):
            levels = list(mapping.levels)
            tile = fewer * int(loop.tile)
            levels = _above(levels, (sums, registers), loop.rank, tile, sizes)
            if fewer > 1 and levels[sums].loops[-1].tile < outside[loop.rank]:
                yield replace(mapping, levels=tuple(levels))


def _above(
    levels: list[mp.Level], between: tuple[int, int], rank: str, tile: int, sizes: Mapping[str, int]
) -> list[mp.Level]:
    """Levels with one more loop over the first of two memories, innermost there.

    Lanes are neighbours, so it steps over all of them: a `tile` of each.
    """
    upper, lower = between
    found = list(levels)
    for at in range(upper + 1, lower):
        left = _left(found[:at], sizes)
        lanes = {one.rank: -(-left[one.rank] // int(one.tile)) for one in found[at].loops}
        if rank in lanes:
            changed = (
                replace(one, tile=tile) if one.rank == rank else one for one in found[at].loops
            )
            found[at] = replace(found[at], loops=tuple(changed))
            tile *= lanes[rank]
    above = found[upper].loops
    found[upper] = replace(found[upper], loops=(*above, mp.Loop(rank=rank, tile=tile)))
    return found


def narrowed(
    mapping: mp.Mapping, sizes: Mapping[str, int], ranks: Collection[str]
) -> Iterator[mp.Mapping]:
    """Yield the mapping with ever fewer sums at a time: what has most of the `ranks` is halved.

    The loop over the other half goes over the buffer, or over DRAM where there is one over the rank
    already.
    """
    names = [level.name for level in mapping.levels]
    across, sums = names.index("across"), names.index("sums")
    levels = list(mapping.levels)
    while True:
        outside, inside = _left(levels[:across], sizes), _left(levels[: across + 1], sizes)
        beyond = _left(levels[: sums + 1], sizes)
        steps = {rank: -(-inside[rank] // beyond[rank]) for rank in ranks}
        rank = max(steps, key=lambda each: steps[each], default="")
        if steps.get(rank, 1) <= 1:
            return
        lanes, grain = -(-outside[rank] // inside[rank]), beyond[rank]
        tile = -(-steps[rank] // 2) * grain * lanes
        at = next(
            (at for at in reversed(range(across)) if any(o.rank == rank for o in levels[at].loops)),
            None,
        )
        if at is None:
            at = across - 1
            loops = (*levels[at].loops, mp.Loop(rank=rank, tile=tile))
        else:
            last = max(n for n, one in enumerate(levels[at].loops) if one.rank == rank)
            loops = tuple(
                replace(one, tile=tile) if n == last else one
                for n, one in enumerate(levels[at].loops)
            )
        levels[at] = replace(levels[at], loops=loops)
        levels[across] = replace(
            levels[across],
            loops=tuple(
                replace(one, tile=-(-steps[rank] // 2) * grain) if one.rank == rank else one
                for one in levels[across].loops
            ),
        )
        yield replace(mapping, levels=tuple(levels))


def _left(levels: list[mp.Level], sizes: Mapping[str, int]) -> dict[str, int]:
    """What loops of these levels leave of each rank."""
    found = dict(sizes)
    for level in levels:
        for loop in level.loops:
            found[loop.rank] = int(loop.tile)
    return found
