"""Exact traffic of a mapping: elements read, written, filled and added at every level.

What a step needs and the level below lacks is moved. A level keeps what it shares with the step
before as long as the innermost loop that changes its tile just advances; when a loop outside that
one advances, the tile is loaded anew. An operand read by the compute unit is read at every step.
Partial sums start at zero each time a tile enters a level and are added to the level above when it
leaves. `docs/rationale/mapping.md` derives the closed form used here from these rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cosynth.arrays import Array, either
from cosynth.hardware import Engine
from cosynth.mapping.footprint import (
    EACH,
    EVERY,
    SLIDING,
    UNION,
    Chain,
    Group,
    groups,
    largest,
    touched,
)
from cosynth.mapping.nest import Loop, Mapping
from cosynth.workload import Access, Einsum, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Elements of one tensor that cross one memory in a run of one copy, over all its instances.

    `fills` arrive from above, `reads` go down to operands, `updates` are partial sums from below,
    `additions` re-read what an update is added to, `drains` go up, `tile` is held by one instance.
    `whole` says that every update is a finished sum. Shapes are those of the tiles.
    """

    tensor: str
    part: str
    level: str
    fills: Array = 0
    reads: Array = 0
    updates: Array = 0
    additions: Array = 0
    drains: Array = 0
    tile: Array = 0
    whole: Array = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """All counts of a mapping, and its steps.

    `steps` are the time steps of the whole nest, `points` the scalar operations it performs.
    """

    counts: tuple[Counts, ...]
    steps: Array
    points: int
    lanes: Array

    def at(self, level: str) -> tuple[Counts, ...]:
        """Counts of the tensors that one memory keeps."""
        return tuple(counts for counts in self.counts if counts.level == level)


def part_of(einsum: Einsum, access: Access, role: str) -> str:
    """The part an operand plays: `output`, `weight` (learned, or the second factor), or `input`.

    A product of two activations, as in attention, has no learned factor: its second operand takes
    the place of the weight, as it does on real arrays.
    """
    if access is einsum.output:
        return "output"
    if role == "weight":
        return "weight"
    second = len(einsum.inputs) > 1 and access is einsum.inputs[1]
    return "weight" if einsum.contraction and second else "input"


