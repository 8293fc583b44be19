"""Whole numbers that the elements of a format stand for, and the nearest of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.format import Format
from cosynth.rtl.operands import Operand, operand

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def grid(format: Format) -> tuple[Operand, int]:
    """How circuits see a format, and its largest whole number."""
    one = operand(format)
    largest = (
        min(format.element.largest, -format.element.lowest)
        if format.element.lowest
        else format.element.largest
    )
    return one, int(largest / 2.0**one.step)


def to_grid(values: Floats, unit: float | Floats, format: Format) -> Whole:
    """Whole numbers nearest to values, as the format's element has them."""
    one, most = grid(format)
    scaled = values / unit
    if not one.float:
        return np.clip(np.rint(scaled), -most, most).astype(np.int64)
    size = np.abs(scaled)
    binade = np.maximum(np.floor(np.log2(np.maximum(size, 1.0))), one.mantissa) - one.mantissa
    step = np.exp2(binade)
    found = np.minimum(np.rint(size / step) * step, most)
    return np.asarray(np.sign(scaled) * found, dtype=np.int64)


def peak(sums: Floats, units: Floats, axis: int | None) -> float:
    """The largest sum in whole numbers, of which one counts `units`, along `axis` if by channel."""
    shape = [-1 if dim == axis else 1 for dim in range(sums.ndim)]
    return float(np.abs(sums / units.reshape(shape)).max(initial=0.0))
