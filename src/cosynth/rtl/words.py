"""Whole numbers of an element as its codes, and codes packed into bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cosynth.format import Format
from cosynth.rtl.chip import container
from cosynth.rtl.operands import operand, rounding
from cosynth.rtl.twin.decode import decode
from cosynth.rtl.twin.encode import encode


def codes_of(whole: NDArray[np.int64], format: Format) -> NDArray[np.uint64]:
    """Codes of whole numbers that the element has, as they are stored: the sign is the top bit."""
    one, bits = operand(format), container(format)
    if not one.float:
        return (whole & (1 << bits) - 1).astype(np.uint64)
    code = encode(whole << 2, rounding(format))
    size = code & (1 << one.bits - 1) - 1
    return (size | (code - size) << bits - one.bits).astype(np.uint64)


def whole_of(codes: NDArray[np.uint64], format: Format) -> NDArray[np.int64]:
    """Whole numbers of codes as they are stored: what `codes_of` was made from."""
    one, bits = operand(format), container(format)
    if not one.float:
        half = 1 << bits - 1
        return (codes.astype(np.int64) + half & (1 << bits) - 1) - half
    sign, size = codes >> np.uint64(bits - 1), codes & np.uint64((1 << one.bits - 1) - 1)
    return decode((sign << np.uint64(one.bits - 1) | size).astype(np.int64), one)


def packed_bits(codes: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """Bytes of codes of so many bits each, the first in the lowest bits."""
    values = np.ascontiguousarray(codes).astype(np.uint64)
    if bits % 8 == 0:
        return np.ascontiguousarray(values.view(np.uint8).reshape(-1, 8)[:, : bits // 8]).reshape(
            -1
        )
    places = np.arange(bits, dtype=np.uint64)
    spread = (values[:, None] >> places & np.uint64(1)).astype(np.uint8)
    return np.packbits(spread.reshape(-1), bitorder="little")
