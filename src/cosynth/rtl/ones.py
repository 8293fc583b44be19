"""Einsums of one tensor as products with ones: an array runs products, and what follows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.workload import Tensor, Workload
from cosynth.workload.einsum import Access, Apply, Einsum, Expression, Index, Term
from cosynth.workload.passes import prune

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """What takes the place of some einsums, by name; new tensors, and weights of one."""

    einsums: dict[str, list[Einsum]]
    tensors: tuple[Tensor, ...]
    ones: dict[str, Floats]


def replaced(model: Workload, found: Sequence[Parts]) -> tuple[Workload, dict[str, Floats]]:
    """Return the model with parts in the place of what they compute, and the weights they have."""
    if not found:
        return model, {}
    changed: dict[str, list[Einsum]] = {}
    ones: dict[str, Floats] = {}
    made: list[Tensor] = []
    for one in found:
        changed |= one.einsums
        ones |= one.ones
        made += one.tensors
    weights = [Tensor(name=name, shape=value.shape, role="weight") for name, value in ones.items()]
    einsums = tuple(each for old in model.einsums for each in changed.get(old.name, [old]))
    return prune(replace(model, tensors=(*model.tensors, *made, *weights), einsums=einsums)), ones


def weighed(einsum: Einsum, name: str, ranks: Sequence[str]) -> tuple[Einsum, dict[str, Floats]]:
    """Return an einsum that reduces one tensor as that of its products with ones along ranks.

    >>> from cosynth.workload import parse
    >>> found, ones = weighed(parse("y[m] += x[m,k]", {"m": 2, "k": 3}), "one", ["k"])
    >>> str(found), ones["one"].shape
    ('y[m] += x[m,k] * one[k]', (3,))
    """
    weight = Access(tensor=name, indices=tuple(Index(terms=(Term(rank=rank),)) for rank in ranks))
    product = Apply(function="*", arguments=(einsum.expression, weight))
    ones = {name: np.ones([einsum.sizes[rank] for rank in ranks])}
    return replace(einsum, expression=product), ones


def alone(einsum: Einsum, x: Access, name: str) -> tuple[Einsum, dict[str, Floats]]:
    """Return an einsum that writes a tensor as another is read: the greatest of windows of one.

    Its output, ranks and bounds are those of `einsum`; `name` is that of what it writes.
    """
    window = f"{einsum.output.ranks[-1]}.one" if einsum.output.ranks else "one"
    window = window.replace(".", "_")
    while window in einsum.ranks:
        window += "1"
    one = replace(
        einsum,
        name=name,
        output=replace(einsum.output, tensor=name),
        expression=x,
        reduction="max",
        bounds=(*einsum.bounds, (window, 1)),
    )
    return weighed(one, f"{name}.one", [window])


def after(einsum: Einsum, name: str, expression: Expression) -> Einsum:
    """Return the einsum that writes an expression of the ranks of another's output, or its own."""
    name = name or einsum.output.tensor
    within = set(einsum.output.ranks)
    return replace(
        einsum,
        name=name,
        output=replace(einsum.output, tensor=name),
        expression=expression,
        reduction=None,
        bounds=tuple((rank, size) for rank, size in einsum.bounds if rank in within),
    )


def bare(access: Access, name: str) -> Access:
    """Return a tensor at the ranks of an access, without dimensions in which it stands still."""
    return Access(tensor=name, indices=tuple(index for index in access.indices if index.name))
