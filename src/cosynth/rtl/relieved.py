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
        tile = int(loop.tile)
        for at in range(sums + 1, registers):
            left = _left(levels[:at], sizes)
            lanes = {one.rank: -(-left[one.rank] // int(one.tile)) for one in levels[at].loops}
            if loop.rank in lanes:
                # lanes are neighbours, so the loop steps over all of them
                changed = (
                    replace(one, tile=tile) if one.rank == loop.rank else one
                    for one in levels[at].loops
                )
                levels[at] = replace(levels[at], loops=tuple(changed))
                tile *= lanes[loop.rank]
        above = levels[sums].loops
        levels[sums] = replace(levels[sums], loops=(*above, replace(loop, tile=tile)))
        levels[registers] = replace(levels[registers], loops=tuple(rest))
        yield replace(mapping, levels=tuple(levels))


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
