"""Expressions and graphs changed piece by piece; the other passes are written with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cosynth.workload.einsum import Access, Apply, Einsum, Expression, Index
from cosynth.workload.graph import Workload


def mapped(expression: Expression, change: Callable[[Access], Expression]) -> Expression:
    """Return the expression with every tensor access replaced by `change(access)`."""
    match expression:
        case Access():
            return change(expression)
        case Apply(function=function, arguments=arguments):
            return Apply(
                function=function,
                arguments=tuple(mapped(argument, change) for argument in arguments),
            )
    return expression


def renamed(access: Access, names: Mapping[str, str]) -> Access:
    """Return the access, and look-ups inside it, to tensors of other names."""
    indices = tuple(
        replace(index, lookup=renamed(index.lookup, names)) if index.lookup else index
        for index in access.indices
    )
    return replace(access, tensor=names.get(access.tensor, access.tensor), indices=indices)


def redirected(einsum: Einsum, names: Mapping[str, str]) -> Einsum:
    """Return the einsum reading tensors of other names."""
    return replace(
        einsum, expression=mapped(einsum.expression, lambda access: renamed(access, names))
    )


def consumers(workload: Workload) -> dict[str, tuple[int, ...]]:
    """Tensor that owns data -> positions of the einsums that read it, views looked through."""
    found: dict[str, dict[int, None]] = {}
    for at, einsum in enumerate(workload.einsums):
        for access in einsum.inputs:
            for name in workload.sources(access.tensor):
                found.setdefault(name, {})[at] = None
    return {name: tuple(places) for name, places in found.items()}


def plain_ranks(access: Access) -> tuple[str, ...] | None:
    """Return the ranks of an access that is one bare, distinct rank per dimension, else None."""
    ranks = tuple(index.name for index in access.indices)
    plain = all(index.plain for index in access.indices) and len(set(ranks)) == len(ranks)
    return ranks if plain else None


def whole(index: Index) -> bool:
    """Whether an index is a sum of ranks and a number, without look-up, division or modulus."""
    return index.lookup is None and all(t.divisor == 1 and not t.modulus for t in index.terms)
