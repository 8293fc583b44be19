"""A mapping as nests that a walker of counted loops can take: no step of any of them is ragged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import cosynth.mapping as mp


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A loop that goes round `turns` times in steps of `step` of a rank."""

    level: str
    rank: str
    turns: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of a tile: loops outermost first, lanes of ranks side by side, where it starts.

    `start` is relative to the tile, `half` says where in the tile the half of the sums begins and
    how large it is by rank. `opens` and `closes` say whether it is the first and the last of the
    half that it adds to; one that `follows` adds to sums that were begun before its tile's part.
    """

    loops: tuple[Turn, ...]
    lanes: dict[str, int]
    start: dict[str, int]
    half: dict[str, tuple[int, int]]
    opens: bool = True
    closes: bool = True
    follows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """What the buffer holds at a time: where each rank starts, and how far it goes."""

    start: dict[str, int]
    size: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loop:
    level: str
    rank: str
    tile: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nest:
    """The loops of a mapping: over tiles, within one, and lanes by rank and dimension."""

    outer: tuple[_Loop, ...]
    inner: tuple[_Loop, ...]
    lanes: dict[str, int]
    dimension: dict[str, str]
    sizes: dict[str, int]
    reduced: frozenset[str] = field(default=frozenset())


def nest(mapping: mp.Mapping, sizes: Mapping[str, int], reduced: frozenset[str]) -> Nest:
    """Return the loops of a mapping on an engine; lanes of a rank take neighbours.

    Where a rank has loops below its lanes, these loops step over all lanes at once: that is the
    same work in the same time, and neighbours lie side by side.
    """
    left = dict(sizes)
    outer: list[_Loop] = []
    inner: list[_Loop] = []
    lanes: dict[str, int] = {}
    dimension: dict[str, str] = {}
    for level in mapping.levels:
        for loop in level.loops:
            tile = int(loop.tile)
            turns = -(-left[loop.rank] // tile)
            left[loop.rank] = tile
            if loop.dimension is not None:
                if turns > 1:
                    assert loop.rank not in lanes, loop.rank
                    lanes[loop.rank] = turns
                    dimension[loop.rank] = loop.dimension
                continue
            if turns == 1:
                continue
            one = _Loop(level=level.name, rank=loop.rank, tile=tile * lanes.get(loop.rank, 1))
            (outer if level.name == "dram" else inner).append(one)
    # sums stay where they are while only loops turn that they do not have
    over = [at for at, lp in enumerate(inner) if lp.level == "buffer" and lp.rank not in reduced]
    last = max(over, default=-1)
    for at, one in enumerate(inner):
        if at > last and one.level == "buffer":
            inner[at] = _Loop(level="sums", rank=one.rank, tile=one.tile)
    return Nest(
        outer=tuple(outer),
        inner=tuple(inner),
        lanes=lanes,
        dimension=dimension,
        sizes=dict(sizes),
        reduced=reduced,
    )


def tiles(one: Nest) -> Iterator[Tile]:
    """Tiles in the order in which they are computed."""

    def walk(at: int, start: dict[str, int], size: dict[str, int]) -> Iterator[Tile]:
        if at == len(one.outer):
            yield Tile(start=dict(start), size=dict(size))
            return
        loop = one.outer[at]
        begin, whole = start[loop.rank], size[loop.rank]
        for offset in range(0, whole, loop.tile):
            start[loop.rank] = begin + offset
            size[loop.rank] = min(loop.tile, whole - offset)
            yield from walk(at + 1, start, size)
        start[loop.rank], size[loop.rank] = begin, whole

    yield from walk(0, dict.fromkeys(one.sizes, 0), dict(one.sizes))


def segments(one: Nest, tile: Tile) -> Iterator[Segment]:
    """Parts of a tile without ragged steps, in order.

    A loop stays a loop while all its turns are alike; others are unrolled, with those around them.
    So are loops over the buffer that come back to sums they left.
    """
    boundary = sum(loop.level == "buffer" for loop in one.inner)
    returns = [at + 1 for at, loop in enumerate(one.inner[:boundary]) if loop.rank in one.reduced]
    forced = max(returns, default=0)
    yield from _walk(one, 0, dict(tile.size), dict.fromkeys(tile.size, 0), (), {}, boundary, forced)


def _ragged(one: Nest, at: int, left: Mapping[str, int]) -> bool:
    """Whether any loop from `at` on has a last step that is shorter than the others."""
    sizes = dict(left)
    for loop in one.inner[at:]:
        size = sizes[loop.rank]
        if size > loop.tile:
            if size % loop.tile:
                return True
            sizes[loop.rank] = loop.tile
    return any(sizes[rank] > count or sizes[rank] < 1 for rank, count in one.lanes.items())


def _walk(  # noqa: PLR0913 - the state of a recursion
    one: Nest,
    at: int,
    left: dict[str, int],
    start: dict[str, int],
    loops: tuple[Turn, ...],
    half: dict[str, tuple[int, int]],
    boundary: int,
    forced: int,
) -> Iterator[Segment]:
    if at == boundary and not half:
        half = {rank: (start[rank], left[rank]) for rank in left}
        found = list(_walk(one, at, left, start, loops, half, boundary, forced))
        for number, segment in enumerate(found):
            yield Segment(
                loops=segment.loops,
                lanes=segment.lanes,
                start=segment.start,
                half=segment.half,
                opens=number == 0,
                closes=number == len(found) - 1,
            )
        return
    if at == len(one.inner):
        lanes = {rank: left[rank] for rank in one.lanes}
        assert all(size <= one.lanes.get(rank, 1) for rank, size in left.items()), (left, one.lanes)
        yield Segment(loops=loops, lanes=lanes, start=dict(start), half=half)
        return
    loop = one.inner[at]
    size = left[loop.rank]
    if size <= loop.tile:
        yield from _walk(one, at + 1, left, start, loops, half, boundary, forced)
        return
    full, rest = divmod(size, loop.tile)
    within = {**left, loop.rank: loop.tile}
    begin = start[loop.rank]
    whole = at >= forced and not _ragged(one, at + 1, within)
    if whole:
        turn = Turn(level=loop.level, rank=loop.rank, turns=full, step=loop.tile)
        yield from _walk(one, at + 1, within, start, (*loops, turn), half, boundary, forced)
    offsets = range(full * loop.tile, size, loop.tile) if whole else range(0, size, loop.tile)
    for offset in offsets:
        part = {**left, loop.rank: min(loop.tile, size - offset)}
        moved = {**start, loop.rank: begin + offset}
        yield from _walk(one, at + 1, part, moved, loops, half, boundary, forced)
    assert not rest or all(turn.turns == 1 for turn in loops), "what is outside was unrolled"
