"""Two's complement of a given width, as registers hold it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def wrap(value: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return the low `bits` bits (1 to 64) as a signed number.

    >>> wrap(np.array([127, 128, -129]), 8).tolist()
    [127, -128, 127]
    """
    left = 64 - bits
    return (np.asarray(value, dtype=np.int64) << left) >> left


def unsigned(value: NDArray[np.int64], bits: int) -> NDArray[np.uint64]:
    """Return the bits of signed numbers as a port carries them.

    >>> unsigned(np.array([-1]), 8).tolist()
    [255]
    """
    low = np.uint64((1 << bits) - 1)
    return np.asarray(value, dtype=np.int64).astype(np.uint64) & low
