"""How a tensor lies that is read under other shapes too, as heads that are split and merged."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence

Order = tuple[int, ...]
Shape = Sequence[int]


def shared_orders(shape: Shape, views: Iterable[Shape]) -> Iterator[Order]:
    """Yield orders of dimensions, innermost first, in which all views have one too.

    Dimensions that a view merges or splits stay side by side, the last innermost.
    """
    groups = _groups(shape, _cuts(shape, views))
    flat = [dim for dim in reversed(range(len(shape))) if shape[dim] == 1]
    for chosen in itertools.permutations(reversed(groups)):
        yield (*itertools.chain.from_iterable(chosen), *flat)


def seen(order: Order, shape: Shape, view: Shape) -> Order:
    """The order of a view's dimensions, where those of the tensor lie in one of `shared_orders`.

    >>> seen((0, 1), (32, 64), (1, 32, 4, 16))  # rows side by side, in heads too
    (1, 3, 2, 0)
    """
    cuts = _cuts(shape, (view,))
    own, theirs = _groups(shape, cuts), _groups(view, cuts)
    found = sorted(range(len(own)), key=lambda group: order.index(own[group][0]))
    flat = [dim for dim in reversed(range(len(view))) if view[dim] == 1]
    return (*(dim for group in found for dim in theirs[group]), *flat)


def _cuts(shape: Shape, views: Iterable[Shape]) -> list[int]:
    """Numbers of parts at which the leading dimensions of all shapes end."""
    return sorted(set.intersection(*(set(_products(one)) for one in (shape, *views))))


def _products(shape: Shape) -> Iterator[int]:
    return itertools.accumulate(shape, operator.mul, initial=1)


def _groups(shape: Shape, cuts: Sequence[int]) -> list[list[int]]:
    """Dimensions of more than one element between cuts, the last of each first."""
    found: list[list[int]] = [[] for _ in cuts[1:]]
    for dim, before in zip(range(len(shape)), _products(shape), strict=False):
        if shape[dim] > 1:
            group = sum(cut <= before for cut in cuts) - 1
            found[group].insert(0, dim)
    return found
