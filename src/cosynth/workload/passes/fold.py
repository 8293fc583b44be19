"""Work that a compiler removes before anything runs: copies, padding, constant factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from cosynth.workload.einsum import (
    Access,
    Apply,
    Constant,
    Einsum,
    Expression,
    Index,
    Term,
    accesses,
)
from cosynth.workload.graph import Tensor, Workload, checked
from cosynth.workload.passes.fuse import drains
from cosynth.workload.passes.rewrite import consumers, mapped, plain_ranks, redirected, whole

_FINAL = {"output", "state", "weight"}


def fold(workload: Workload) -> Workload:
    """Return the workload without dead code, copies, padding and foldable normalisation."""
    return prune(fold_normalisation(fold_padding(prune(workload))))


def prune(workload: Workload) -> Workload:
    """Return the workload without plain copies and without what no output depends on.

    Results are outputs and whatever is written to states or weights; a graph that names no
    result keeps every einsum.
    """
    workload = _without_copies(workload)
    wanted = {t.name for t in workload.tensors if t.role in _FINAL}
    kept: list[Einsum] = []
    if not any(einsum.output.tensor in wanted for einsum in workload.einsums):
        kept = list(reversed(workload.einsums))
    else:
        needed = set(wanted)
        for einsum in reversed(workload.einsums):
            if einsum.output.tensor in needed:
                kept.append(einsum)
                needed.update(s for a in einsum.inputs for s in _reached(workload, a.tensor))
    return _with(workload, workload.tensors, reversed(kept))


def fold_padding(workload: Workload) -> Workload:
    """Return the workload with pad operators read through: the reader's index goes outside.

    Only sums read padding as zero, so a padded tensor that anything else reads stays.
    """
    readers = consumers(workload)
    einsums = list(workload.einsums)
    for pad in workload.einsums:
        source = pad.expression
        made = pad.output.tensor
        if not (isinstance(source, Access) and _is_pad(workload, pad, source)):
            continue
        places = readers.get(made, ())
        if workload.tensor(made).role != "activation" or not all(
            _reads_zero(workload, einsums[place], pad, source) for place in places
        ):
            continue
        through = {place: _through(einsums[place], pad, source) for place in places}
        if all(_in_bounds(workload, einsum) for einsum in through.values()):
            for place, einsum in through.items():
                einsums[place] = einsum
    return prune(replace(workload, einsums=tuple(einsums)))


def fold_normalisation(workload: Workload) -> Workload:
    """Return the workload with constant scales after a contraction folded into its weights.

    What remains of bias, batch normalisation and scale by channel is one bias, or nothing.
    """
    readers = consumers(workload)
    gone: set[int] = set()
    changed: dict[int, Einsum] = {}
    tensors = list(workload.tensors)
    for at, head in enumerate(workload.einsums):
        weights = [a for a in head.inputs if workload.tensor(a.tensor).role == "weight"]
        if not head.contraction or len(weights) != 1:
            continue
        chain = _affine_chain(workload, readers, at, weights[0])
        if not chain or (len(chain) == 1 and not _scales(workload.einsums[chain[0]])):
            continue
        last = workload.einsums[chain[-1]]
        gone.update(chain)
        if not any(_shifts(workload.einsums[place]) for place in chain):
            changed[at] = replace(head, output=replace(head.output, tensor=last.output.tensor))
            continue
        bias, einsum = _bias(workload, head, [workload.einsums[place] for place in chain])
        tensors.append(bias)
        changed[chain[-1]] = einsum
    einsums = (
        changed.get(at, einsum)
        for at, einsum in enumerate(workload.einsums)
        if at in changed or at not in gone
    )
    return _with(workload, tensors, einsums)


def _with(workload: Workload, tensors: Iterable[Tensor], einsums: Iterable[Einsum]) -> Workload:
    """Return a checked graph of these einsums; tensors that nothing touches are left out."""
    einsums = tuple(einsums)
    tensors = tuple(tensors)
    known = {tensor.name: tensor for tensor in tensors}
    used: set[str] = {t.name for t in tensors if t.role in {"input", "output"} and not t.view_of}
    waiting = [a.tensor for e in einsums for a in (e.output, *e.inputs)] + list(used)
    while waiting:
        name = waiting.pop()
        used.add(name)
        waiting += known[name].view_of
    return checked(
        replace(
            workload,
            tensors=tuple(tensor for tensor in tensors if tensor.name in used),
            einsums=einsums,
        )
    )


def _reached(workload: Workload, name: str) -> tuple[str, ...]:
    below = workload.tensor(name).view_of
    return (name, *(deeper for under in below for deeper in _reached(workload, under)))


def _without_copies(workload: Workload) -> Workload:
    names: dict[str, str] = {}
    einsums: list[Einsum] = []
    for einsum in (redirected(einsum, names) for einsum in workload.einsums):
        source = einsum.expression
        made = workload.tensor(einsum.output.tensor)
        if isinstance(source, Access) and made.role == "activation" and not made.view_of:
            read = workload.tensor(source.tensor)
            same = plain_ranks(source) == plain_ranks(einsum.output) is not None
            if same and (read.shape, read.format, read.repeat) == (
                made.shape, made.format, made.repeat
            ):  # fmt: skip
                names[made.name] = source.tensor
                continue
        einsums.append(einsum)
    tensors = [
        replace(t, view_of=tuple(names.get(name, name) for name in t.view_of))
        for t in workload.tensors
        if t.name not in names
    ]
    return replace(workload, tensors=tuple(tensors), einsums=tuple(einsums))


def _is_pad(workload: Workload, pad: Einsum, source: Access) -> bool:
    return (
        pad.reduction is None
        and plain_ranks(pad.output) is not None
        and all(whole(index) for index in source.indices)
        and workload.tensor(source.tensor).repeat == workload.tensor(pad.output.tensor).repeat
    )


def _reads_zero(workload: Workload, einsum: Einsum, pad: Einsum, source: Access) -> bool:
    """Whether a reader takes positions outside the padded tensor, and outside its source, as 0."""
    made = pad.output.tensor
    read = [access for access in einsum.inputs if access.tensor == made]
    if not read or not einsum.contraction:
        return False
    sizes = workload.tensor(made).shape
    below = workload.tensor(source.tensor).shape
    moved = {index.name: (index, size) for index, size in zip(source.indices, below, strict=True)}
    for access in read:
        for outer, index, size in zip(pad.output.indices, access.indices, sizes, strict=True):
            if not whole(index):
                return False
            low, high = _range(index, einsum.sizes)
            if low >= 0 and high < size:
                continue
            # outside the padded tensor must be outside its source too
            inner, held = moved.get(outer.name, (None, 0))
            if inner is None or len(inner.terms) != 1 or inner.terms[0].coefficient != 1:
                return False
            if inner.offset > 0 or size + inner.offset < held:
                return False
    return True


def _range(index: Index, sizes: Mapping[str, int]) -> tuple[int, int]:
    reach = [term.coefficient * (sizes[term.rank] - 1) for term in index.terms]
    low = index.offset + sum(step for step in reach if step < 0)
    return low, index.offset + sum(step for step in reach if step > 0)


def _through(einsum: Einsum, pad: Einsum, source: Access) -> Einsum:
    """The reader of a pad, reading the pad's source."""
    return replace(einsum, expression=mapped(einsum.expression, partial(_composed, pad, source)))


