"""The twin of `decode.sv`: the whole number that a code stands for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.bits import as_signed
from cosynth.rtl.operands import Operand


def decode(code: NDArray[np.integer], element: Operand) -> NDArray[np.int64]:
    """Return whole numbers of the element's step; codes of no number as if one stood there."""
    bits = np.asarray(code).astype(np.int64)
    if not element.float:
        return as_signed(bits, element.bits) if element.signed else bits
    exponent = (bits >> element.mantissa) & ((1 << element.exponent) - 1)
    inside = bits & ((1 << element.mantissa) - 1)
    normal = (exponent > 0).astype(np.int64)
    size = (inside + (normal << element.mantissa)) << (exponent - normal)
    negative = element.signed & (bits >> (element.bits - 1)).astype(np.bool_)
    return np.asarray(np.where(negative, -size, size))
