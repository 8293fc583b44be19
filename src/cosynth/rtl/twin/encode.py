"""The twin of `encode.sv`: a fixed-point number rounded to a float element."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.operands import Rounding


def encode(x: NDArray[np.int64], to: Rounding) -> NDArray[np.int64]:
    """Return the codes of numbers that count 2^-`fraction` of the element's smallest step."""
    value = np.asarray(x, np.int64)
    negative = value < 0
    size = np.where(negative, -value if to.signed else 0, value)
    # binades above the two lowest, which share a grid
    above = np.maximum(_bits(size >> to.fraction) - to.mantissa - 1, 0)
    cut = above + to.fraction
    kept = size >> cut
    rest, half = size - (kept << cut), 1 << (cut - 1)
    kept = kept + ((rest > half) | ((rest == half) & (kept & 1 == 1)))
    code = (above << to.mantissa) + kept
    code = np.where(code > to.top, to.over, code)
    sign = negative & (to.minus_zero | (code > 0)) if to.signed else np.zeros_like(negative)
    return np.asarray(code | (sign.astype(np.int64) << (to.exponent + to.mantissa)))


def _bits(size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of magnitudes below 2^53, 0 of zero."""
    return np.frexp(size.astype(np.float64))[1].astype(np.int64)