def _in_bounds(workload: Workload, einsum: Einsum) -> bool:
    """Whether no bare rank runs past its dimension, which only a sum of terms may do."""
    sizes = einsum.sizes
    return all(
        not index.plain or sizes[index.name] <= size
        for access in einsum.inputs
        for index, size in zip(access.indices, workload.tensor(access.tensor).shape, strict=True)
    )


def _composed(pad: Einsum, source: Access, reader: Access) -> Access:
    if reader.tensor != pad.output.tensor:
        return reader
    at = dict(zip(plain_ranks(pad.output) or (), reader.indices, strict=True))
    indices = []
    for index in source.indices:
        terms: list[Term] = []
        offset = index.offset
        for term in index.terms:
            inner = at[term.rank]
            offset += term.coefficient * inner.offset
            terms += [replace(t, coefficient=t.coefficient * term.coefficient) for t in inner.terms]
        indices.append(Index(terms=tuple(terms), offset=offset))
    return replace(reader, tensor=source.tensor, indices=tuple(indices))


def _affine_chain(
    workload: Workload, readers: dict[str, tuple[int, ...]], head: int, weight: Access
) -> list[int]:
    """Positions of the einsums after a contraction that only scale and shift by constants."""
    chain: list[int] = []
    at = head
    channels = {index.name for index in weight.indices if index.plain}
    outer = plain_ranks(workload.einsums[head].output) or ()
    while True:
        made = workload.einsums[at].output.tensor
        if len(readers.get(made, ())) != 1:
            return chain
        after = readers[made][0]
        tail = workload.einsums[after]
        if not drains(workload, readers, at, after):
            return chain
        there = dict(zip(plain_ranks(tail.output) or (), outer, strict=True))
        constants = [a for a in tail.inputs if made not in workload.sources(a.tensor)]
        fits = all(
            workload.tensor(a.tensor).role == "weight"
            and plain_ranks(a) is not None
            and {there[rank] for rank in a.ranks} <= channels
            for a in constants
        )
        if not (fits and _affine(tail.expression, {a.tensor for a in constants}) == "affine"):
            return chain
        chain.append(after)
        at = after


