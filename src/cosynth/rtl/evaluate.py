"""Einsums computed in NumPy: the reference for circuits, and the host's part of a network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import WorkloadError
from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Expression, Index

Array = NDArray[Any]
_NEUTRAL = {"+": 0.0, "*": 1.0, "max": -np.inf, "min": np.inf, None: 0.0}
_REDUCE: dict[str, Callable[..., Array]] = {
    "+": np.sum, "*": np.prod, "max": np.max, "min": np.min,
}  # fmt: skip


def _erf(x: Array) -> Array:
    return np.asarray(np.vectorize(math.erf, otypes=[np.float64])(x))


def _where(condition: Array, a: Array, b: Array) -> Array:
    return np.asarray(np.where(condition != 0, a, b))


def _sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0.0, -x))


_FUNCTIONS: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide,
    "abs": np.abs, "ceil": np.ceil, "cos": np.cos, "exp": np.exp, "floor": np.floor,
    "log": np.log, "max": np.maximum, "min": np.minimum, "pow": np.power, "round": np.rint,
    "sign": np.sign, "sin": np.sin, "sqrt": np.sqrt, "square": np.square, "tanh": np.tanh,
    "erf": _erf, "sigmoid": _sigmoid, "where": _where, "less": np.less, "equal": np.equal,
    "relu": lambda x: np.maximum(x, 0.0),
    "rsqrt": lambda x: 1.0 / np.sqrt(x),
    "elu": lambda x: _where(x > 0, x, np.expm1(np.minimum(x, 0.0))),
    "gelu": lambda x: 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0))),
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: np.logaddexp(0.0, x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0.0, x)),
    "hardsigmoid": lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "hardswish": lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "not": lambda x: np.equal(x, 0.0),
    "quantize": lambda x: x,
}  # fmt: skip


def evaluate(einsum: Einsum, values: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
    """Return the tensor that an einsum writes, float64, of this shape; what it leaves out is zero.

    Contractions of whole numbers are exact while their sums stay below 2^53.

    >>> from cosynth.workload import parse
    >>> one = parse("O[m] += A[m,k] * B[k]", {"m": 2, "k": 3})
    >>> evaluate(one, {"A": np.arange(6.0).reshape(2, 3), "B": np.ones(3)}, (2,)).tolist()
    [3.0, 12.0]
    """
    ranks = einsum.output.ranks
    found = _contracted(einsum, values) if einsum.contraction else None
    if found is None:
        found = _general(einsum, values)
    if all(index.plain for index in einsum.output.indices) and found.shape == shape:
        return found
    whole = np.zeros(shape)
    places = tuple(
        np.asarray(_index(index, ranks, einsum.sizes, values)) for index in einsum.output.indices
    )
    if ranks:
        found = found.reshape([einsum.sizes[rank] for rank in ranks])
    whole[places] = found
    return whole


def applied(
    members: Sequence[Einsum], name: str, argument: Array, constants: Mapping[str, Array]
) -> Array:
    """Return what einsums, one by one, make of each element of a tensor; constants have one.

    What is no number stays none.
    """
    values: dict[str, Array] = {name: argument}

    def of(expression: Expression) -> Array:
        match expression:
            case Access():
                if expression.tensor in values:
                    return values[expression.tensor]
                return np.asarray(constants[expression.tensor], dtype=np.float64).reshape(())
            case Constant():
                return np.array(expression.value)
            case Apply():
                return _function(expression.function)(*map(of, expression.arguments))
        raise AssertionError(expression)

    found = argument
    with np.errstate(all="ignore"):
        for member in members:
            found = np.broadcast_to(of(member.expression), argument.shape).astype(np.float64)
            values[member.output.tensor] = found
    return found


def _function(name: str) -> Callable[..., Array]:
    if name not in _FUNCTIONS:
        raise WorkloadError(f"no rule for {name!r}")
    return _FUNCTIONS[name]


def _contracted(einsum: Einsum, values: Mapping[str, Array]) -> Array | None:
    """Sums of products, a matrix product for each position of a kernel; None if not so."""
    factors = _factors(einsum.expression)
    if factors is None:
        return None
    sliding = {
        rank
        for access in factors
        for index in access.indices
        if len(index.ranks) > 1
        for rank in index.ranks
        if rank not in einsum.output.ranks
    }
    letters = {rank: chr(97 + at) for at, rank in enumerate(einsum.ranks)}
    kept = "".join(letters[rank] for rank in einsum.output.ranks)
    kernel = sorted(sliding)
    total: Array | None = None
    for at in itertools.product(*(range(einsum.sizes[rank]) for rank in kernel)):
        fixed = dict(zip(kernel, at, strict=True))
        parts, names = [], []
        for access in factors:
            taken = _taken(access, fixed, einsum.sizes, values[access.tensor])
            if taken is None:
                return None
            parts.append(taken[0])
            names.append("".join(letters[rank] for rank in taken[1]))
        one = np.einsum(f"{','.join(names)}->{kept}", *parts, optimize=True)
        total = one if total is None else total + one
    return total


def _factors(expression: Expression) -> list[Access] | None:
    match expression:
        case Access():
            return [expression]
        case Apply(function="*", arguments=(left, right)):
            a, b = _factors(left), _factors(right)
            return None if a is None or b is None else a + b
    return None


def _taken(
    access: Access, fixed: Mapping[str, int], sizes: Mapping[str, int], value: Array
) -> tuple[Array, list[str]] | None:
    """A tensor at fixed kernel positions: an axis for each rank that is left, padding as zero."""
    found = np.asarray(value, dtype=np.float64)
    ranks: list[str] = []
    for axis in reversed(range(len(access.indices))):
        index = access.indices[axis]
        free = [rank for rank in index.ranks if rank not in fixed]
        if index.lookup is not None or len(free) > 1 or (free and free[0] in ranks):
            return None
        at = np.full(sizes[free[0]] if free else 1, index.offset)
        for term in index.terms:
            place = np.arange(sizes[term.rank]) if term.rank in free else fixed[term.rank]
            place = place // term.divisor
            at = at + term.coefficient * (place % term.modulus if term.modulus else place)
        limit = value.shape[axis]
        inside = (at >= 0) & (at < limit)
        found = np.take(found, np.clip(at, 0, limit - 1), axis=axis)
        if not inside.all():
            shape = [1] * found.ndim
            shape[axis] = len(at)
            found = found * inside.reshape(shape)
        if not free:
            found = np.take(found, 0, axis=axis)
        else:
            ranks.insert(0, free[0])
    return found, ranks


def _index(
    index: Index, ranks: tuple[str, ...], sizes: Mapping[str, int], values: Mapping[str, Array]
) -> Array:
    """Positions of an index expression over a grid of ranks."""
    if index.lookup is not None:
        return _read(index.lookup, ranks, sizes, values, 0.0).astype(np.int64)
    total: Array = np.array(index.offset)
    for term in index.terms:
        shape = [1] * len(ranks)
        shape[ranks.index(term.rank)] = sizes[term.rank]
        at = np.arange(sizes[term.rank]).reshape(shape) // term.divisor
        total = total + term.coefficient * (at % term.modulus if term.modulus else at)
    return total


def _read(
    access: Access,
    ranks: tuple[str, ...],
    sizes: Mapping[str, int],
    values: Mapping[str, Array],
    neutral: float,
) -> Array:
    value = np.asarray(values[access.tensor], dtype=np.float64)
    places, inside = [], np.array(True)
    for index, limit in zip(access.indices, value.shape, strict=True):
        at = _index(index, ranks, sizes, values)
        inside = inside & (at >= 0) & (at < limit)
        places.append(np.clip(at, 0, limit - 1))
    found = value[tuple(places)] if places else value
    return np.where(inside, found, neutral)


def _general(einsum: Einsum, values: Mapping[str, Array]) -> Array:
    """Any einsum, over its whole space of points."""
    ranks = (*einsum.output.ranks, *einsum.reduced)
    sizes = einsum.sizes
    neutral = _NEUTRAL[einsum.reduction]

    def of(expression: Expression) -> Array:
        match expression:
            case Access():
                return _read(expression, ranks, sizes, values, neutral)
            case Constant():
                return np.array(expression.value)
            case Apply():
                if expression.function not in _FUNCTIONS:
                    raise WorkloadError(f"{einsum.name}: no rule for {expression.function!r}")
                return _FUNCTIONS[expression.function](*map(of, expression.arguments))
        raise AssertionError(expression)

    with np.errstate(all="ignore"):
        found = np.broadcast_to(of(einsum.expression), [sizes[rank] for rank in ranks])
        if einsum.reduction is None:
            return np.array(found, dtype=np.float64)
        axes = tuple(range(len(einsum.output.ranks), len(ranks)))
        return np.asarray(_REDUCE[einsum.reduction](found, axis=axes), dtype=np.float64)
