"""What each iteration of a group's shared loops does: tiles of the members, and what moves.

The loops outside count as they do for one einsum: what a step needs and the meeting memory lacks
is moved, and what two steps have in common stays as long as the innermost loop that changes the
tile just advances. A tensor that stays inside is not moved but made: the writer runs on what the
readers need and the memory lacks. So a window's rows are made once while the loop slides, and
anew, halo included, when a loop outside advances.

Loops have one rank each and ranks move one dimension of an operand each, so every count is a
product over the loops: `along` counts one loop cut into tiles, and `cosynth.mapper` multiplies.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from cosynth.arrays import Array
from cosynth.mapping.footprint import groups, touched
from cosynth.mapping.group import Family
from cosynth.mapping.placement import Order, common, size
from cosynth.workload import Access, Index

Interval = tuple[int, int]


# a member's steps along one loop, in order, each with how often it stands there in a row
Steps = tuple[tuple[Interval, int], ...]


# number of a member, number of one of its accesses (the last is what it writes)
Operand = tuple[int, int]


_Key = TypeVar("_Key", Operand, int, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A member's tile along one loop: steps, and where a window meets the edges of its operands.

    `windows` gives, by number of the access, the offset and size of the dimension the loop moves.
    """

    size: int
    windows: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Along:
    """One shared loop, cut: per member its tiles and how often; per operand what it touches.

    `every` sums the positions of all steps, `fresh` those that the step before lacked, `most` is
    the largest of a step; `held` is the largest window of an inside tensor. `steps` says how often
    each member runs, `length` the sum of its tiles, `longest` the largest. `stacked` loops have
    arrays of these, one entry per candidate, and no `cuts`.
    """

    cuts: dict[int, tuple[tuple[Cut, int], ...]]
    steps: dict[int, Array]
    length: dict[int, Array]
    longest: dict[int, Array]
    every: dict[Operand, Array]
    fresh: dict[Operand, Array]
    most: dict[Operand, Array]
    held: dict[str, Array]


def along(family: Family, order: Order, level: int, tile: int) -> Along:
    """Count one shared loop cut into tiles; see `Along`."""
    plain = _uniform(family, order.ranks[level])
    sliding = tuple(level == common(family, order, tensor) - 1 for tensor in family.inside)
    inner = tuple(level < depth for depth in order.depths)
    meets = tuple(level < common(family, order, tensor) for tensor in family.inside)
    total = size(family, order, level)
    return _along(family, order.ranks[level], inner, meets, sliding, total, tile, plain)


@lru_cache(maxsize=1 << 16)
def _along(  # noqa: PLR0913 - the key of a cache: what a loop's counts depend on
    family: Family,
    name: str,
    inner: tuple[bool, ...],
    meets: tuple[bool, ...],
    sliding: tuple[bool, ...],
    total: int,
    tile: int,
    plain: bool,
) -> Along:
    steps: dict[int, Steps] = {}
    held: dict[str, int] = {}
    tensors = {tensor: at for at, tensor in enumerate(family.inside)}
    for at in reversed(range(len(family.members))):
        if not inner[at] or at not in family.ranks[name]:
            continue
        tensor = family.members[at].write.tensor
        rank = family.ranks[name][at]
        number = tensors.get(tensor, -1)
        readers = [m for m in family.readers.get(tensor, ()) if m != at and inner[m]]
        if number >= 0 and meets[number] and rank in family.members[at].write.ranks:
            needed = [_needed(family, name, at, reader, steps[reader]) for reader in readers]
            needed = needed or [_regular(total, tile, plain)]
            joined = _joined([*needed, *_kept(family, name, at, needed)])
            held[tensor] = max(high - low for (low, high), _ in joined)
            steps[at] = _fresh(_joined(needed)) if sliding[number] else _joined(needed)
        else:
            steps[at] = _regular(total, tile, plain)
    every: dict[Operand, int] = {}
    fresh: dict[Operand, int] = {}
    most: dict[Operand, int] = {}
    for at, mine in steps.items():
        for number, access in enumerate(family.members[at].accesses):
            counted = _positions(family, at, access, family.ranks[name][at], mine)
            if counted:
                key = at, number
                every[key], fresh[key], most[key] = counted
    cuts = {at: _cuts(family, at, family.ranks[name][at], mine) for at, mine in steps.items()}
    return Along(
        cuts=cuts,
        steps={at: sum(n for _, n in found) for at, found in cuts.items()},
        length={at: sum(cut.size * n for cut, n in found) for at, found in cuts.items()},
        longest={at: max(cut.size for cut, _ in found) for at, found in cuts.items()},
        every=every,
        fresh=fresh,
        most=most,
        held=held,
    )


