"""Dot products that add one product after the other in float32, as a fused multiply-add does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.format.exact import SIGNIFICAND
from cosynth.format.operand import Floats

# elements of a result that are worked on at a time: a few such arrays fit a core's own cache
CHUNK = 1 << 15
# float32: significand, exponent of the smallest step, exponent that no magnitude reaches
SHORT, LEAST, MOST = 24, -149, 128


def sequential(x: Floats, y: Floats) -> NDArray[np.float32]:
    """Return x . y in float32, [M, K] and [N, K] to [M, N]: K ascending, each addition rounded.

    Products are not rounded (a fused multiply-add).
    """
    found = np.zeros((len(x), len(y)), dtype=np.float32)
    count = max(CHUNK // max(len(y), 1), 1)
    narrow = _exact_in_float32(x, y)
    kind = np.float32 if narrow else np.float64
    columns = np.ascontiguousarray(y.T, dtype=kind)
    with np.errstate(all="ignore"):
        for start in range(0, len(x), count):
            rows = np.ascontiguousarray(x[start : start + count].T, dtype=kind)
            total = found[start : start + count]
            for one, other in zip(rows, columns, strict=True):
                if narrow:
                    total += one[:, None] * other
                else:
                    total[...] = _added(total.astype(np.float64), one[:, None] * other)
    return found


def _exact_in_float32(x: Floats, y: Floats) -> bool:
    """Whether no product needs more than float32 has."""
    ends = []
    for one in (x, y):
        sizes = np.abs(one[np.isfinite(one) & (one != 0)])
        part, exponent = np.frexp(sizes)
        bits = np.ldexp(part, SIGNIFICAND).astype(np.int64)
        tail = np.frexp((bits & -bits).astype(np.float64))[1]
        wide = int(np.max(SIGNIFICAND + 1 - tail, initial=1))
        ends.append((wide, int(np.min(exponent, initial=0)), int(np.max(exponent, initial=0))))
    (wide_x, low_x, high_x), (wide_y, low_y, high_y) = ends
    fits = wide_x + wide_y <= SHORT and low_x + low_y - 2 - wide_x - wide_y >= LEAST
    return fits and high_x + high_y <= MOST


def _added(total: Floats, product: Floats) -> Floats:
    """Return the sum rounded to odd: what rounds to float32 as the exact sum does."""
    found = total + product
    back = found - total
    lost = (total - (found - back)) + (product - back)
    bits = found.view(np.int64)
    even = bits & 1 == 0
    up = np.where((lost > 0) == (found > 0), 1, -1)
    inexact = (lost > 0) | (lost < 0)
    return np.where(even & inexact, bits + up, bits).view(np.float64)
