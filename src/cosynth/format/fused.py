"""Sums of aligned products, as tensor cores form them: shifted to the largest exponent, and cut.

P. Xie and others, "MMA-Sim", arXiv:2511.10909: the arithmetic of tensor cores found by tests on
them. A step adds a group of products and the sum so far. A product is that of two significands,
its exponent the sum of theirs, and neither is normalised: an operand below its lowest binade has
that binade's exponent. Every term is cut toward zero at the same place, the sum is exact, and the
result is cut toward zero again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.format.accumulator import Accumulator
from cosynth.format.operand import Floats, Operand, scaled, spread

# elements of a sum that are worked on at a time: a few such arrays fit a core's own cache
CHUNK = 1 << 15
# exponent of a zero element: no product of it, whatever the other, comes near a number's
NOTHING = -10_000
FLOAT_LOW = -126
SMALLEST = 2.0**FLOAT_LOW
FRACTION = 52  # stored bits of a float64
# exponents between which products of float32 can be shifted without leaving its range
MODEST = 60
SIGNIFICANDS = {np.float32: 24, np.float64: 53}
Exponents = NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """The factors of one step as columns, [K, rows]: values, exponents, and which are not zero."""

    x: Array  # float32 where that holds every term and their sum, else float64
    y: Array
    ex: Exponents
    ey: Exponents


def fused(a: Operand, b: Operand, group: int, kind: Accumulator) -> NDArray[np.float32]:
    """Return a . b, [M, N] float32, in steps of `group` products, K ascending.

    Scales of blocks are taken in where there are some (`kind.scales` allows them).
    """
    if kind.inner > 1:
        return _by_inner(a, b, group, kind)
    ex, ey = _exponents(a), _exponents(b)
    lowest = int(ex.min(initial=0, where=ex > NOTHING) + ey.min(initial=0, where=ey > NOTHING))
    highest = int(ex.max(initial=0) + ey.max(initial=0))
    x, y = scaled(a).value, scaled(b).value
    modest = max(-lowest, highest) < MODEST
    small = kind.fraction + 2 + group.bit_length() <= SIGNIFICANDS[np.float32]
    significands = a.format.precision + b.format.precision
    narrow = modest and small and significands <= SIGNIFICANDS[np.float32]
    number = np.float32 if narrow and _plain(a) and _plain(b) else np.float64
    columns, below = np.ascontiguousarray(y.T, dtype=number), np.ascontiguousarray(ey.T)
    found = np.empty((len(x), len(y)), dtype=np.float32)
    count = max(CHUNK // max(len(y), 1), 1)
    with np.errstate(all="ignore"):
        for start in range(0, len(x), count):
            part = slice(start, start + count)
            terms = _Terms(
                x=np.ascontiguousarray(x[part].T, dtype=number),
                y=columns,
                ex=np.ascontiguousarray(ex[part].T),
                ey=below,
            )
            found[part] = _steps(terms, group, kind, lowest if modest else None)
    return found


def _plain(one: Operand) -> bool:
    """Whether the law of a format's widths tells how many bits its values have."""
    format = one.format
    return format.kind in {"integer", "float", "ternary"} and not (
        format.element.values or format.zero or format.pairs
    )


def _exponents(one: Operand) -> Exponents:
    """Exponents of elements with those of their scales, [rows, K]."""
    found = np.maximum(np.frexp(one.value)[1] - 1, one.low)
    found = found + (np.frexp(spread(one))[1] - 1)
    return np.where(scaled(one).value == 0, NOTHING, found).astype(np.int16)


def _steps(terms: _Terms, group: int, kind: Accumulator, lowest: int | None) -> NDArray[np.float32]:
    """All steps of some rows. `lowest`: no product's exponent is below it, and it is modest."""
    shape = (terms.x.shape[1], terms.y.shape[1])
    number = terms.x.dtype.type
    total = np.zeros(shape, dtype=np.float32)
    exponent, top = np.empty(shape, dtype=np.int16), np.empty(shape, dtype=np.int16)
    term = np.empty(shape, dtype=number)
    for start in range(0, len(terms.x), group):
        part = slice(start, start + group)
        np.copyto(top, _exponent(total, kind.zero))
        for one, other in zip(terms.ex[part], terms.ey[part], strict=True):
            np.add(one[:, None], other, out=exponent)
            np.maximum(top, exponent, out=top)
        if lowest is None:
            np.maximum(top, kind.zero, out=top, where=_some_zero(terms, part, total))
        else:  # no zero's exponent is above a product's, and the sum is on the products' grid
            np.maximum(top, lowest, out=top)
        unit = np.ldexp(number(1), kind.fraction - top.astype(np.int32))
        whole = np.trunc(total * unit)
        for one, other in zip(terms.x[part], terms.y[part], strict=True):
            np.multiply(unit, one[:, None], out=term)
            np.multiply(term, other, out=term)
            np.trunc(term, out=term)
            np.add(whole, term, out=whole)
        total = cut(whole.astype(np.float64), top.astype(np.int32) - kind.fraction, kind.kept)
    return total


