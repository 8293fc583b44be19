"""Dot products to the last bit, by matrix products of limbs that float64 adds without rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.format.operand import Floats

SIGNIFICAND = 53  # of float64
# elements of a result that are worked on at a time
CHUNK = 1 << 18
# bits that a window of digits may take, and those of float64 that leave room for a sticky one
WINDOW, HELD = 62, 52


def exact(x: Floats, y: Floats) -> NDArray[np.float32]:
    """Return x . y, [M, K] and [N, K] to [M, N]: the exact sum, rounded once to float32.

    Numbers of any exponent; NaN and infinities as IEEE has them.
    """
    found = np.empty((len(x), len(y)), dtype=np.float32)
    whole = bool(np.isfinite(x).all() and np.isfinite(y).all())
    count = max(CHUNK // max(len(y), 1), 1)
    for start in range(0, len(x), count):
        some = x[start : start + count]
        found[start : start + count] = _finite(some, y) if whole else _special(some, y)
    return found


def _special(x: Floats, y: Floats) -> NDArray[np.float32]:
    plain = _finite(np.where(np.isfinite(x), x, 0.0), np.where(np.isfinite(y), y, 0.0))
    with np.errstate(invalid="ignore", over="ignore"):
        said = x @ y.T
        return np.where(np.isfinite(said), plain, said.astype(np.float32))


def _finite(x: Floats, y: Floats) -> NDArray[np.float32]:
    (low_x, span_x), (low_y, span_y) = _extent(x), _extent(y)
    left, right = np.ldexp(x, -low_x), np.ldexp(y, -low_y)
    room = SIGNIFICAND - max(x.shape[1], 1).bit_length()
    base = low_x + low_y.T
    if span_x + span_y <= room:
        return _float32(left @ right.T, base)
    width = room // 2
    ones, others = _limbs(left, span_x, width), _limbs(right, span_y, width)
    sums = [np.zeros((len(x), len(y)), dtype=np.int64) for _ in range(len(ones) + len(others) - 1)]
    for i, one in enumerate(ones):
        for j, other in enumerate(others):
            sums[i + j] += (one @ other.T).astype(np.int64)
    negative = _digits(sums, width)[-1] < 0
    digits = _digits([np.where(negative, -one, one) for one in sums], width)
    size, exponent = _window(digits, width)
    return _float32(np.where(negative, -size, size), base + exponent)


def _extent(x: Floats) -> tuple[NDArray[np.int32], int]:
    """Exponent of the lowest bit set in each row, [rows, 1]; bits from there to the largest."""
    if not x.size:
        return np.zeros((len(x), 1), dtype=np.int32), 0
    part, high = np.frexp(x)
    bits = np.ldexp(np.abs(part), SIGNIFICAND).astype(np.int64)
    low = high - SIGNIFICAND + np.frexp((bits & -bits).astype(np.float64))[1] - 1
    some = bits > 0
    least = np.min(low, axis=1, keepdims=True, where=some, initial=1 << 20)
    most = np.max(high, axis=1, keepdims=True, where=some, initial=-(1 << 20))
    empty = ~some.any(axis=1, keepdims=True)
    span = int(np.max(np.where(empty, 0, most - least)))
    return np.where(empty, 0, least).astype(np.int32), span


def _limbs(x: Floats, span: int, width: int) -> list[Floats]:
    """Cut whole numbers into limbs of `width` bits, lowest first, each with the number's sign."""
    found = []
    for at in range((max(span, 1) - 1) // width, -1, -1):
        unit = 2.0 ** (at * width)
        limb = np.trunc(x / unit)
        x = x - limb * unit
        found.append(limb)
    return found[::-1]


def _digits(sums: list[NDArray[np.int64]], width: int) -> list[NDArray[np.int64]]:
    """Return digits below 2^`width`, lowest first, and what is left above them, with its sign."""
    found, carry = [], np.zeros_like(sums[0])
    for one in sums:
        total = one + carry
        found.append(total & ((1 << width) - 1))
        carry = total >> width
    return [*found, carry]


def _window(digits: list[NDArray[np.int64]], width: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return the leading bits of a number of digits as a float, its last bit sticky; its unit."""
    *rest, window = digits
    exponent = np.full(window.shape, len(rest) * width)
    sticky = np.zeros(window.shape, dtype=np.bool_)
    for digit in reversed(rest):
        fits = window < 1 << (WINDOW - width)
        window = np.where(fits, (window << width) | digit, window)
        exponent = np.where(fits, exponent - width, exponent)
        sticky |= ~fits & (digit > 0)
    cut = WINDOW - HELD
    long = window >= 1 << HELD
    sticky |= long & ((window & ((1 << cut) - 1)) > 0)
    short = np.where(long, window >> cut, window) | np.where(sticky, 1, 0)
    return short.astype(np.float64), exponent + np.where(long, cut, 0)


def _float32(size: Floats, exponent: NDArray[np.int64]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(size, exponent).astype(np.float32)


def whole(x: Floats, y: Floats, bits: int) -> NDArray[np.int64]:
    """Return x . y of whole numbers, [M, K] and [N, K] to [M, N]; products stay below 2^`bits`.

    Exact as long as no sum leaves 63 bits.
    """
    step = 1 << max(SIGNIFICAND - bits, 0)
    found = np.zeros((len(x), len(y)), dtype=np.int64)
    for start in range(0, x.shape[1], step):
        found += (x[:, start : start + step] @ y[:, start : start + step].T).astype(np.int64)
    return found
