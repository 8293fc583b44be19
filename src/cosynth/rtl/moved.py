"""Copies that only put elements elsewhere are read through: an address does what they do."""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload import Workload
from cosynth.workload.einsum import Access, Einsum, Expression, Index, Term
from cosynth.workload.passes import prune
from cosynth.workload.passes.rewrite import consumers, mapped, plain_ranks, whole


def without_moves(model: Workload) -> Workload:
    """Return the model in which who reads a copy reads its source, or who is copied writes there.

    A copy that something sees under another shape stays, unless its source is read by it alone.
    """
    for name in [einsum.name for einsum in model.einsums]:
        copy = next((einsum for einsum in model.einsums if einsum.name == name), None)
        if copy is not None and _moves(model, copy):
            model = _written(model, copy) or _read(model, copy)
    return model


def _moves(model: Workload, einsum: Einsum) -> bool:
    """Whether an einsum writes elements of one tensor, each once, in another order."""
    source = einsum.expression
    made = model.tensor(einsum.output.tensor)
    return (
        isinstance(source, Access)
        and einsum.reduction is None
        and plain_ranks(einsum.output) is not None
        and made.role == "activation"
        and all(whole(index) and index.offset >= 0 for index in source.indices)
    )


def _written(model: Workload, copy: Einsum) -> Workload | None:
    """The model in which what made the source writes the copy, if no one else reads the source."""
    source = copy.expression
    assert isinstance(source, Access)
    tensor = model.tensor(source.tensor)
    places = consumers(model).get(source.tensor, ())
    writer = next((e for e in model.einsums if e.output.tensor == source.tensor), None)
    if writer is None or tensor.view_of or tensor.role != "activation" or len(places) != 1:
        return None
    if any(source.tensor in model.sources(t.name) for t in model.tensors if t.view_of):
        return None
    there, here = plain_ranks(source), plain_ranks(writer.output)
    target = plain_ranks(copy.output)
    if there is None or here is None or target is None or set(there) != set(target):
        return None
    if [copy.sizes[rank] for rank in there] != [writer.sizes[rank] for rank in here]:
        return None
    names = dict(zip(there, here, strict=True))
    indices = tuple(Index(terms=(Term(rank=names[rank]),)) for rank in target)
    output = Access(tensor=copy.output.tensor, indices=indices)
    einsums = [
        replace(writer, output=output) if einsum is writer else einsum
        for einsum in model.einsums
        if einsum is not copy
    ]
    return prune(replace(model, einsums=tuple(einsums)))


def _read(model: Workload, copy: Einsum) -> Workload:
    """The model in which einsums that read the copy itself read its source."""
    source = copy.expression
    assert isinstance(source, Access)
    made = copy.output.tensor
    ranks = plain_ranks(copy.output) or ()

    def through(access: Access) -> Expression:
        if access.tensor != made or not all(whole(index) for index in access.indices):
            return access
        at = dict(zip(ranks, access.indices, strict=True))
        indices = tuple(_index(index, at) for index in source.indices)
        return replace(access, tensor=source.tensor, indices=indices)

    def inside(einsum: Einsum) -> bool:
        """Whether an einsum reads no element that the copy does not have."""
        sizes = model.tensor(made).shape
        return all(
            index.plain or (not index.terms and 0 <= index.offset < size)
            for access in einsum.inputs
            if access.tensor == made
            for index, size in zip(access.indices, sizes, strict=True)
        )

    einsums = tuple(
        replace(einsum, expression=mapped(einsum.expression, through))
        if inside(einsum) and einsum is not copy
        else einsum
        for einsum in model.einsums
    )
    return prune(replace(model, einsums=einsums))


def _index(index: Index, at: dict[str, Index]) -> Index:
    """An index of the source at the place where the copy is read."""
    terms: list[Term] = []
    offset = index.offset
    for term in index.terms:
        inner = at[term.rank]
        offset += term.coefficient * inner.offset
        terms += [replace(t, coefficient=t.coefficient * term.coefficient) for t in inner.terms]
    return Index(terms=tuple(terms), offset=offset)
