"""Outlier-victim pairs: of two neighbours an outlier takes both codes, the other becomes zero.

C. Guo and others, "OliVe: Accelerating large language models via hardware-friendly outlier-victim
pair quantization", ISCA 2023: 4-bit integers never use the code of -8, so it marks the victim, and
the code beside it is a float of one mantissa bit: 12, 16, 24, 32, 48, 64, 96.
"""

from __future__ import annotations

from typing import Any

from cosynth.arrays import Array
from cosynth.format.rounding import FLOAT_BIAS, code_of, nearest

MARK = 8
SIGN = 8
LOWEST, GRID = 3, 1  # the grid of outliers begins at 2^3
SKIPPED = 2  # codes of that grid below 8; 8 itself is not used
FIRST, LAST = 1, 7
# an outlier is nearer to 12 than to 7
ORDINARY = 9.5


def encoded(size: Array, negative: Array, code: Array, real: Array, xp: Any) -> Array:
    """Return codes of pairs, [..., even], from magnitudes as bits and the codes of integers.

    Of two outliers the larger stays, of equal ones the first. Where `real` is false there is
    no element; its neighbour is never an outlier.
    """
    limit = int(_bits(ORDINARY))
    other = _swapped(size)
    first = xp.arange(size.shape[-1]) % 2 == 0
    wins = xp.where(first, size >= other, size > other)
    outlier = (size > limit) & wins & _swapped(real)
    low = LOWEST + FLOAT_BIAS
    big = code_of(nearest(size, low, GRID, xp), low, GRID, xp) - SKIPPED
    big = xp.clip(big, FIRST, LAST) | xp.where(negative, SIGN, 0)
    return xp.where(outlier, big, xp.where(_swapped(outlier), MARK, code))


def decoded(code: Array, values: Array, xp: Any) -> Array:
    """Return the values of codes of pairs, [..., even], before the scale; `values` as integers."""
    size = (code & (SIGN - 1)) + SKIPPED
    big = ((1 << GRID) + (size & 1)) << (LOWEST - GRID - 1 + (size >> GRID))
    big = xp.where(code & SIGN, -big, big).astype(xp.float32)
    found = xp.where(_swapped(code) == MARK, big, values)
    return xp.where(code == MARK, xp.float32(0), found)


def _swapped(x: Array) -> Array:
    """Every element's neighbour."""
    return x.reshape(*x.shape[:-1], -1, 2)[..., ::-1].reshape(x.shape)


def _bits(value: float) -> int:
    import numpy as np

    return int(np.float32(value).view(np.int32))
