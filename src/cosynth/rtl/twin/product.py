"""The twin of `product.sv`: exact products of element codes as whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.bits import as_signed
from cosynth.rtl.operands import Operand
from cosynth.rtl.twin.decode import decode


def product(
    a: NDArray[np.integer], b: NDArray[np.integer], one: Operand, other: Operand, bits: int
) -> NDArray[np.int64]:
    """Return the products of codes, in units of both steps, in the low `bits` bits (at most 64)."""
    # int64 wraps at 64 bits, which does no harm to the bits below
    return as_signed(decode(a, one) * decode(b, other), bits)
