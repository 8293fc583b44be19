"""Functions of one element, written as several einsums, as one: a lane looks up the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cosynth.workload import Workload
from cosynth.workload.einsum import Access, Einsum, Expression
from cosynth.workload.passes import prune
from cosynth.workload.passes.rewrite import mapped, plain_ranks


def joined(model: Workload) -> Workload:
    """Return the model in which what comes back together from one tensor is one einsum.

    >>> from cosynth.workload import Builder
    >>> net = Builder("swish")
    >>> x = net.input("x", (2,))
    >>> s = net.einsum("s[n] = sigmoid(x[n] * 2)", shape=(2,))
    >>> y = net.output(net.einsum("y[n] = x[n] * s[n]", shape=(2,)))
    >>> [str(one) for one in joined(net.build()).einsums]
    ['y[n] = x[n] * sigmoid(x[n] * 2)']
    """
    made: dict[str, Einsum] = {}
    einsums = []
    for einsum in model.einsums:
        sources = _sources(model, einsum)
        root = _meeting(model, made, sources) if len(sources) > 1 else None
        one = einsum
        if root is not None:
            one = replace(einsum, expression=_written(model, made, einsum.expression, root))
        if sources:
            made[einsum.output.tensor] = one
        einsums.append(one)
    return prune(replace(model, einsums=tuple(einsums)))


def _sources(model: Workload, einsum: Einsum) -> tuple[str, ...]:
    """Tensors that an einsum takes element by element, beside numbers; none if it does more."""
    ranks = plain_ranks(einsum.output)
    shape = model.tensor(einsum.output.tensor).shape
    if einsum.reduction is not None or ranks is None or einsum.repeat != 1:
        return ()
    found = []
    for access in einsum.inputs:
        tensor = model.tensor(access.tensor)
        if tensor.role == "weight":
            if tensor.size != 1:
                return ()
        elif plain_ranks(access) != ranks or tensor.shape != shape:
            return ()
        else:
            found.append(access.tensor)
    return tuple(dict.fromkeys(found))


def _meeting(model: Workload, made: Mapping[str, Einsum], sources: tuple[str, ...]) -> str | None:
    """The last tensor from which all of some come, each by functions of one element."""
    chains = []
    for name in sources:
        chain = [name]
        while chain[-1] in made and len(_sources(model, made[chain[-1]])) == 1:
            chain += _sources(model, made[chain[-1]])
        chains.append(chain)
    return next((one for one in chains[0] if all(one in chain for chain in chains)), None)


def _written(
    model: Workload, made: Mapping[str, Einsum], expression: Expression, root: str
) -> Expression:
    """An expression of the root alone."""

    def through(access: Access) -> Expression:
        if access.tensor == root or model.tensor(access.tensor).role == "weight":
            return access
        inner = made[access.tensor].expression

        def renamed(deeper: Access) -> Access:
            if model.tensor(deeper.tensor).role == "weight":
                return deeper
            return replace(deeper, indices=access.indices)

        return _written(model, made, mapped(inner, renamed), root)

    return mapped(expression, through)
