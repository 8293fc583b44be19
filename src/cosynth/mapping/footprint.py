"""Which elements of a tensor a tile touches, counted exactly.

The dimensions of an access fall into groups that share no rank, so that a tile touches the product
of what it touches in each group. A group of one bare rank partitions its dimension and has a closed
form. Any other group (a sliding window, `h//4`, padding) is counted from bit masks, once per
distinct chain of tiles, or in closed form where no tile has holes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cosynth.mapping.intervals import Span, longest, total
from cosynth.workload import Access, Einsum, Index, Term

# How one loop of a chain counts: every step; every step, less what the step before held; every
# instance; the union over instances.
EVERY, SLIDING, EACH, UNION = "every", "sliding", "each", "union"

# (position of the rank in the group, tile, how the loop counts)
Chain = tuple[tuple[int, int, str], ...]
# dimensions as index expressions with their sizes
Windows = tuple[tuple[Index, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Dimensions of an access connected by common ranks, with the sizes of both.

    `windows` is empty for a bare rank, which touches each position of its dimension once. Groups
    are interned: identity is equality.
    """

    ranks: tuple[str, ...]
    sizes: tuple[int, ...]
    windows: Windows = ()


@lru_cache(maxsize=4096)
def groups(access: Access, einsum: Einsum, shape: tuple[int, ...]) -> tuple[Group, ...]:
    """Split an access of a tensor of this shape into its groups, in order of appearance."""
    sizes = einsum.sizes
    found: list[Group] = []
    pending: list[tuple[tuple[str, ...], Windows]] = []
    for index, size in zip(access.indices, shape, strict=True):
        if index.lookup is not None:
            # every look-up is taken to hit another row
            pending += [((rank,), ()) for rank in index.ranks]
        elif index.ranks:
            windows: Windows = () if _partitions(index, sizes, size) else ((index, size),)
            pending.append((index.ranks, windows))
    while pending:
        ranks, windows = pending.pop(0)
        for other in [item for item in pending if set(item[0]) & set(ranks)]:
            pending.remove(other)
            # a bare rank that also stands in a window adds no element of its own
            ranks = tuple(dict.fromkeys(ranks + other[0]))
            windows = windows + other[1]
        found.append(_interned(ranks, tuple(sizes[rank] for rank in ranks), windows))
    return tuple(found)


@lru_cache(maxsize=4096)
def _interned(ranks: tuple[str, ...], sizes: tuple[int, ...], windows: Windows) -> Group:
    return Group(ranks=ranks, sizes=sizes, windows=windows)


def plain_group(group: Group) -> Group:
    """The same group with its ranks named by position: equal for equal windows of any einsum."""
    names = {rank: str(at) for at, rank in enumerate(group.ranks)}
    windows = tuple(
        (replace(index, terms=tuple(replace(t, rank=names[t.rank]) for t in index.terms)), size)
        for index, size in group.windows
    )
    return _interned(tuple(names.values()), group.sizes, windows)


def _partitions(index: Index, sizes: dict[str, int], size: int) -> bool:
    """Whether each step of a single rank touches one stored position of its own."""
    if len(index.terms) != 1 or index.terms[0].divisor != 1 or index.terms[0].modulus:
        return False
    term = index.terms[0]
    last = term.coefficient * (sizes[term.rank] - 1) + index.offset
    return min(index.offset, last) >= 0 and max(index.offset, last) < size


def touched(group: Group, chain: Chain) -> int:
    """Elements touched, summed over all states of a chain of loops; tiles need not divide.

    Loops of one step are left out before the cache is asked, so that chains meet more often.
    """
    return _touched(group, _united(_shortened(group, chain)))


def largest(group: Group, chain: Chain) -> int:
    """Elements of the largest single tile that a chain of loops leaves."""
    return _largest(group, tuple((rank, tile, EVERY) for rank, tile, _ in _shortened(group, chain)))


def _united(chain: Chain) -> Chain:
    """Without the innermost loops of a rank that unite what the loops around them left whole.

    Only where nothing slides: what slides is counted instance by instance.
    """
    if any(kind == SLIDING for _, _, kind in chain):
        return chain
    kept = list(chain)
    for rank in {rank for rank, _, _ in chain}:
        for loop in reversed([loop for loop in chain if loop[0] == rank]):
            if loop[2] != UNION:
                break
            kept.remove(loop)
    return tuple(kept)