def _affine(expression: Expression, constants: set[str]) -> str:
    """`constant`, `affine` in the other tensor, or nothing."""
    match expression:
        case Access(tensor=tensor):
            return "constant" if tensor in constants else "affine"
        case Constant():
            return "constant"
        case Apply(function=function, arguments=arguments):
            kinds = [_affine(argument, constants) for argument in arguments]
            if all(kind == "constant" for kind in kinds):
                return "constant"
            linear = {"+": True, "-": True, "*": "constant" in kinds, "/": kinds[-1] == "constant"}
            return "affine" if linear.get(function, False) and "" not in kinds else ""


def _scales(einsum: Einsum) -> bool:
    """Whether anything but a sum happens."""
    match einsum.expression:
        case Apply(function="+" | "-", arguments=arguments):
            return any(isinstance(argument, Apply) for argument in arguments)
    return True


def _shifts(einsum: Einsum) -> bool:
    """Whether a constant may be added to the result."""

    def summed(expression: Expression) -> bool:
        if not isinstance(expression, Apply):
            return False
        return expression.function in {"+", "-"} or any(map(summed, expression.arguments))

    return summed(einsum.expression)


def _bias(workload: Workload, head: Einsum, chain: list[Einsum]) -> tuple[Tensor, Einsum]:
    """One bias in place of the chain: `last = head + bias`."""
    outer = plain_ranks(head.output) or ()
    made = {einsum.output.tensor for einsum in (head, *chain)}
    used: set[str] = set()
    for einsum in chain:
        there = dict(zip(plain_ranks(einsum.output) or (), outer, strict=True))
        for access in accesses(einsum.expression):
            if not made.intersection(workload.sources(access.tensor)):
                used.update(there[rank] for rank in access.ranks)
    ranks = tuple(rank for rank in outer if rank in used)
    last = chain[-1]
    bias = Tensor(
        name=f"{last.output.tensor}.bias",
        shape=tuple(head.sizes[rank] for rank in ranks),
        role="weight",
        repeat=head.repeat,
    )
    shift = Access(tensor=bias.name, indices=tuple(Index(terms=(Term(rank=r),)) for r in ranks))
    read = replace(head.output, tensor=head.output.tensor)
    einsum = replace(
        last,
        output=replace(head.output, tensor=last.output.tensor),
        expression=Apply(function="+", arguments=(read, shift)),
        bounds=tuple((rank, size) for rank, size in head.bounds if rank in outer),
        operator="Bias",
    )
    return bias, einsum
