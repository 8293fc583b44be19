"""The twin of `lookup_table.sv`, and the tables that make it a function."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError, did_you_mean
from cosynth.format import Format, encode
from cosynth.rtl.operands import operand
from cosynth.rtl.twin.decode import decode

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]
WIDEST_INDEX = 12


def lookup_table(entries: NDArray[np.integer], index: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the entries at indices."""
    return np.asarray(entries[index])


def entries(
    function: str | Function, source: Format, scale: float, target: Format, target_scale: float
) -> NDArray[np.integer]:
    """Return the table of a function, codes [2^bits] by codes of `source`.

    A code stands for the value of its element, minus zero for 0, times the scale of its side. It is
    float64 inside, then float32 and rounded by the codec; what is no number becomes 0. SpecError
    for unknown functions and formats that have no table.

    >>> from cosynth.format import known
    >>> entries("relu", known("int4"), 1.0, known("int4"), 0.5).tolist()
    [0, 2, 4, 6, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0]
    """
    seen = operand(source)
    if seen.bits > WIDEST_INDEX:
        raise SpecError(
            f"format {source.name!r}: a table by codes of {seen.bits} bits is too large; up to"
            f" {WIDEST_INDEX} bits have one: rescale to fewer before"
        )
    operand(target)
    value = np.ldexp(decode(np.arange(1 << seen.bits), seen).astype(np.float64), seen.step) * scale
    with np.errstate(all="ignore"):
        found = np.asarray(_named(function)(value), dtype=np.float64) / target_scale
        single = found.astype(np.float32)
    codes = encode(np.where(np.isnan(single), np.float32(0), single), target)
    return np.asarray(codes.code)


def _named(function: str | Function) -> Function:
    if not isinstance(function, str):
        return function
    if function not in FUNCTIONS:
        near = did_you_mean(function, FUNCTIONS)
        raise SpecError(f"unknown function {function!r}{near}; known: {', '.join(FUNCTIONS)}")
    return FUNCTIONS[function]


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-x))


FUNCTIONS: dict[str, Function] = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x / 2 * (1 + _erf(x / math.sqrt(2))),
    "silu": lambda x: x * _sigmoid(x),
    "hardswish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "sigmoid": _sigmoid,
    "hardsigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "tanh": np.tanh,
    "erf": _erf,
    "exp": np.exp,
    "softplus": lambda x: np.logaddexp(x, 0),
    "sqrt": np.sqrt,
    "reciprocal": lambda x: 1 / x,
    "rsqrt": lambda x: 1 / np.sqrt(x),
}
