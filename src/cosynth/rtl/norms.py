"""Normalisation of rows as an array runs it: sums, differences, products with a row's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cosynth.rtl.ones import Floats, Parts, after, alone, bare, replaced, weighed
from cosynth.workload import Tensor, Workload
from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Expression
from cosynth.workload.passes.rewrite import consumers, mapped, plain_ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Centring:
    """`made`: x - row number, where `total` sums each row of x."""

    total: Einsum
    x: Access
    row: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """`made` is a tensor times a number of its row, of which `energy` sums the squares.

    The tensor is `x`, or what `centring` says. `factor` is the number, a function of the sum.
    """

    made: Einsum
    energy: Einsum
    factor: Expression
    x: Access | None
    centring: Centring | None
    scale: Access | None
    shift: Access | None


def norms(model: Workload) -> tuple[Norm, ...]:
    """Return every normalisation of rows by the squares of what is normalised.

    >>> from cosynth.workload import Builder
    >>> net = Builder("norm")
    >>> x = net.input("x", (4, 8))
    >>> _ = net.einsum("e[m] += square(x[m,d])", shape=(4,))
    >>> _ = net.output(net.einsum("y[m,d] = x[m,d] * rsqrt(e[m] / 8 + 1e-5)", shape=(4, 8)))
    >>> [str(found.factor) for found in norms(net.build())]
    ['rsqrt(e[m] / 8 + 1e-05)']
    """
    readers = consumers(model)
    writers = {einsum.output.tensor: einsum for einsum in model.einsums}
    found = (_norm(model, readers, writers, einsum) for einsum in model.einsums)
    return tuple(one for one in found if one is not None)


def without_norms(model: Workload) -> tuple[Workload, dict[str, Floats]]:
    """Return the model with each normalisation in parts that arrays run, and weights they have.

    The mean is subtracted, the difference is multiplied with itself and added up, the root's
    inverse is looked up and multiplied with each element of its row, then the scale by channel.
    """
    readers = consumers(model)
    writers = {einsum.output.tensor: einsum for einsum in model.einsums}
    parts = []
    for one in norms(model):
        parts.append(_parts(model, one))
        before = writers.get(one.x.tensor) if one.x else None
        if before is not None:
            centring = _centring(model, readers, writers, before.expression, before.output)
            if centring is not None:
                parts.append(_centred(model, centring, before, before.output.tensor))
        parts += [
            _scaled(model, model.einsums[at], affine)
            for at in readers.get(one.made.output.tensor, ())
            if (affine := _affine(model, model.einsums[at])) is not None
        ]
    return replaced(model, parts)


def _norm(
    model: Workload,
    readers: Mapping[str, tuple[int, ...]],
    writers: Mapping[str, Einsum],
    made: Einsum,
) -> Norm | None:
    """The normalisation that an einsum ends, if it does."""
    if made.reduction is not None or plain_ranks(made.output) is None or made.repeat != 1:
        return None
    rest, shift = _peeled(model, made.expression)
    whole: list[Expression] = []
    roots: list[Expression] = []
    scales: list[Access] = []
    for factor in _factors(rest):
        if isinstance(factor, Apply) and factor.function == "rsqrt":
            roots.append(factor)
        elif isinstance(factor, Access) and _constant(model, factor):
            scales.append(factor)
        else:
            whole.append(factor)
    if len(whole) != 1 or len(roots) != 1 or len(scales) > 1 or (shift and not scales):
        return None
    reads = _reads(roots[0])
    energy = writers.get(reads[0].tensor) if len(reads) == 1 else None
    if energy is None or energy.reduction != "+" or energy.repeat != 1:
        return None
    if energy.expression != Apply(function="square", arguments=(whole[0],)):
        return None
    if not _rows(made.output, reads[0], energy) or not _own(model, readers, energy, [made]):
        return None
    channel = made.output.ranks[-1]
    if any(plain_ranks(one) != (channel,) for one in (*scales, *([shift] if shift else ()))):
        return None
    x = whole[0] if isinstance(whole[0], Access) else None
    centring = None
    if x is None:
        centring = _centring(model, readers, writers, whole[0], made.output, [energy, made])
    if centring is None and (x is None or x.indices != made.output.indices):
        return None
    return Norm(
        made=made,
        energy=energy,
        factor=roots[0],
        x=x,
        centring=centring,
        scale=scales[0] if scales else None,
        shift=shift,
    )


def _centring(
    model: Workload,
    readers: Mapping[str, tuple[int, ...]],
    writers: Mapping[str, Einsum],
    expression: Expression,
    written: Access,
    others: list[Einsum] | None = None,
) -> Centring | None:
    """What an expression is, if a tensor less a number of its row from the row's sum.

    The sum is read by `others` alone, or by the einsum that writes `written`.
    """
    match expression:
        case Apply(function="-", arguments=(Access() as x, row)):
            pass
        case _:
            return None
    match row:
        case Apply(function="*" | "/", arguments=(Access() as read, Constant())):
            total = writers.get(read.tensor)
        case _:
            return None
    if total is None or total.reduction != "+" or total.repeat != 1:
        return None
    if not isinstance(total.expression, Access) or total.expression.tensor != x.tensor:
        return None
    if total.expression.indices != x.indices or x.indices != written.indices:
        return None
    others = others or [writers[written.tensor]]
    if not _rows(written, read, total) or not _own(model, readers, total, others):
        return None
    return Centring(total=total, x=x, row=row)


def _rows(whole: Access, row: Access, total: Einsum) -> bool:
    """Whether a number that an einsum sums is read by the rows of a tensor, as it is written."""
    ranks = plain_ranks(whole)
    if ranks is None or row.indices != total.output.indices:
        return False
    left = tuple(rank for rank in ranks if rank not in total.reduced)
    return set(total.reduced) <= set(ranks) and row.ranks == left


def _own(
    model: Workload, readers: Mapping[str, tuple[int, ...]], made: Einsum, others: list[Einsum]
) -> bool:
    """Whether these einsums alone read what another makes."""
    tensor = model.tensor(made.output.tensor)
    seen = any(tensor.name in other.view_of for other in model.tensors)
    places = [model.einsums[at] for at in readers.get(tensor.name, ())]
    return tensor.role == "activation" and not seen and all(one in others for one in places)


def _peeled(model: Workload, expression: Expression) -> tuple[Expression, Access | None]:
    """An expression without a constant that is added last, and the constant."""
    match expression:
        case Apply(function="+", arguments=(rest, Access() as shift)) if _constant(model, shift):
            return rest, shift
    return expression, None


def _factors(expression: Expression) -> list[Expression]:
    match expression:
        case Apply(function="*", arguments=(left, right)):
            return [*_factors(left), *_factors(right)]
    return [expression]


def _reads(expression: Expression) -> list[Access]:
    match expression:
        case Access():
            return [expression]
        case Apply():
            return [read for argument in expression.arguments for read in _reads(argument)]
    return []


def _constant(model: Workload, access: Access) -> bool:
    tensor = model.tensor(access.tensor)
    return tensor.role == "weight" and not tensor.view_of


def _parts(model: Workload, one: Norm) -> Parts:
    """What becomes of one normalisation, but for a tensor that was centred before."""
    made, name = one.made, one.made.output.tensor
    shape = model.tensor(name).shape
    centred = Parts(einsums={}, tensors=(), ones={})
    x = one.x
    if one.centring is not None:
        x = replace(one.centring.x, tensor=f"{name}.centred")
        centred = _centred(model, one.centring, after(made, x.tensor, x), x.tensor)
    assert x is not None
    first = centred.einsums.pop(x.tensor, [])
    again, total, inverse = f"{name}.again", f"{name}.energy", f"{name}.inverse"
    row = replace(one.energy, output=bare(one.energy.output, total))
    squares = Apply(function="*", arguments=(x, replace(x, tensor=again)))
    number = bare(one.energy.output, inverse)
    root = mapped(one.factor, lambda read: bare(read, total))
    affine = _Affine(
        x=replace(made.output, tensor=f"{name}.normal"), scale=one.scale, shift=one.shift
    )
    normal = name if one.scale is None else f"{name}.normal"
    product = Apply(function="*", arguments=(x, number))
    end = replace(after(made, normal, product), reduction="+")
    more = _scaled(model, made, affine).einsums[made.name] if one.scale is not None else []
    sizes = tuple(one.energy.sizes[rank] for rank in row.output.ranks)
    shapes = {total: sizes, inverse: sizes}
    if one.centring is not None:
        shapes[x.tensor] = shape
    if one.scale is not None:
        shapes |= {normal: shape, f"{name}.scaled": shape}
    owners = tuple(model.sources(x.tensor)) if one.centring is None else (x.tensor,)
    view = Tensor(name=again, shape=shape, role="activation", view_of=owners)
    return Parts(
        einsums={
            **centred.einsums,
            one.energy.name: [*first, replace(row, expression=squares), after(row, inverse, root)],
            made.name: [end, *more],
        },
        tensors=(
            *centred.tensors,
            *(Tensor(name=each, shape=size, role="activation") for each, size in shapes.items()),
            view,
        ),
        ones=centred.ones,
    )


def _centred(model: Workload, one: Centring, like: Einsum, name: str) -> Parts:
    """The sum of each row, and each element less a share of it, by the einsum that is replaced."""
    total, ones = weighed(one.total, f"{one.total.name}.ones", one.total.reduced)
    head, one_ones = alone(like, one.x, f"{name}.whole")
    less = Apply(function="-", arguments=(head.output, one.row))
    shape = model.tensor(one.x.tensor).shape
    return Parts(
        einsums={one.total.name: [total], like.name: [head, after(like, name, less)]},
        tensors=(Tensor(name=head.output.tensor, shape=shape, role="activation"),),
        ones=ones | one_ones,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Affine:
    """A tensor times a constant by channel, and one that is added."""

    x: Access
    scale: Access | None
    shift: Access | None


def _affine(model: Workload, einsum: Einsum) -> _Affine | None:
    """A tensor's scale and shift by its last dimension, if an einsum is no more."""
    rest, shift = _peeled(model, einsum.expression)
    ranks = plain_ranks(einsum.output)
    match rest:
        case Apply(function="*", arguments=(Access() as x, Access() as scale)) if (
            ranks is not None
            and einsum.reduction is None
            and einsum.repeat == 1
            and _constant(model, scale)
            and not _constant(model, x)
            and x.indices == einsum.output.indices
            and all(plain_ranks(one) == ranks[-1:] for one in (scale, *([shift] if shift else ())))
        ):
            return _Affine(x=x, scale=scale, shift=shift)
    return None


def _scaled(model: Workload, einsum: Einsum, affine: _Affine) -> Parts:
    """A product with the scale, to which the shift is added."""
    assert affine.scale is not None
    name = einsum.output.tensor
    scaled = name if affine.shift is None else f"{name}.scaled"
    product = Apply(function="*", arguments=(affine.x, affine.scale))
    found = [replace(after(einsum, scaled, product), reduction="+")]
    tensors = []
    if affine.shift is not None:
        whole = replace(einsum.output, tensor=scaled)
        found.append(after(einsum, name, Apply(function="+", arguments=(whole, affine.shift))))
        shape = model.tensor(name).shape
        tensors.append(Tensor(name=scaled, shape=shape, role="activation"))
    return Parts(einsums={einsum.name: found}, tensors=tuple(tensors), ones={})
