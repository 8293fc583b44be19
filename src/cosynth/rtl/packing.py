"""Constant weights in blocks: what the array reads together lies together, whatever its ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.segments import Nest, Tile
from cosynth.rtl.streams import Layout
from cosynth.workload.einsum import Access, Index, Term

_LANE = "~"  # behind a rank's name: its place within a block


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """How a weight is cut: `lanes` neighbours of some of its ranks make a block.

    A dimension becomes two, one over blocks, and one within them that stands behind all others.
    """

    access: Access
    lanes: Mapping[str, int]
    order: tuple[int, ...]  # innermost first

    @property
    def split(self) -> Access:
        """The weight with both dimensions of each."""
        inner = (
            Index(terms=(Term(rank=f"{index.name}{_LANE}"),))
            if index.name in self.lanes
            else Index(terms=())
            for index in self.access.indices
        )
        return replace(self.access, indices=(*self.access.indices, *inner))

    def box(self, tile: Tile) -> Layout:
        """What a tile holds; `start` is where its elements begin in the weight."""
        start, blocks, within = [], [], []
        for index in self.access.indices:
            count = self.lanes.get(index.name or "", 1)
            low = index.offset + sum(t.coefficient * tile.start[t.rank] for t in index.terms)
            reach = sum(t.coefficient * (tile.size[t.rank] - 1) for t in index.terms)
            start.append(low)
            blocks.append(-(-(reach + 1) // count))
            within.append(count)
        zeros = (0,) * len(start)
        extent = (*blocks, *within)
        return Layout(order=self.order, start=(*start, *zeros), extent=extent, limits=extent)

    def within(self, layout: Layout) -> Layout:
        """The same box as readers see it: positions count from the tile's beginning."""
        return replace(layout, start=(0,) * len(layout.start))

    def start(self, start: Mapping[str, int]) -> dict[str, int]:
        """Where a vector stands, from the tile's beginning on."""
        found = {rank: at // self.lanes.get(rank, 1) for rank, at in start.items()}
        return found | {f"{rank}{_LANE}": 0 for rank in self.lanes}

    def vector(self, lanes: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Lanes of a vector: they go through a block."""
        return [(f"{rank}{_LANE}" if rank in self.lanes else rank, count) for rank, count in lanes]

    def walk(self, loops: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
        """Loops over blocks: rank, turns, step."""
        return [(rank, turns, step // self.lanes.get(rank, 1)) for rank, turns, step in loops]


def packing(access: Access, nest: Nest, vector: Sequence[str], others: Sequence[str]) -> Packing:
    """Return how a weight lies whose vectors go along some ranks, filled along `others`.

    A rank whose loops do not step by all its lanes is not cut.
    """
    plain = {index.name: dim for dim, index in enumerate(access.indices) if index.plain}
    lanes = {
        rank: nest.lanes[rank]
        for rank in vector
        if rank in plain and all(
            one.tile % nest.lanes[rank] == 0 for one in nest.inner if one.rank == rank
        )
    }  # fmt: skip
    dims = len(access.indices)
    first = [plain[rank] + dims for rank in vector if rank in lanes]
    inner = [loop.rank for loop in reversed(nest.inner)]
    wanted = dict.fromkeys((*vector, *others, *inner, *access.ranks))
    then = [plain[rank] for rank in wanted if rank in plain]
    found = dict.fromkeys((*first, *then, *range(2 * dims)))
    return Packing(access=access, lanes=lanes, order=tuple(found))


def blocks(values: NDArray[np.int64], layout: Layout) -> NDArray[np.int64]:
    """The elements of a box in the order in which they lie; what lies beyond the weight is zero."""
    dims = values.ndim
    counts, lanes = layout.extent[:dims], layout.extent[dims:]
    sizes = [n * m for n, m in zip(counts, lanes, strict=True)]
    whole = np.zeros(sizes, dtype=values.dtype)
    cut = values[tuple(slice(s, s + n) for s, n in zip(layout.start[:dims], sizes, strict=True))]
    whole[tuple(slice(0, n) for n in cut.shape)] = cut
    apart = whole.reshape([n for pair in zip(counts, lanes, strict=True) for n in pair])
    together = apart.transpose([*range(0, 2 * dims, 2), *range(1, 2 * dims, 2)])
    return together.transpose(tuple(reversed(layout.order))).reshape(-1)
