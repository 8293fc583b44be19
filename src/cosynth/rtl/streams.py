"""Vectors that a reader gathers: runs of elements side by side, and the loops over them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cosynth.errors import MappingError
from cosynth.workload import Access

Steps = tuple[tuple[str, int, int], ...]  # (rank, turns, step), innermost first


@dataclass(frozen=True, slots=True, kw_only=True)
class Weave:
    """Vectors that the array reads for a segment: `loops` over them that change them, `lanes`.

    Before the lanes of each lie `head` elements of shifts; or, if `apart`, a vector of shifts goes
    before those of the `rows`. `start` is where ranks begin.
    """

    start: tuple[tuple[str, int], ...]
    loops: Steps
    rows: Steps
    lanes: Steps
    head: int
    apart: bool

    @property
    def vector(self) -> int:
        """Elements of a vector."""
        return self.head + math.prod(turns for _, turns, _ in self.lanes)

    @property
    def group(self) -> int:
        """Elements between turns of the innermost loop."""
        rows = math.prod(turns for _, turns, _ in self.rows)
        return self.vector * (rows + 1 if self.apart else 1)

    @property
    def size(self) -> int:
        """Elements of all."""
        return self.group * math.prod(turns for _, turns, _ in self.loops)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A box of a tensor in memory: dimensions innermost first, where it starts, how far it goes.

    `limits` are the sizes of the whole tensor: what lies outside is padding and reads as zero.
    What is woven lies in one dimension, in the order in which the array reads it.
    """

    order: tuple[int, ...]
    start: tuple[int, ...]
    extent: tuple[int, ...]
    limits: tuple[int, ...]
    weave: tuple[Weave, ...] = ()

    @property
    def pitch(self) -> tuple[int, ...]:
        """Elements between neighbours of each dimension."""
        found = [0] * len(self.extent)
        step = 1
        for dim in self.order:
            found[dim] = step
            step *= self.extent[dim]
        return tuple(found)

    @property
    def size(self) -> int:
        """Elements of the box."""
        total = 1
        for one in self.extent:
            total *= one
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """Counted loops, innermost first, over several affine channels."""

    turns: tuple[int, ...] = ()
    strides: tuple[tuple[int, ...], ...] = ()  # [channel][loop]

    def merged(self) -> Loops:
        """Neighbours that walk on in the same steps become one."""
        turns: list[int] = []
        columns: list[list[int]] = [[] for _ in self.strides]
        for at, count in enumerate(self.turns):
            steps = [channel[at] for channel in self.strides]
            if count == 1:
                continue
            joins = (
                bool(turns)
                and turns[-1] * count <= 1 << 16
                and all(
                    step == column[-1] * turns[-1]
                    for step, column in zip(steps, columns, strict=True)
                )
            )
            if joins:
                turns[-1] *= count
                continue
            turns.append(count)
            for column, step in zip(columns, steps, strict=True):
                column.append(step)
        return Loops(turns=tuple(turns), strides=tuple(tuple(column) for column in columns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What a reader is told: see `reader.sv`."""

    loops: Loops
    bases: tuple[int, int, int]
    run: int
    a_limit: int
    b_limit: int
    grouped: int  # a bit for each loop over one vector: the innermost
    stride: int = 1  # between elements of a run


def coefficients(access: Access) -> tuple[dict[str, int], ...]:
    """Coefficient of each rank in each dimension; MappingError where one is not affine."""
    found = []
    for index in access.indices:
        if index.lookup is not None or any(t.divisor != 1 or t.modulus for t in index.terms):
            raise MappingError(f"{access}: {index} is not a sum of multiples of ranks")
        table: dict[str, int] = {}
        for term in index.terms:
            table[term.rank] = table.get(term.rank, 0) + term.coefficient
        found.append(table)
    return tuple(found)


def positions(access: Access, at: Mapping[str, int]) -> tuple[int, ...]:
    """Where an access stands in each dimension."""
    return tuple(
        index.offset + sum(c * at[rank] for rank, c in table.items())
        for index, table in zip(access.indices, coefficients(access), strict=True)
    )


def box(
    access: Access,
    start: Mapping[str, int],
    size: Mapping[str, int],
    shape: Sequence[int],
    order: tuple[int, ...],
) -> Layout:
    """The part of a tensor that a tile of ranks touches, inside the tensor."""
    low = positions(access, start)
    ends = []
    for first, table in zip(low, coefficients(access), strict=True):
        ends.append(first + sum(c * (size[rank] - 1) for rank, c in table.items()))
    begin = tuple(min(max(one, 0), most - 1) for one, most in zip(low, shape, strict=True))
    extent = tuple(
        max(min(end, most - 1) - first + 1, 1)
        for first, end, most in zip(begin, ends, shape, strict=True)
    )
    return Layout(order=order, start=begin, extent=extent, limits=tuple(shape))


def lane_order(access: Access, layout: Layout, ranks: Sequence[str]) -> tuple[str, ...]:
    """Ranks of lanes in the order in which their elements lie, nearest first."""
    steps = rank_steps(access, layout)
    return tuple(sorted(ranks, key=lambda rank: (steps.get(rank, 0) or 1 << 40, ranks.index(rank))))


def rank_steps(access: Access, layout: Layout) -> dict[str, int]:
    """Elements between neighbours of each rank."""
    found: dict[str, int] = {}
    for table, pitch in zip(coefficients(access), layout.pitch, strict=True):
        for rank, coefficient in table.items():
            found[rank] = found.get(rank, 0) + coefficient * pitch
    return found


def stream(  # noqa: PLR0913 - what a vector depends on
    access: Access,
    layout: Layout,
    base: int,
    start: Mapping[str, int],
    lanes: Sequence[tuple[str, int]],
    loops: Sequence[tuple[str, int, int]],
    *,
    merge: bool = True,
    strided: bool = False,
) -> Stream:
    """Return the runs of vectors whose `lanes` (rank, count), innermost first, are elements.

    `loops` (rank, turns, step), innermost first, say what comes after what; a rank the operand does
    not have repeats. `base` is where the box lies, in elements; `start` where the first vector
    stands, in the whole tensor's ranks. `strided` readers may take every second element of a run.
    """
    steps = rank_steps(access, layout)
    pitch = layout.pitch
    here = positions(access, start)
    table = coefficients(access)
    padded = [dim for dim in range(len(pitch)) if _leaves(dim, here, table, layout, lanes, loops)]
    run = 1
    merged: list[str] = []
    rest = list(lanes)
    nearest = next((steps.get(rank, 0) for rank, count in lanes if count > 1), 1)
    stride = 2 if strided and nearest == 2 else 1
    while rest and (rest[0][1] == 1 or steps.get(rest[0][0], 0) == run * stride):
        rank, count = rest[0]
        # what leaves the tensor along a run does so at its ends alone
        if count > 1 and any(rank not in table[dim] for dim in _along(padded, table, merged)):
            break
        rest.pop(0)
        merged += [rank] if count > 1 else []
        run *= count
    groups = [(count, {rank: 1}) for rank, count in rest]  # turns, and ranks that move
    walk = groups + [(turns, {rank: step}) for rank, turns, step in loops]
    address = base + sum(
        p * (at - first) for p, at, first in zip(pitch, here, layout.start, strict=True)
    )
    inside = _along(padded, table, merged)
    outside = [dim for dim in padded if dim not in inside]
    if len(inside) > 1 or len(padded) > 2:
        raise MappingError(f"{access}: padding in {len(padded)} dimensions of a vector")
    a_dim = outside[0] if outside else None
    b_dim = inside[0] if inside else outside[1] if len(outside) > 1 else None
    whole = run * stride
    scale = 0 if b_dim is None else pitch[b_dim] if inside else whole
    channels: list[list[int]] = [[], [], []]
    for _, moves in walk:
        moved = [sum(c * moves.get(rank, 0) for rank, c in one.items()) for one in table]
        channels[0].append(sum(p * m for p, m in zip(pitch, moved, strict=True)))
        channels[1].append(0 if a_dim is None else moved[a_dim])
        channels[2].append(0 if b_dim is None else moved[b_dim] * scale)
    b = 0
    if b_dim is not None:
        b = here[b_dim] * scale
        if inside:  # elements of inner dimensions come before
            b += sum(
                pitch[dim] * (here[dim] - layout.start[dim])
                for dim in range(len(pitch))
                if pitch[dim] < pitch[b_dim]
            )
    counts = tuple(turns for turns, _ in walk)
    cut = len(groups)
    inner, outer = (
        Loops(turns=counts[part], strides=tuple(tuple(channel[part]) for channel in channels))
        for part in (slice(cut), slice(cut, None))
    )
    if merge:
        inner, outer = inner.merged(), outer.merged()
    return Stream(
        loops=Loops(
            turns=inner.turns + outer.turns,
            strides=tuple(a + b for a, b in zip(inner.strides, outer.strides, strict=True)),
        ),
        bases=(address, 0 if a_dim is None else here[a_dim], b),
        run=run,
        a_limit=1 if a_dim is None else layout.limits[a_dim],
        b_limit=whole if b_dim is None else layout.limits[b_dim] * scale,
        grouped=(1 << len(inner.turns)) - 1,
        stride=stride,
    )


def _along(
    padded: Sequence[int], table: Sequence[dict[str, int]], merged: Sequence[str]
) -> list[int]:
    """Those of the padded dimensions along which a run goes."""
    return [dim for dim in padded if any(rank in table[dim] for rank in merged)]


def _leaves(
    dim: int,
    here: Sequence[int],
    table: Sequence[dict[str, int]],
    layout: Layout,
    lanes: Sequence[tuple[str, int]],
    loops: Sequence[tuple[str, int, int]],
) -> bool:
    """Whether a dimension's positions leave the tensor."""
    low = high = here[dim]
    for rank, turns, step in itertools.chain(((r, n, 1) for r, n in lanes), loops):
        reach = table[dim].get(rank, 0) * (turns - 1) * step
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low < 0 or high >= layout.limits[dim]


def counted(one: Stream) -> int:
    """Runs that a stream reads."""
    total = 1
    for turns in one.loops.turns:
        total *= turns
    return total


__all__ = [
    "Layout", "Loops", "Stream", "box", "coefficients", "counted", "lane_order", "positions",
    "rank_steps", "replace", "stream",
]  # fmt: skip
