"""The twins of `round_fp32.sv` and `add_fp32.sv`: one rounding to float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
# bits that float64 holds, and those that a longer number is cut to, its last bit sticky
HELD, CUT = 53, 50


def round_fp32(whole: NDArray[np.int64], exponent: ArrayLike) -> Floats:
    """Return whole numbers (of any size as objects) times 2^exponent, to the nearest float32.

    >>> round_fp32(np.array([2**24 + 1, 3]), [0, -150]).tolist()
    [16777216.0, 2.802596928649634e-45]
    """
    more = np.asarray(exponent, np.int64)
    values = np.asarray(whole)
    if values.size and max(abs(int(values.max())), abs(int(values.min()))) >> HELD:
        values, cut = _cut(values)
        more = more + cut
    with np.errstate(over="ignore", under="ignore"):
        # a zero has no sign
        return np.asarray(
            np.ldexp(values.astype(np.float64), more).astype(np.float32) + np.float32(0)
        )


def add_fp32(a: Floats, b: Floats) -> Floats:
    """Return sums of float32."""
    with np.errstate(all="ignore"):
        return np.asarray(a + b)


def _cut(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return numbers without what lies far below their leading bit, and how many bits that is."""
    found, cuts = [], []
    for value in values.ravel().tolist():
        cut = max(value.bit_length() - CUT, 0)
        found.append((value >> cut) | (value & ((1 << cut) - 1) != 0))
        cuts.append(cut)
    shape = values.shape
    return np.array(found, np.int64).reshape(shape), np.array(cuts, np.int64).reshape(shape)
