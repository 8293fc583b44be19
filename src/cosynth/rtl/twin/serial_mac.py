"""The twin of `serial_mac.sv` and `lookup_mac.sv`: what a cycle adds for one bit of a factor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosynth.rtl.operands import Operand
from cosynth.rtl.twin.decode import decode


def serial_mac(
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    one: Operand,
    plane: ArrayLike,
    negative: ArrayLike,
) -> NDArray[np.int64]:
    """Return the sums of the factors whose bit is set, times plus or minus 2^plane.

    Codes and bits [*cycles, lanes], the others [*cycles].
    """
    selected = (decode(a, one) * np.asarray(b).astype(np.int64)).sum(axis=-1)
    weight = np.where(negative, -1, 1) << np.asarray(plane, dtype=np.int64)
    return np.asarray(selected * weight)
