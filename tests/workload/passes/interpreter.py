"""Runs a small workload element by element in Python: an oracle for passes that keep meaning."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np

from cosynth.workload import Access, Apply, Constant, Einsum, Index, Workload

_FUNCTIONS = {
    "abs": abs, "ceil": math.ceil, "cos": math.cos, "erf": math.erf, "exp": math.exp,
    "elu": lambda u: u if u > 0 else math.expm1(u),
    "equal": lambda a, b: float(a == b), "floor": math.floor,
    "gelu": lambda u: 0.5 * u * (1 + math.erf(u / math.sqrt(2))),
    "hardsigmoid": lambda u: min(max(u / 6 + 0.5, 0), 1),
    "hardswish": lambda u: u * min(max(u / 6 + 0.5, 0), 1),
    "less": lambda a, b: float(a < b), "log": math.log, "max": max, "min": min,
    "mish": lambda u: u * math.tanh(math.log1p(math.exp(u))), "not": lambda u: float(not u),
    "pow": pow, "quantize": round, "relu": lambda u: max(u, 0.0), "round": round,
    "rsqrt": lambda u: u**-0.5, "sigmoid": lambda u: 1 / (1 + math.exp(-u)),
    "sign": lambda u: float(np.sign(u)), "silu": lambda u: u / (1 + math.exp(-u)), "sin": math.sin,
    "softplus": lambda u: math.log1p(math.exp(u)), "sqrt": math.sqrt, "square": lambda u: u * u,
    "tanh": math.tanh, "where": lambda c, a, b: a if c else b,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b,
    "*": lambda a, b: a * b, "/": lambda a, b: a / b,
}  # fmt: skip
_START = {"+": 0.0, "*": 1.0, "max": -math.inf, "min": math.inf, None: 0.0}


def run(workload: Workload, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every tensor's values; views are the concatenation of their flattened sources."""
    values = dict(given)
    for einsum in workload.einsums:
        out = np.full(workload.tensor(einsum.output.tensor).shape, _START[einsum.reduction])
        for point in itertools.product(*(range(size) for _, size in einsum.bounds)):
            at = dict(zip(einsum.ranks, point, strict=True))
            place = position(workload, values, einsum.output, at)
            if any(not 0 <= i < n for i, n in zip(place, out.shape, strict=True)):
                continue
            new = evaluate(workload, values, einsum, einsum.expression, at)
            old = out[place]
            out[place] = _combined(einsum.reduction, old, new)
        values[einsum.output.tensor] = out
    return values


def _combined(reduction: str | None, old: float, new: float) -> float:
    if reduction is None:
        return new
    return _FUNCTIONS[reduction](old, new)


def position(workload, values, access: Access, at) -> tuple[int, ...]:
    return tuple(_index(workload, values, index, at) for index in access.indices)


def _index(workload, values, index: Index, at) -> int:
    if index.lookup is not None:
        return int(look(workload, values, index.lookup, at, 0.0))
    total = index.offset
    for term in index.terms:
        step = at[term.rank] // term.divisor
        total += term.coefficient * (step % term.modulus if term.modulus else step)
    return total


def look(workload, values, access: Access, at, outside: float) -> float:
    array = held(workload, values, access.tensor)
    place = position(workload, values, access, at)
    if any(not 0 <= i < n for i, n in zip(place, array.shape, strict=True)):
        return outside
    return float(array[place])


def held(workload: Workload, values, name: str) -> np.ndarray:
    if name in values:
        return values[name]
    tensor = workload.tensor(name)
    flat = np.concatenate([held(workload, values, below).ravel() for below in tensor.view_of])
    return flat[: tensor.size].reshape(tensor.shape)


def evaluate(workload, values, einsum: Einsum, expression, at) -> float:
    outside = 0.0 if einsum.reduction in {"+", None} else _START[einsum.reduction]
    match expression:
        case Access():
            return look(workload, values, expression, at, outside)
        case Constant(value=value):
            return value
        case Apply(function=function, arguments=arguments):
            return _FUNCTIONS[function](
                *(evaluate(workload, values, einsum, argument, at) for argument in arguments)
            )
    raise TypeError(expression)
