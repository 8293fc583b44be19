"""Mappings whose rows stay within blocks: what is added before it is shifted has one shift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import cosynth.mapping as mp


def aligned(
    mapping: mp.Mapping, sizes: Mapping[str, int], blocks: tuple[str, int] | None
) -> Iterator[mp.Mapping]:
    """Yield the mapping with ever fewer lanes along the rank of blocks, each a part of a block.

    A loop over `sums` takes what the lanes leave. `blocks` are the rank and how many neighbours one
    block has; nothing is yielded without, nor where lanes already divide a block.
    """
    if blocks is None:
        return
    rank, block = blocks
    left = dict(sizes)
    for at, level in enumerate(mapping.levels):
        for loop in level.loops:
            lanes = -(-left[loop.rank] // int(loop.tile))
            if loop.rank == rank and loop.dimension is not None and lanes > 1:
                fewer = block if block % lanes else lanes
                while fewer >= lanes and fewer > 1 and block % lanes:
                    fewer //= 2
                while fewer >= 1:
                    if fewer < lanes:
                        yield _with(mapping, at, rank, fewer * int(loop.tile))
                    fewer = 0 if fewer == 1 else fewer // 2
                return
            left[loop.rank] = int(loop.tile)


def _with(mapping: mp.Mapping, at: int, rank: str, tile: int) -> mp.Mapping:
    """The mapping with one more loop over sums, before a level of lanes."""
    place = next(n for n in range(at, -1, -1) if mapping.levels[n].name == "sums")
    level = mapping.levels[place]
    loops = (*level.loops, mp.Loop(rank=rank, tile=tile))
    changed = replace(level, loops=loops)
    return replace(mapping, levels=(*mapping.levels[:place], changed, *mapping.levels[place + 1 :]))