def _some_zero(terms: _Terms, part: slice, total: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a step has a term of zero."""
    x, y = (terms.ex[part] > NOTHING), (terms.ey[part] > NOTHING)
    real = x.T.astype(np.float32) @ y.astype(np.float32)
    return np.asarray((real < len(x)) | (total == 0))


def _exponent(total: NDArray[np.float32], zero: int) -> NDArray[np.int32]:
    """Exponent of a sum so far; that of the lowest binade below it."""
    field = ((total.view(np.int32) >> 23) & 255) - 127
    return np.where(total == 0, zero, np.maximum(field, FLOAT_LOW))


def cut(whole: Floats, exponent: NDArray[np.int32], kept: int) -> NDArray[np.float32]:
    """Return whole numbers times 2^`exponent` as float32 of `kept` fraction bits, toward zero.

    Infinity beyond the largest float32; below its normal range the grid is that of its lowest
    binade at `kept` bits. A zero has no sign.
    """
    with np.errstate(all="ignore"):
        value = np.ldexp(whole, exponent)
        short = (value.view(np.int64) & -(1 << (FRACTION - kept))).view(np.float64)
        small = np.abs(value) < SMALLEST
        if small.any():
            step = SMALLEST * 2.0**-kept
            short = np.where(small, np.trunc(value / step) * step, short)
        return short.astype(np.float32) + np.float32(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inner:
    """An operand in groups added whole: elements [groups, rows, inner], and which are not zero.

    `significand` and `exponent` are those of each group's scale, [groups, rows].
    """

    value: Floats
    real: Floats
    significand: Floats
    exponent: NDArray[np.int32]


def _inner(one: Operand, size: int) -> _Inner:
    rows, length = one.value.shape
    groups = -(-length // size)
    value = np.pad(one.value, [(0, 0), (0, groups * size - length)])
    value = np.ascontiguousarray(value.reshape(rows, groups, size).transpose(1, 0, 2))
    scale = np.broadcast_to(spread(one), one.value.shape)[:, ::size].T
    exponent = np.frexp(scale)[1] - 1
    return _Inner(
        value=value,
        real=(value != 0).astype(np.float64),
        significand=np.ldexp(scale, -exponent),
        exponent=exponent,
    )


def _by_inner(a: Operand, b: Operand, group: int, kind: Accumulator) -> NDArray[np.float32]:
    """Products added whole, `inner` at a time, and then scaled: only the scales have exponents."""
    x, y = _inner(a, kind.inner), _inner(b, kind.inner)
    found = np.zeros((len(a.value), len(b.value)), dtype=np.float32)
    count = max(CHUNK // max(len(b.value), 1), 1)
    with np.errstate(all="ignore"):
        for first in range(0, len(found), count):
            part = slice(first, first + count)
            for start in range(0, len(x.value), group // kind.inner):
                at = range(start, min(start + group // kind.inner, len(x.value)))
                found[part] = _inner_step(x, y, part, at, found[part], kind)
    return found


def _inner_step(
    x: _Inner,
    y: _Inner,
    part: slice,
    at: range,
    total: NDArray[np.float32],
    kind: Accumulator,
) -> NDArray[np.float32]:
    """One step of some rows of `x`: the groups `at`, and the sum so far."""
    place = _exponent(total, kind.zero)
    sums, places = [total.astype(np.float64)], [np.zeros_like(place)]
    top = place
    for group in at:
        place = x.exponent[group, part, None] + y.exponent[group]
        significand = x.significand[group, part, None] * y.significand[group]
        empty = x.real[group, part] @ y.real[group].T == 0
        empty |= significand == 0
        top = np.maximum(top, np.where(empty, kind.zero, place))
        sums.append((x.value[group, part] @ y.value[group].T) * significand)
        places.append(place)
    whole = np.zeros_like(sums[0])
    for one, place in zip(sums, places, strict=True):
        whole += np.trunc(np.ldexp(one, kind.fraction + place - top))
    return cut(whole, top - kind.fraction, kind.kept)