def _shortened(group: Group, chain: Chain) -> Chain:
    left = list(group.sizes)
    kept = []
    for rank, tile, kind in chain:
        if tile < left[rank]:
            kept.append((rank, tile, kind))
            left[rank] = tile
    return tuple(kept)


@lru_cache(maxsize=1 << 18)
def _touched(group: Group, chain: Chain) -> int:
    slides = any(kind == SLIDING for _, _, kind in chain)
    states = [
        _spans(size, tuple(loop[1:] for loop in chain if loop[0] == rank))
        for rank, size in enumerate(group.sizes)
    ]
    connected = _connected(group, states)
    if connected is not None:
        return _intervals(group, chain, connected)
    count = 0
    for state in itertools.product(*states):
        fresh = 0
        for instance in itertools.product(*state):
            mask = _mask(group, tuple([now for now, _ in instance]))
            before = [held for _, held in instance if held is not None]
            if slides and len(before) == len(instance):
                mask &= ~_mask(group, tuple(before))
            fresh |= mask
        count += fresh.bit_count()
    return count


@lru_cache(maxsize=1 << 18)
def _largest(group: Group, chain: Chain) -> int:
    states = [
        _spans(size, tuple(loop[1:] for loop in chain if loop[0] == rank))
        for rank, size in enumerate(group.sizes)
    ]
    connected = _connected(group, states)
    if connected is not None:
        index, size = group.windows[0]
        first, second = ([now for ((now, _),) in found] for found in connected)
        return longest(first, second, index.offset, size)
    boxes = itertools.product(*([now for ((now, _),) in found] for found in states))
    return max(_mask(group, box).bit_count() for box in boxes)


States = Sequence[Sequence[Sequence[Span]]]
_POINT: Sequence[Sequence[Span]] = [[((0, 1), (0, 1))]]


def _connected(group: Group, states: States) -> tuple[Sequence[Sequence[Span]], ...] | None:
    """Spans in positions instead of steps, where every tile touches an interval; else None.

    Two ranks of strides a and 1 leave no hole where each tile of the second is at least a long, or
    where each tile of the first is a single step.
    """
    if len(group.windows) != 1 or len(group.ranks) > 2:
        return None
    terms = {term.rank: term for term in group.windows[0][0].terms}
    simple = all(t.divisor == 1 and not t.modulus and t.coefficient > 0 for t in terms.values())
    if not simple or len(group.windows[0][0].terms) != len(group.ranks):
        return None
    strides = [terms[rank].coefficient for rank in group.ranks]
    for stride, own, others in zip(strides, states, reversed([*states]), strict=True):
        alone = len(states) == 1
        if stride > 1 and max(_lengths(own)) > 1 and (alone or min(_lengths(others)) < stride):
            return None
    found = [_scaled(own, stride) for stride, own in zip(strides, states, strict=True)]
    if len(found) == 2 and min(strides) > 1:
        return None
    return (*found, _POINT) if len(found) == 1 else tuple(found)


def _lengths(states: Sequence[Sequence[Span]]) -> set[int]:
    return {now[1] - now[0] for state in states for now, _ in state}


def _scaled(states: Sequence[Sequence[Span]], stride: int) -> Sequence[Sequence[Span]]:
    if stride == 1:
        return states
    return [
        [(_stretched(now, stride), held and _stretched(held, stride)) for now, held in state]
        for state in states
    ]


def _stretched(steps: tuple[int, int], stride: int) -> tuple[int, int]:
    return steps[0] * stride, (steps[1] - 1) * stride + 1


def _intervals(group: Group, chain: Chain, states: tuple[Sequence[Sequence[Span]], ...]) -> int:
    """Count a window without holes in closed form."""
    index, size = group.windows[0]
    slider = next((rank for rank, _, kind in chain if kind == SLIDING), None)
    moving = 0 if slider is None else slider
    spans = [
        [(now, held if slider is not None else None) for now, held in state]
        for state in states[moving]
    ]
    ranges = [[now for now, _ in state] for state in states[1 - moving]]
    return total(spans, ranges, index.offset, size)


