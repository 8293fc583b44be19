"""The twin of `lookup_mac.sv`: sums of four factors from a table of all that there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosynth.rtl.operands import Operand
from cosynth.rtl.twin.decode import decode

GROUP = 4
_SUBSETS = (np.arange(1 << GROUP)[:, None] >> np.arange(GROUP)) & 1


def lookup_mac(
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    one: Operand,
    plane: ArrayLike,
    negative: ArrayLike,
) -> NDArray[np.int64]:
    """Return what each column adds, [*cycles, columns], from codes [*cycles, 4].

    `b` [*cycles, columns] are four bits each, that of the first factor the lowest.
    """
    table = decode(a, one) @ _SUBSETS.T
    weight = np.where(negative, -1, 1) << np.asarray(plane, dtype=np.int64)
    return np.asarray(np.take_along_axis(table, np.asarray(b), axis=-1) * weight[..., None])
