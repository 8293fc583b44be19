"""The twin of `mux_mac.sv`: what a cycle adds, where one factor only selects or negates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl.operands import Operand
from cosynth.rtl.twin.decode import decode


def mux_mac(
    a: NDArray[np.integer], b: NDArray[np.integer], one: Operand | None, ternary: bool
) -> NDArray[np.int64]:
    """Return the sums of products over lanes, codes [*cycles, lanes] to [*cycles].

    `one` None: the first factor is binary too. The second is ternary or binary.
    """
    left = _sign(a) if one is None else decode(a, one)
    right = np.asarray(b).astype(np.int64)
    right = (right & 1) * (1 - (right & 2)) if ternary else _sign(right)
    return np.asarray((left * right).sum(axis=-1))


def _sign(code: NDArray[np.integer]) -> NDArray[np.int64]:
    return 1 - 2 * np.asarray(code).astype(np.int64)
