"""Mappings that ask less of the units' registers, for layers that the circuit cannot run else.

Lanes take neighbours in the circuit, so what slides lies further apart in a unit than a mapping
reckons: windows overlap less, and a bank must hold more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def _left(levels: list[mp.Level], sizes: Mapping[str, int]) -> dict[str, int]:
    """What loops of these levels leave of each rank."""
    found = dict(sizes)
    for level in levels:
        for loop in level.loops:
            found[loop.rank] = int(loop.tile)
    return found