def traffic(einsum: Einsum, workload: Workload, mapping: Mapping, engine: Engine) -> Traffic:
    """Count what `mapping` moves; tiles may be arrays of candidates and broadcast.

    The mapping must be legal (`cosynth.mapping.problems`). Counts are of one copy of the einsum.
    """
    nest = _Nest.of(einsum, mapping, engine)
    counts: list[Counts] = []
    for access, part in operands(einsum, workload):
        shape = workload.tensor(access.tensor).shape
        counts += _operand(nest, access, part, groups(access, einsum, shape))
    flags = {at: loop.dimension is None for at, loop in enumerate(nest.loops)}
    return Traffic(
        counts=tuple(counts),
        steps=nest.branches(einsum.ranks, flags),
        points=einsum.points,
        lanes=math.prod(nest.trips[at] for at, temporal in flags.items() if not temporal),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inflow:
    """What one memory takes in of one operand, or gives back: elements `sent` from or to the memory
    above, elements `received` by all instances, and `distinct` ones.
    """

    tensor: str
    part: str
    above: str
    sent: Array
    received: Array
    distinct: int


def inflow(
    einsum: Einsum, workload: Workload, mapping: Mapping, engine: Engine, level: str
) -> tuple[Inflow, ...]:
    """Count only what crosses into one memory; levels below it need not be mapped yet."""
    nest = _Nest.of(einsum, mapping, engine)
    found = []
    for access, part in operands(einsum, workload):
        chain = [name for name, tensors in nest.keeps if access.tensor in tensors]
        if level not in chain[1:]:
            continue
        parts = groups(access, einsum, workload.tensor(access.tensor).shape)
        above, start = chain[chain.index(level) - 1], nest.starts[level]
        slides = level not in nest.whole
        sent = _moved(nest, part, parts, nest.starts[above], start, slides=slides)
        shared = nest.shared(part, nest.starts[above], start)
        found.append(
            Inflow(
                tensor=access.tensor,
                part=part,
                above=above,
                sent=sent,
                received=(
                    _moved(nest, part, parts, start, start, slides=slides) if shared else sent
                ),
                distinct=_distinct(parts),
            )
        )
    return tuple(found)


@lru_cache(maxsize=4096)
def operands(einsum: Einsum, workload: Workload) -> tuple[tuple[Access, str], ...]:
    """The distinct operands of an einsum and the part each plays; the output comes last."""
    seen: dict[tuple[str, str], tuple[Access, str]] = {}
    for access in einsum.inputs:
        part = part_of(einsum, access, workload.tensor(access.tensor).role)
        seen.setdefault((access.tensor, str(access)), (access, part))
    return (*seen.values(), (einsum.output, "output"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nest:
    """The loops of a mapping, flat, with what traffic asks of them."""

    sizes: dict[str, int]
    loops: tuple[Loop, ...]
    trips: tuple[Array, ...]  # steps over a full tile of the loop around
    trivial: tuple[bool, ...]  # whether a loop has one step, for every candidate
    starts: dict[str, int]  # level -> number of loops above it
    keeps: tuple[tuple[str, tuple[str, ...]], ...]  # memory -> tensors, outermost first
    combines: tuple[tuple[str, ...], ...]  # per loop, the parts its array dimension unites
    whole: frozenset[str]  # memories that take in all of a window that moves

    @classmethod
    def of(cls, einsum: Einsum, mapping: Mapping, engine: Engine) -> _Nest:
        dimensions = {dimension.name: dimension for dimension in engine.dimensions}
        memories = {memory.name for memory in engine.memories}
        left: dict[str, Array] = dict(einsum.bounds)
        trips = []
        for loop in mapping.loops:
            trips.append(-(-left[loop.rank] // loop.tile))
            left[loop.rank] = loop.tile
        starts: dict[str, int] = {}
        at = 0
        for level in mapping.levels:
            starts[level.name] = at
            at += len(level.loops)
        united = []
        for loop in mapping.loops:
            dimension = dimensions[loop.dimension] if loop.dimension else None
            parts = dimension.multicast if dimension else ()
            united.append(parts + (("output",) if dimension and dimension.reduce else ()))
        return cls(
            sizes=einsum.sizes,
            loops=mapping.loops,
            trips=tuple(trips),
            trivial=tuple(
                trip == 1 if isinstance(trip, int) else bool(np.all(trip == 1)) for trip in trips
            ),
            starts=starts,
            keeps=tuple((lv.name, lv.keep) for lv in mapping.levels if lv.name in memories),
            combines=tuple(united),
            whole=frozenset(one.name for one in engine.memories if not one.slides),
        )

    def branches(self, ranks: Iterable[str], every: dict[int, Array]) -> Array:
        """Tiles of `ranks` met if loops flagged in `every` take all steps and the rest their first.

        Loops absent from `every` are below. A loop turns each class of equal tiles into full tiles
        and one ragged rest, so a chain of n loops has at most n + 1 classes.
        """
        total: Array = 1
        for rank in ranks:
            chain = [
                (self.loops[at].tile, flag)
                for at, flag in every.items()
                if self.loops[at].rank == rank and not self.trivial[at]
            ]
            plain = all(isinstance(tile, int) and isinstance(flag, bool) for tile, flag in chain)
            # what plain numbers give is asked for again by other operands and other mappings
            count = _pieces if plain else _each_pieces
            total = total * count(self.sizes[rank], tuple(chain))
        return total

    def shared(self, part: str, above: int, start: int) -> bool:
        """Whether an array between two levels unites instances for a part."""
        return any(part in united for united in self.combines[above:start])

    def tile(self, rank: str, above: int) -> Array:
        """Full tile of a rank below the first `above` loops."""
        tiles = [loop.tile for loop in self.loops[:above] if loop.rank == rank]
        return tiles[-1] if tiles else self.sizes[rank]


def _each_pieces(size: int, chain: tuple[tuple[Array, Array], ...]) -> Array:
    """Tiles of one rank below a chain of (tile, whether all steps are taken or the first alone)."""
    classes: list[tuple[Array, Array]] = [(size, 1)]
    for tile, flag in chain:
        full = sum(n * either(flag, left // tile, left >= tile) for left, n in classes)
        rests = [(either(flag, left % tile, left * (left < tile)), n) for left, n in classes]
        classes = [(tile, full), *((left, n * (left > 0)) for left, n in rests)]
    return sum(n for _, n in classes)


@lru_cache(maxsize=1 << 16)
def _pieces(size: int, chain: tuple[tuple[int, bool], ...]) -> int:
    """`_each_pieces` of plain numbers."""
    classes = [(size, 1)]
    for tile, flag in chain:
        full = sum(n * (left // tile if flag else left >= tile) for left, n in classes)
        rests = [(left % tile if flag else left * (left < tile), n) for left, n in classes]
        classes = [(tile, full), *((left, n) for left, n in rests if left)]
    return sum(n for _, n in classes)


def _operand(
    nest: _Nest, access: Access, part: str, parts: tuple[Group, ...]
) -> tuple[Counts, ...]:
    """Counts of one operand at every memory that keeps it, outermost first."""
    levels = [level for level, tensors in nest.keeps if access.tensor in tensors]
    distinct = _distinct(parts)
    entered: Array = distinct
    found: list[Counts] = []
    for here, below in zip(levels, [*levels[1:], None], strict=True):
        above = nest.starts[here]
        start, slides = nest.starts.get(below or ""), below not in nest.whole
        moved = _moved(nest, part, parts, above, start, slides=slides)
        home = here == levels[0]
        # the outermost memory of an operand holds all of it
        held = distinct if home else _held(nest, parts, above)
        base = Counts(tensor=access.tensor, part=part, level=here, tile=held)
        if part == "output":
            counts = replace(
                base,
                updates=moved,
                additions=moved - entered,
                drains=0 if home else entered,
                whole=moved == distinct,
            )
        else:
            counts = replace(base, reads=moved, fills=0 if home else entered)
        found.append(counts)
        if start is not None and nest.shared(part, above, start):
            entered = _moved(nest, part, parts, start, start, slides=slides)
        else:
            entered = moved
    return tuple(found)


def _distinct(parts: tuple[Group, ...]) -> int:
    return math.prod(touched(group, ()) if group.windows else group.sizes[0] for group in parts)


def _held(nest: _Nest, parts: tuple[Group, ...], above: int) -> Array:
    """Elements of the largest tile below the first `above` loops."""
    total: Array = 1
    for group in parts:
        if group.windows:
            at = [at for at in range(above) if nest.loops[at].rank in group.ranks]
            total = total * _counted(largest, nest, group, at, [EVERY] * len(at))
        else:
            total = total * nest.tile(group.ranks[0], above)
    return total


def _moved(
    nest: _Nest, part: str, parts: tuple[Group, ...], above: int, start: int | None, *, slides: bool
) -> Array:
    """Elements sent from a memory below `above` loops to what stands below `start` loops.

    With `start` None the receiver is the compute unit, which holds nothing; one that `slides` keeps
    what a window that moves still covers. Instances between the
    two that the array unites for this part are served once; with `above == start` none are, and the
    result is what the receivers take in.
    """
    relevant = {rank for group in parts for rank in group.ranks}
    end = len(nest.loops) if start is None else start
    # is there, inside this loop, a loop that changes the tile?
    outside: dict[int, Array] = {}
    changing: Array = start is None
    for at in reversed(range(end)):
        outside[at] = changing
        loop = nest.loops[at]
        if loop.dimension is None and loop.rank in relevant:
            changing = changing | (nest.trips[at] > 1)
    every: dict[int, Array] = {}
    kinds: dict[int, Array] = {}
    for at in range(end):
        if nest.loops[at].dimension is None:
            every[at] = outside[at]
            keeps = start is not None and slides
            kinds[at] = either(outside[at], EVERY, SLIDING) if keeps else EVERY
        else:
            united = at >= above and part in nest.combines[at]
            every[at] = not united
            kinds[at] = UNION if united else EACH
    irrelevant = [rank for rank in nest.sizes if rank not in relevant]
    total = nest.branches(irrelevant, every)
    for group in parts:
        if group.windows:
            mine = [at for at in range(end) if nest.loops[at].rank in group.ranks]
            total = total * _counted(touched, nest, group, mine, [kinds[at] for at in mine])
        else:
            total = total * group.sizes[0]
    return total


def _counted(
    count: Callable[[Group, Chain], int],
    nest: _Nest,
    group: Group,
    at: list[int],
    kinds: list[Array],
) -> Array:
    """Apply an exact count to every distinct chain of tiles among the candidates."""
    ranks = [group.ranks.index(nest.loops[place].rank) for place in at]
    tiles = [nest.loops[place].tile for place in at]
    if all(map(_plain, tiles)) and all(map(_plain, kinds)):
        return count(group, tuple(zip(ranks, tiles, kinds, strict=True)))
    shape = np.broadcast_shapes(*(np.shape(value) for value in [*tiles, *kinds]))
    if not shape:
        chain = zip(ranks, map(int, tiles), map(str, kinds), strict=True)
        return count(group, tuple(chain))
    columns = [_column(value, shape) for value in [*tiles, *kinds]]
    rows = list(zip(*columns, strict=True))
    n = len(at)
    known = {
        row: count(group, tuple(zip(ranks, row[:n], row[n:], strict=True))) for row in set(rows)
    }
    return np.array([known[row] for row in rows], dtype=np.int64).reshape(shape)


def _plain(value: Array) -> bool:
    return isinstance(value, (int, str))


def _column(value: Array, shape: tuple[int, ...]) -> list[int] | list[str]:
    """One plain entry per candidate."""
    if not np.shape(value):
        plain = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
        return [plain] * math.prod(shape)
    # most columns are of full shape: broadcasting those too would cost more than their copy
    full = value if np.shape(value) == shape else np.broadcast_to(value, shape)
    return full.ravel().tolist()
