"""Weights in the order in which the array reads them, with the shifts of their blocks among them.

An array that holds weights has a vector of shifts, one for each column, filled before the rows of
an entry. Where weights move, their vectors begin with shifts: one that all rows share, or, where
units keep sums, one for each row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.blocked import SHIFT_BITS
from cosynth.rtl.chip import Chip
from cosynth.rtl.entries import entries_of, life_of
from cosynth.rtl.segments import Segment, Tile
from cosynth.rtl.streams import Layout, Loops, Steps, Stream, Weave, coefficients
from cosynth.rtl.work import Work
from cosynth.workload import Access

Codes = NDArray[np.uint64]


def weave(
    chip: Chip,
    work: Work,
    rows: Sequence[str],
    columns: Sequence[str],
    tile: Tile,
    segment: Segment,
) -> Weave:
    """Return how the weights of a segment are read; `rows` and `columns` are ranks of lanes."""
    loops = tuple(reversed(segment.loops))
    held = chip.flow == "weight"
    lanes = [(rank, segment.lanes[rank], 1) for rank in (columns if held else rows)]
    turned = [(turn.rank, turn.turns, turn.step) for turn in loops]
    if held:
        life = life_of(loops, work.weight)
        fills = entries_of(loops[:life], work.weight).fills
        turned = [*fills, *turned[life:]]
    within = set(work.weight.ranks)
    return Weave(
        start=tuple((rank, tile.start[rank] + segment.start[rank]) for rank in sorted(within)),
        loops=tuple(loop for loop in turned if loop[0] in within and loop[1] > 1),
        rows=tuple((rank, segment.lanes[rank], 1) for rank in rows) if held else (),
        lanes=tuple(lanes),
        head=chip.head,
        apart=held,
    )


def layout(found: Sequence[Weave]) -> Layout:
    """Segments of a tile one after the other, equal ones once."""
    once = tuple(dict.fromkeys(found))
    size = sum(one.size for one in once)
    return Layout(order=(0,), start=(0,), extent=(size,), limits=(size,), weave=once)


def offset(found: Sequence[Weave], one: Weave) -> int:
    """Where a segment's vectors begin, in elements."""
    return sum(other.size for other in found[: found.index(one)])


def vectors(one: Weave, base: int, walk: Sequence[tuple[str, int, int]]) -> Stream:
    """Return the stream of vectors from `base` elements on; `walk` are all loops over groups."""
    turns, steps = [one.group // one.vector], [one.vector]
    ranks = {rank for rank, _ in one.start}
    moved = one.group
    for rank, count, _ in walk:
        turns.append(count)
        steps.append(moved if rank in ranks and count > 1 else 0)
        moved *= count if rank in ranks else 1
    still = (0,) * len(turns)
    loops = Loops(turns=tuple(turns), strides=(tuple(steps), still, still)).merged()
    return Stream(loops=loops, bases=(base, 0, 0), run=one.vector, a_limit=1, b_limit=one.vector,
                  grouped=0)  # fmt: skip


def content(one: Weave, access: Access, codes: Codes, shifts: Codes, bits: int) -> Codes:
    """Elements of `bits` bits in their order, from the codes and shifts of a whole tensor."""
    walked = (*one.lanes, *one.rows, *one.loops)
    place = _places(one, access, walked)
    groups = math.prod(turns for _, turns, _ in one.loops)
    width = math.prod(turns for _, turns, _ in one.lanes)
    shape = groups, -1, width
    found, by = (np.asarray(array[place]).reshape(shape) for array in (codes, shifts))
    if one.apart:
        return np.concatenate([by[:, :1], found], axis=1).reshape(-1)
    # shifts lie bit by bit, as many as find room; where one serves all rows the others are not read
    each = bits // SHIFT_BITS
    head = np.zeros((groups, 1, one.head), dtype=np.uint64)
    for lane in range(min(width, each * one.head)):
        head[:, :, lane // each] |= by[:, :, lane] << np.uint64(lane % each * SHIFT_BITS)
    return np.concatenate([head, found], axis=2).reshape(-1)


def _places(one: Weave, access: Access, walked: Steps) -> tuple[NDArray[np.int64], ...]:
    """Indices of all elements, by dimension of the tensor, innermost loop last."""
    at: dict[str, NDArray[np.int64]] = {rank: np.array(start) for rank, start in one.start}
    count = len(walked)
    for number, (rank, turns, step) in enumerate(walked):
        if rank in at:
            shape = [1] * count
            shape[count - 1 - number] = turns
            at[rank] = at[rank] + np.arange(turns).reshape(shape) * step
    whole = tuple(turns for _, turns, _ in reversed(walked))
    return tuple(
        np.broadcast_to(index.offset + sum(c * at[rank] for rank, c in table.items()), whole)
        for index, table in zip(access.indices, coefficients(access), strict=True)
    )


def tile_codes(one: Layout, access: Access, codes: Codes, shifts: Codes, bits: int) -> Codes:
    """The elements of a tile that is woven."""
    return np.concatenate([content(each, access, codes, shifts, bits) for each in one.weave])
