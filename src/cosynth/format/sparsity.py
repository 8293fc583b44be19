"""N:M sparsity: a mask on a tensor, whatever format its elements take."""

from __future__ import annotations

import math

from cosynth.arrays import Array, namespace
from cosynth.errors import SpecError
from cosynth.format.blocks import rows, tensor
from cosynth.format.number import Format
from cosynth.format.rounding import MAGNITUDE


def largest_mask(x: Array, keep: int, among: int, *, axis: int = -1) -> Array:
    """Return where the `keep` largest magnitudes of every `among` neighbours stand, bool [*x].

    Of equal ones the earlier stays. The last group of a line may be short.

    >>> import numpy as np
    >>> largest_mask(np.float32([1, -3, 2, 0]), 2, 4).tolist()
    [False, True, True, False]
    """
    if not 0 < keep <= among:
        raise SpecError(f"{keep}:{among} sparsity: keep from 1 to {among} of {among}")
    xp = namespace(x)
    x = xp.asarray(x).astype(xp.float32)
    size = rows(x.view(xp.int32) & MAGNITUDE, among, axis, xp)
    earlier = xp.arange(among)[None, :] < xp.arange(among)[:, None]
    mine, others = size[:, :, None], size[:, None, :]
    before = ((others > mine) | ((others == mine) & earlier)).sum(axis=-1)
    return tensor(before < keep, x.shape, among, axis, xp)


def sparse_bits(format: Format, keep: int, among: int) -> float:
    """Return bits per element of a tensor whose zeros are left out, each kept one's place noted.

    >>> from cosynth.format import known
    >>> sparse_bits(known("int8"), 2, 4)
    5.0
    """
    return keep / among * (format.bits + math.ceil(math.log2(among)))