@lru_cache(maxsize=1 << 14)
def _spans(size: int, loops: tuple[tuple[int, str], ...]) -> tuple[tuple[Span, ...], ...]:
    """Per state of a rank's loops, the spans of the instances that a UNION takes together."""
    states: list[list[Span]] = [[((0, size), (0, size))]]
    left = size
    for tile, kind in loops:
        steps = range(-(-left // tile))
        left = tile
        if kind == UNION:
            cuts = [
                [_cut(span, tile, at, at) for span in state for at in steps] for state in states
            ]
        else:
            back = 1 if kind == SLIDING else 0
            cuts = [
                [_cut(span, tile, at, at - back) for span in state]
                for state in states
                for at in steps
            ]
        states = [kept for spans in cuts if (kept := [span for span in spans if span])]
    return tuple(tuple(state) for state in states)


def _cut(span: Span, tile: int, at: int, before: int) -> Span | None:
    """Tile number `at` of a span, and tile `before` of what it was; None past a ragged edge."""
    now, held = _tile(span[0], tile, at), None
    if before >= 0 and span[1] is not None:
        held = _tile(span[1], tile, before)
    return None if now is None else (now, held)


def _tile(span: tuple[int, int], tile: int, at: int) -> tuple[int, int] | None:
    low = span[0] + at * tile
    return (low, min(span[1], low + tile)) if low < span[1] else None


@lru_cache(maxsize=1 << 18)
def _mask(group: Group, ranges: tuple[tuple[int, int], ...]) -> int:
    """Bit set of the positions touched by ranges of the ranks; positions outside are padding."""
    if not group.windows:
        ((low, high),) = ranges
        return ((1 << (high - low)) - 1) << low
    spans = dict(zip(group.ranks, (range(low, high) for low, high in ranges), strict=True))
    if len(group.windows) == 1:
        index, size = group.windows[0]
        return _line(index, size, spans)
    mask = 0
    for point in itertools.product(*spans.values()):
        place = _position(group, dict(zip(group.ranks, point, strict=True)))
        mask |= 1 << place if place >= 0 else 0
    return mask


def _line(index: Index, size: int, spans: dict[str, range]) -> int:
    """Positions of one dimension: the sum set of what its terms can be."""
    mask, lowest = 1, index.offset
    for rank, span in spans.items():
        terms = [term for term in index.terms if term.rank == rank]
        if len(terms) == 1 and terms[0].divisor == 1 and not terms[0].modulus:
            step = terms[0].coefficient
            mask = _run(mask, abs(step), len(span))
            lowest += step * (span.start if step > 0 else span.stop - 1)
            continue
        values = {sum(t.coefficient * _reduced(t, at) for t in terms) for at in span}
        low = min(values)
        mask = _shifted(mask, (value - low for value in values))
        lowest += low
    mask = mask << lowest if lowest >= 0 else mask >> -lowest
    return mask & ((1 << size) - 1)


def _run(mask: int, step: int, count: int) -> int:
    """Sum set with 0, step, 2 step, ...: doubled until there are `count`."""
    done = 1
    while done < count:
        more = min(done, count - done)
        mask |= mask << (more * step)
        done += more
    return mask


def _shifted(mask: int, shifts: Iterable[int]) -> int:
    union = 0
    for shift in shifts:
        union |= mask << shift
    return union


def _reduced(term: Term, step: int) -> int:
    value = step // term.divisor
    return value % term.modulus if term.modulus else value


def _position(group: Group, point: dict[str, int]) -> int:
    """Row-major place of a point in the dimensions of a group; -1 for padding."""
    place = 0
    for index, size in group.windows:
        at = index.offset + sum(t.coefficient * _reduced(t, point[t.rank]) for t in index.terms)
        if not 0 <= at < size:
            return -1
        place = place * size + at
    return place


def distinct(access: Access, einsum: Einsum, shape: tuple[int, ...]) -> int:
    """Elements of a tensor that one copy of an einsum touches at all."""
    product = 1
    for group in groups(access, einsum, shape):
        product *= touched(group, ()) if group.windows else group.sizes[0]
    return product