def stacked(found: Sequence[Along], shape: tuple[int, ...]) -> Along:
    """Candidates of one loop side by side, as arrays of a shape that broadcasts with the others."""

    def together(tables: list[dict[_Key, Array]]) -> dict[_Key, Array]:
        return {
            key: np.array([table[key] for table in tables], dtype=float).reshape(shape)
            for key in tables[0]
        }

    return Along(
        cuts={},
        steps=together([one.steps for one in found]),
        length=together([one.length for one in found]),
        longest=together([one.longest for one in found]),
        every=together([one.every for one in found]),
        fresh=together([one.fresh for one in found]),
        most=together([one.most for one in found]),
        held=together([one.held for one in found]),
    )


def _uniform(family: Family, name: str) -> bool:
    """Whether tiles of a shared rank are disjoint everywhere, so that equal steps need no order."""
    return all(
        index.plain
        for at, rank in family.ranks[name].items()
        for access in family.members[at].accesses
        for index in access.indices
        if rank in index.ranks
    )


def _regular(total: int, tile: int, plain: bool) -> Steps:
    full, rest = divmod(total, tile)
    if not plain:
        return tuple(((low, min(total, low + tile)), 1) for low in range(0, total, tile))
    steps: list[tuple[Interval, int]] = [((0, tile), full)] if full else []
    if rest:
        steps.append(((total - rest, total), 1))
    return tuple(steps)


def _needed(family: Family, name: str, writer: int, reader: int, steps: Steps) -> Steps:
    """Parts of the writer's rank that a reader's steps need, as intervals within its size."""
    tensor = family.members[writer].write.tensor
    rank, own = family.ranks[name][writer], family.ranks[name][reader]
    limit = family.members[writer].einsum.sizes[rank]
    found = []
    for access in family.members[reader].reads:
        if access.tensor != tensor:
            continue
        for made, read in zip(family.members[writer].write.indices, access.indices, strict=True):
            if made.ranks == (rank,) and made.plain:
                found.append(
                    tuple(
                        (_window(family, reader, read, own, span, limit), times)
                        for span, times in steps
                    )
                )
    return _joined(found)


def _kept(family: Family, name: str, writer: int, needed: Sequence[Steps]) -> list[Steps]:
    """What a member that reads its own last step needs kept besides."""
    tensor = family.members[writer].write.tensor
    if writer not in family.readers[tensor]:
        return []
    return [_needed(family, name, writer, writer, _fresh(_joined(needed)))]


