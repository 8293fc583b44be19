"""An accumulator register over time: what it holds in each cycle."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosynth.rtl.bits import as_signed


def accumulate(
    terms: NDArray[np.int64], clear: ArrayLike, enable: ArrayLike, bits: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return what the register holds after each cycle, [cycles], and where that is known.

    It takes `terms` on top of itself, or of nothing with `clear`, and wraps at `bits` bits (at most
    64); it stands still without `enable`. Before the first `clear` it holds anything.

    >>> accumulate(np.array([5, 6, 7]), [1, 0, 0], [1, 0, 1], 8)[0].tolist()
    [5, 5, 12]
    """
    moves = np.asarray(enable, dtype=np.bool_)
    starts = np.asarray(clear, dtype=np.bool_) & moves
    # int64 wraps at 64 bits, which does no harm to the bits below
    taken = np.where(moves, terms, 0)
    total = np.cumsum(taken)
    since = np.maximum.accumulate(np.where(starts, np.arange(len(taken)), -1))
    before = (total - taken)[np.maximum(since, 0)]
    return as_signed(total - before, bits), since >= 0
