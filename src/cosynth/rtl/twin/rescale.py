"""The twin of `rescale.sv`: bias, scale, residual, one rounding, and limits, in whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
# above, sums of products may leave int64
SAFE = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescale:
    """How results of a layer are scaled; whole numbers that broadcast against the sums.

    `negative_multiplier` None: that of all sums. `odd` rounds to odd, for a rounding to follow.
    """

    multiplier: Whole
    shift: Whole
    low: int
    high: int
    negative_multiplier: Whole | None = None
    residual_multiplier: Whole | None = None
    residual_shift: Whole | int = 0
    odd: bool = False


def rescale(acc: Whole, bias: Whole, how: Rescale, residual: Whole | None = None) -> Whole:
    """Return limit(round(((acc + bias) * multiplier + other) / 2^shift)), one rounding in all.

    The other term is the residual times its multiplier, shifted left.

    Shapes broadcast. A residual needs `how.residual_multiplier`.
    """
    total = np.asarray(acc, np.int64) + bias
    factor = np.asarray(how.multiplier, np.int64)
    if how.negative_multiplier is not None:
        factor = np.where(total < 0, how.negative_multiplier, factor)
    terms = [(total, factor)]
    if residual is not None:
        assert how.residual_multiplier is not None
        other = np.asarray(how.residual_multiplier, np.int64) * np.asarray(residual, np.int64)
        terms.append((other, np.asarray(1 << np.asarray(how.residual_shift, np.int64))))
    if sum(_most(one) * _most(other) for one, other in terms) >= SAFE:
        terms = [(one.astype(object), other.astype(object)) for one, other in terms]
    exact: Whole = np.zeros((), np.int64)
    for one, other in terms:
        exact = exact + one * other
    return limited(rounded(exact, how.shift, odd=how.odd), how.low, how.high)


def rounded(exact: Whole, shift: Whole, *, odd: bool = False) -> Whole:
    """Return whole numbers / 2^shift to the nearest, ties to even; or to odd where inexact.

    >>> rounded(np.array([1, 3, 5, -3]), 1).tolist()
    [0, 2, 2, -2]
    >>> rounded(np.array([4, 5]), 2, odd=True).tolist()
    [1, 1]
    """
    shift = np.asarray(shift, dtype=exact.dtype)
    found = exact >> shift
    rest = exact - (found << shift)
    if odd:
        return np.asarray(found | (rest != 0))
    half = np.where(shift > 0, 1 << np.maximum(shift - 1, 0), 1)
    up = (rest > half) | ((rest == half) & (found & 1 == 1))
    return np.asarray(found + up)


def limited(value: Whole, low: int, high: int) -> Whole:
    """Return values within limits, as int64."""
    return np.asarray(np.clip(value, low, high), dtype=np.int64)


def _most(value: Whole) -> int:
    return max(abs(int(value.min())), abs(int(value.max()))) if value.size else 0
