"""Softmax as what an array runs: maxima, functions that are looked up, and two products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cosynth.rtl.ones import Floats, Parts, after, alone, bare, replaced, weighed
from cosynth.workload import Tensor, Workload
from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Expression, Index
from cosynth.workload.passes.rewrite import consumers, plain_ranks

# scores so far below their row's greatest are as good as this far below it: e^-10 is 1/22026, less
# than half of what 8 bits tell from zero beside one, while an index of fewer bits would be coarser
REACH = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """The einsums of one softmax: e = exp(x - max x), then e / sum e."""

    top: Einsum
    powers: Einsum
    total: Einsum
    shares: Einsum


def softmaxes(model: Workload) -> tuple[Softmax, ...]:
    """Return every softmax of which nothing but its shares is read, and whose scores have no mask.

    What is 10^9 below the rest would leave nothing of it in 8 bits. One that ends a network is no
    work, and its greatest share is that of its greatest score.

    >>> from cosynth.workload import Builder
    >>> from cosynth.workload.layers.elementwise import softmax
    >>> net = Builder("net")
    >>> y = softmax(net, "y", net.input("x", (2, 5)))
    >>> _ = net.output(net.einsum(f"z[n] += {y}[n,c] * {y}[n,c]", shape=(2,)))
    >>> [found.shares.name for found in softmaxes(net.build())]
    ['y']
    """
    readers = consumers(model)
    found = (_softmax(model, readers, top) for top in model.einsums)
    return tuple(one for one in found if one is not None)


def without_softmax(model: Workload) -> tuple[Workload, dict[str, Floats]]:
    """Return the model with each softmax in parts that arrays run, and the weights they have.

    The greatest is that of products with ones. Each element is the greatest of a window of one,
    from which the row's is subtracted before its exponential is looked up. The sum's inverse is
    looked up too, and multiplied with each of them. Differences end at `REACH`.

    >>> from cosynth.workload import Builder
    >>> from cosynth.workload.layers.elementwise import softmax
    >>> net = Builder("net")
    >>> y = softmax(net, "y", net.input("x", (2, 5)))
    >>> _ = net.output(net.einsum(f"z[n] += {y}[n,c] * {y}[n,c]", shape=(2,)))
    >>> found, ones = without_softmax(net.build())
    >>> str(found.einsums[-2])
    'y[n,c] += `y.exp`[n,c] * `y.inverse`[n]'
    >>> {name: value.size for name, value in ones.items()}
    {'y.max.ones': 5, 'y.exp.score.one': 1, 'y.sum.ones': 5}
    """
    return replaced(model, [_parts(model, one) for one in softmaxes(model)])


def _softmax(
    model: Workload, readers: Mapping[str, tuple[int, ...]], top: Einsum
) -> Softmax | None:
    """The softmax that begins with a maximum, if one does."""
    scores = top.expression
    if top.reduction != "max" or not isinstance(scores, Access) or len(top.reduced) != 1:
        return None
    after = [model.einsums[at] for at in readers.get(top.output.tensor, ())]
    if len(after) != 1 or plain_ranks(scores) is None:
        return None
    powers = after[0]
    after = [model.einsums[at] for at in readers.get(powers.output.tensor, ())]
    if len(after) != 2:
        return None
    total, shares = after
    if not readers.get(shares.output.tensor):
        return None
    ends = [model.einsums[at] for at in readers.get(total.output.tensor, ())]
    one = Softmax(top=top, powers=powers, total=total, shares=shares)
    inner = (top.output.tensor, powers.output.tensor, total.output.tensor)
    plain = all(
        model.tensor(name).role == "activation" and not _seen(model, name) for name in inner
    )
    once = all(einsum.repeat == 1 for einsum in (top, powers, total, shares))
    if ends != [shares] or not plain or not once or not _written(one, scores):
        return None
    return None if _masked(model, scores) else one


def _masked(model: Workload, scores: Access) -> bool:
    """Whether something is added to scores, or chosen, that may be beyond all scale: a mask."""
    writers = model.producers()
    names = list(model.sources(scores.tensor))
    while names:
        at = writers.get(names.pop())
        if at is None or model.einsums[at].reduction is not None:
            continue
        einsum = model.einsums[at]
        flows = [one for one in einsum.inputs if model.tensor(one.tensor).role != "weight"]
        beside = [one for one in einsum.inputs if one not in flows]
        if len(flows) != 1 or any(len(one.ranks) > 1 for one in beside) or _chooses(einsum):
            return True
        names += model.sources(flows[0].tensor)
    return False


def _chooses(einsum: Einsum) -> bool:
    """Whether an einsum takes one of two values."""

    def inside(one: Expression) -> bool:
        return isinstance(one, Apply) and (
            one.function == "where" or any(map(inside, one.arguments))
        )

    return inside(einsum.expression)


def _seen(model: Workload, name: str) -> bool:
    """Whether a tensor is seen under another shape."""
    return any(name in tensor.view_of for tensor in model.tensors)


def _written(one: Softmax, scores: Access) -> bool:
    """Whether four einsums are a softmax of these scores, each row by its own numbers."""
    exponent, shared = one.powers.expression, one.shares.expression
    match exponent, one.total.expression, shared:
        case (
            Apply(function="exp", arguments=(Apply(function="-", arguments=(x, greatest)),)),
            Access() as summed,
            Apply(function="/", arguments=(e, divisor)),
        ):
            top, total = one.top.output, one.total.output
            powers, shares = one.powers.output, one.shares.output
            return (
                one.total.reduction == "+"
                and one.powers.reduction is None
                and one.shares.reduction is None
                and _like(x, powers, scores.tensor)
                and _like(e, shares, powers.tensor)
                and _by_row(top, scores, one.top.reduced[0])
                and _by_row(total, summed, one.top.reduced[0], scores)
                and _by_row(greatest, powers, one.top.reduced[0], scores, top.tensor)
                and _by_row(divisor, shares, one.top.reduced[0], scores, total.tensor)
            )
    return False


def _like(read: Expression, written: Access, tensor: str) -> bool:
    """Whether a tensor is read as another is written, element by element."""
    return (
        isinstance(read, Access)
        and read.tensor == tensor
        and plain_ranks(read) is not None
        and read.indices == written.indices
    )


def _by_row(
    row: Expression, whole: Access, rank: str, like: Access | None = None, tensor: str = ""
) -> bool:
    """Whether one access has another's indices but along a rank, where it has none, or only 0.

    The rank is that of the same dimension in `like`, if given.
    """
    if not isinstance(row, Access) or (tensor and row.tensor != tensor):
        return False
    ranks = plain_ranks(whole)
    if ranks is None or len(whole.indices) != len((like or whole).indices):
        return False
    at = next(d for d, index in enumerate((like or whole).indices) if index.name == rank)
    rest = (*whole.indices[:at], *whole.indices[at + 1 :])
    return row.indices in (rest, (*whole.indices[:at], Index(), *whole.indices[at + 1 :]))


def _parts(model: Workload, one: Softmax) -> Parts:
    """What becomes of one softmax."""
    whole = model.tensor(one.powers.output.tensor).shape
    row = tuple(one.total.sizes[rank] for rank in one.total.output.ranks)
    powers, shares = one.powers.output.tensor, one.shares.output.tensor
    score, difference, limited = (f"{powers}.{part}" for part in ("score", "less", "limited"))
    total, inverse = f"{one.total.output.tensor}.row", f"{shares}.inverse"
    top, ones = weighed(one.top, f"{one.top.name}.ones", one.top.reduced)
    first, first_ones = _exponents(one, (score, difference, limited))
    rows, sum_ones = _inverted(one.total, total, inverse)
    shapes = {score: whole, difference: whole, limited: whole, total: row, inverse: row}
    return Parts(
        einsums={
            one.top.name: [top],
            one.powers.name: first,
            one.total.name: rows,
            one.shares.name: [_shares(one.shares, inverse)],
        },
        tensors=tuple(
            Tensor(name=name, shape=shape, role="activation") for name, shape in shapes.items()
        ),
        ones=ones | first_ones | sum_ones,
    )


def _exponents(one: Softmax, names: tuple[str, str, str]) -> tuple[list[Einsum], dict[str, Floats]]:
    """Exponentials of differences, behind the greatest of one."""
    old = one.powers
    score, difference, limited = (replace(old.output, tensor=name) for name in names)
    match old.expression:
        case Apply(arguments=(Apply(arguments=(Access() as x, greatest)),)):
            pass
    head, ones = alone(old, x, score.tensor)
    least = Constant(value=-REACH)
    found = [
        head,
        after(old, names[1], Apply(function="-", arguments=(score, greatest))),
        after(old, names[2], Apply(function="max", arguments=(difference, least))),
        replace(old, expression=Apply(function="exp", arguments=(limited,))),
    ]
    return found, ones


def _inverted(old: Einsum, total: str, inverse: str) -> tuple[list[Einsum], dict[str, Floats]]:
    """The sum of a row, and one over it."""
    row = replace(old, output=bare(old.output, total))
    head, ones = weighed(row, f"{old.name}.ones", old.reduced)
    share = Apply(function="/", arguments=(Constant(value=1.0), row.output))
    return [head, after(row, inverse, share)], ones


def _shares(old: Einsum, inverse: str) -> Einsum:
    match old.expression:
        case Apply(arguments=(e, Access() as divisor)):
            pass
    factors = (e, bare(divisor, inverse))
    return replace(old, reduction="+", expression=Apply(function="*", arguments=factors))