def _window(
    family: Family, at: int, index: Index, rank: str, span: Interval, limit: int
) -> Interval:
    """Positions of a dimension between the first and last that a range of one rank touches."""
    if span[0] >= span[1]:
        return (0, 0)
    sizes = family.members[at].einsum.sizes
    if any(term.coefficient > 1 for term in index.terms):
        # the first stored position may lie inside the edge
        spans = {name: range(sizes[name]) for name in index.ranks} | {rank: range(*span)}
        mask = _mask(index, limit, spans)
        return ((mask & -mask).bit_length() - 1, mask.bit_length()) if mask else (0, 0)
    low = high = index.offset
    for term in index.terms:
        first, last = span if term.rank == rank else (0, sizes[term.rank])
        low += term.coefficient * (first // term.divisor)
        high += term.coefficient * ((last - 1) // term.divisor)
    low, high = max(low, 0), min(high + 1, limit)
    return (low, high) if low < high else (0, 0)


def _joined(parts: Sequence[Steps]) -> Steps:
    """Step by step, the interval around what several need."""
    if len(parts) == 1:
        return parts[0]
    found = []
    for rows in zip(*parts, strict=True):
        spans = [span for span, _ in rows if span[0] < span[1]]
        lows, highs = [span[0] for span in spans], [span[1] for span in spans]
        found.append(((min(lows), max(highs)) if spans else (0, 0), rows[0][1]))
    return tuple(found)


def _fresh(needed: Steps) -> Steps:
    """What each step needs and the one before did not leave."""
    found: list[tuple[Interval, int]] = []
    edge = None
    for (low, high), times in needed:
        if low >= high:
            found.append(((0, 0), times))
            continue
        # steps that stand for several are disjoint: nothing of them overlaps
        start = low if edge is None or times > 1 else max(low, min(edge, high))
        found.append(((start, high) if start < high else (0, 0), times))
        edge = high
    return tuple(found)


def _positions(
    family: Family, at: int, access: Access, rank: str, steps: Steps
) -> tuple[int, int, int] | None:
    """Stored positions of the dimension that a rank moves: all steps, fresh ones, the most."""
    shape = family.workload.tensor(access.tensor).shape
    for index, limit in zip(access.indices, shape, strict=True):
        if rank not in index.ranks:
            continue
        if index.plain:
            # a writer's steps overlap where its readers' windows do and nothing slides
            once = sum((high - low) * times for (low, high), times in _fresh(steps))
            total = sum((high - low) * times for (low, high), times in steps)
            return total, once, max(high - low for (low, high), _ in steps)
        every = fresh = most = before = 0
        sizes = family.members[at].einsum.sizes
        for (low, high), times in steps:
            if low >= high:
                continue
            spans = {name: range(sizes[name]) for name in index.ranks} | {rank: range(low, high)}
            now = _mask(index, limit, spans)
            count = now.bit_count()
            every += count * times
            fresh += (now & ~before).bit_count()
            most = max(most, count)
            before = now
        return every, fresh, most
    return None


def _mask(index: Index, limit: int, spans: dict[str, range]) -> int:
    """Bit set of the stored positions of one dimension: the sum set of its terms."""
    mask, lowest = 1, index.offset
    for term in index.terms:
        values = {term.coefficient * (at // term.divisor) for at in spans[term.rank]}
        low = min(values)
        shifted = 0
        for value in values:
            shifted |= mask << (value - low)
        mask, lowest = shifted, lowest + low
    mask = mask << lowest if lowest >= 0 else mask >> -lowest
    return mask & ((1 << limit) - 1)


def _cuts(family: Family, at: int, rank: str, steps: Steps) -> tuple[tuple[Cut, int], ...]:
    found: Counter[Cut] = Counter()
    for span, times in steps:
        if span[0] < span[1]:
            found[_cut(family, at, rank, span)] += times
    return tuple(found.items())


def _cut(family: Family, at: int, rank: str, span: Interval) -> Cut:
    windows = []
    for number, access in enumerate(family.members[at].accesses):
        shape = family.workload.tensor(access.tensor).shape
        for index, limit in zip(access.indices, shape, strict=True):
            if rank in index.ranks and not index.plain:
                low, high = _window(family, at, index, rank, span, limit)
                # where position 0 of the tile's own rank lies in what the operand holds of it
                start = index.offset + sum(
                    t.coefficient * (span[0] // t.divisor) for t in index.terms if t.rank == rank
                )
                windows.append((number, start - low, high - low))
    return Cut(size=span[1] - span[0], windows=tuple(windows))


def whole(family: Family, operand: Operand, moved: frozenset[str]) -> int:
    """Positions of an operand in all dimensions that ranks in `moved` leave alone."""
    at, number = operand
    one = family.members[at]
    access = one.accesses[number]
    shape = family.workload.tensor(access.tensor).shape
    product = 1
    for group in groups(access, one.einsum, shape):
        if moved.isdisjoint(group.ranks):
            product *= touched(group, ()) if group.windows else group.sizes[0]
    return product


def reloads(
    family: Family, order: Order, cuts: Sequence[Along], operand: Operand
) -> tuple[Array, Array]:
    """Elements of an operand that cross into the meeting memory, and of its largest tile there."""
    at, _ = operand
    depth = order.depths[at]
    mine = [level for level in range(depth) if operand in cuts[level].every]
    moved = frozenset(family.ranks[order.ranks[level]][at] for level in mine)
    total: Array = whole(family, operand, moved)
    tile = total * math.prod(cuts[level].most[operand] for level in mine)
    for level in range(mine[-1] + 1 if mine else 0):
        if level not in mine:
            total = total * cuts[level].steps[at]
        else:
            every = cuts[level].fresh if level == mine[-1] else cuts[level].every
            total = total * every[operand]
    return total, tile


def made(family: Family, order: Order, cuts: Sequence[Along], tensor: str) -> Array:
    """Elements of an inside tensor that the meeting memory holds at a time."""
    at = family.writer[tensor]
    levels = range(common(family, order, tensor))
    moved = frozenset(family.ranks[order.ranks[level]][at] for level in levels)
    operand = at, len(family.members[at].reads)
    held: list[Array] = [
        cuts[level].held.get(tensor, cuts[level].most.get(operand, 1)) for level in levels
    ]
    total: Array = whole(family, operand, moved)
    return total * math.prod(held)


def times(order: Order, cuts: Sequence[Along], at: int) -> Array:
    """How often a member runs."""
    return math.prod((cuts[level].steps[at] for level in range(order.depths[at])), start=1)


def served(family: Family, order: Order, cuts: Sequence[Along], operand: Operand) -> Array:
    """Elements of an operand that all runs of its member touch, each run counted anew."""
    at, _ = operand
    levels = range(order.depths[at])
    mine = [level for level in levels if operand in cuts[level].every]
    total: Array = whole(
        family, operand, frozenset(family.ranks[order.ranks[level]][at] for level in mine)
    )
    for level in levels:
        total = total * (cuts[level].every[operand] if level in mine else cuts[level].steps[at])
    return total
