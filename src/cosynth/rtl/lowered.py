"""A network as an array can run more of it: pools become products, and moves are read through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.functions import joined
from cosynth.rtl.moved import without_moves
from cosynth.rtl.norms import without_norms
from cosynth.rtl.softmax import without_softmax
from cosynth.workload import Tensor, Workload
from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Index, Term
from cosynth.workload.passes import prune
from cosynth.workload.passes.rewrite import consumers

Floats = NDArray[np.float64]
POOLS = ("AveragePool", "GlobalAveragePool")
MAXIMA = ("MaxPool", "GlobalMaxPool")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lowered:
    """A graph that computes the same, and the values of the weights that it has in addition."""

    graph: Workload
    shares: dict[str, Floats]


def lowered(model: Workload, *, tables: bool = True) -> Lowered:
    """Return the model with each mean over windows as a product with a kernel of equal shares.

    Maxima over windows are those of products with ones. With `tables` of functions, each softmax is
    taken apart: see `softmax`. Copies that only move elements are read
    through, and functions of one element that are written in parts are joined.

    >>> import cosynth as cs
    >>> found = lowered(cs.load("resnet8"))
    >>> next(str(one) for one in found.graph.einsums if one.name == "pool.sum")
    'pool[n,c,0,0] += `stack3.relu`[n,c,r,s] * `pool.sum.share`[r,s]'
    >>> float(found.shares["pool.sum.share"].sum())
    1.0
    """
    model = joined(without_moves(model))
    shares: dict[str, Floats] = {}
    if tables:
        model, shares = without_softmax(model)
        model, more = without_norms(model)
        shares |= more
    kernels: dict[str, Floats] = {}
    changed: dict[int, Einsum | None] = {}
    readers = consumers(model)
    for at, einsum in enumerate(model.einsums):
        source = einsum.expression
        if not isinstance(source, Access) or any(index.lookup for index in source.indices):
            continue
        if einsum.repeat != 1:
            continue
        if einsum.reduction == "max" and einsum.operator in MAXIMA:
            name = f"{einsum.name}.ones"
            kernels[name] = np.ones([einsum.sizes[rank] for rank in einsum.reduced])
            changed[at] = _product(einsum, source, name, einsum.output.tensor)
            continue
        if einsum.reduction != "+" or einsum.operator not in POOLS:
            continue
        after = _scaled(model, readers, einsum)
        last, scale = after or (at, 1.0)
        name = f"{einsum.name}.share"
        kernels[name] = np.full([einsum.sizes[rank] for rank in einsum.reduced], scale)
        changed[last] = None
        changed[at] = _product(einsum, source, name, model.einsums[last].output.tensor)
    if not kernels:
        return Lowered(graph=model, shares=shares)
    einsums = [one for at, e in enumerate(model.einsums) if (one := changed.get(at, e)) is not None]
    weights = tuple(Tensor(name=n, shape=v.shape, role="weight") for n, v in kernels.items())
    graph = replace(model, tensors=(*model.tensors, *weights), einsums=tuple(einsums))
    return Lowered(graph=prune(graph), shares=shares | kernels)


def _scaled(
    model: Workload, readers: Mapping[str, tuple[int, ...]], einsum: Einsum
) -> tuple[int, float] | None:
    """Place and factor of the einsum that alone reads another and multiplies it with a number."""
    made = model.tensor(einsum.output.tensor)
    places = readers.get(made.name, ())
    if len(places) != 1 or made.role != "activation":
        return None
    match model.einsums[places[0]]:
        case Einsum(
            reduction=None,
            output=Access(tensor=out),
            expression=Apply(
                function="*", arguments=(Access(tensor=made.name), Constant(value=value))
            ),
        ) if model.tensor(out).shape == made.shape:
            return places[0], value
    return None


def _product(einsum: Einsum, source: Access, name: str, out: str) -> Einsum:
    kernel = Access(
        tensor=name, indices=tuple(Index(terms=(Term(rank=rank),)) for rank in einsum.reduced)
    )
    return replace(
        einsum,
        output=replace(einsum.output, tensor=out),
        expression=Apply(function="*", arguments=(source, kernel)),
    )
