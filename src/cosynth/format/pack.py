"""Codes below a byte: packed one after the other, little end first; and their bit planes."""

from __future__ import annotations

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.errors import SpecError

BYTE = 8
LONGEST = 32


def pack(codes: Array, bits: int) -> Array:
    """Return codes of `bits` each as bytes, uint8 [ceil(n * bits / 8)], in row-major order.

    Code i fills bits i * `bits` and up of the stream, the lowest bit of a byte first.

    >>> import numpy as np
    >>> pack(np.array([1, 2, 3], dtype=np.uint8), 4).tolist()
    [33, 3]
    """
    _check(bits)
    xp = namespace(codes)
    codes = xp.asarray(codes).reshape(-1)
    count = codes.shape[0]
    codes = xp.pad(codes, (0, -count % BYTE)).astype(xp.uint32).reshape(-1, BYTE)
    columns = []
    for byte in range(bits):
        found = xp.zeros(codes.shape[0], dtype=xp.uint32)
        for item in range(BYTE):
            start = item * bits - byte * BYTE  # where the item's lowest bit lies in this byte
            if -bits < start < BYTE:
                moved = codes[:, item] << start if start >= 0 else codes[:, item] >> -start
                found = found | moved
        columns.append((found & 0xFF).astype(xp.uint8))
    return xp.stack(columns, axis=1).reshape(-1)[: -(-count * bits // BYTE)]


def unpack(packed: Array, bits: int, count: int) -> Array:
    """Return `count` codes from the bytes of `pack`: uint8, uint16 or uint32 [count].

    >>> import numpy as np
    >>> unpack(np.array([33, 3], dtype=np.uint8), 4, 3).tolist()
    [1, 2, 3]
    """
    _check(bits)
    xp = namespace(packed)
    packed = xp.asarray(packed)
    wanted = -(-count * bits // BYTE)
    if packed.shape != (wanted,):
        raise SpecError(f"{count} codes of {bits} bits are {wanted} bytes, not {packed.shape}")
    packed = xp.pad(packed, (0, -wanted % bits)).astype(xp.uint32).reshape(-1, bits)
    columns = []
    for item in range(BYTE):
        found = xp.zeros(packed.shape[0], dtype=xp.uint32)
        for byte in range(bits):
            start = item * bits - byte * BYTE
            if -bits < start < BYTE:
                moved = packed[:, byte] >> start if start >= 0 else packed[:, byte] << -start
                found = found | moved
        columns.append(found & xp.uint32((1 << bits) - 1))
    return xp.stack(columns, axis=1).reshape(-1)[:count].astype(code_type(bits, xp))


def code_type(bits: int, xp: object = np) -> type:
    """Return the narrowest unsigned type that holds codes of so many bits."""
    name = "uint8" if bits <= BYTE else "uint16" if bits <= 2 * BYTE else "uint32"
    found: type = getattr(xp, name)
    return found


def planes(codes: Array, bits: int) -> Array:
    """Return the bits of integer codes, uint8 [bits, ...], the lowest plane first.

    With `plane_weights` their weighted sum is the integer: what bit-serial units compute with.
    """
    _check(bits)
    xp = namespace(codes)
    return xp.stack([(codes >> bit) & 1 for bit in range(bits)]).astype(xp.uint8)


def plane_weights(bits: int, *, signed: bool = True) -> tuple[int, ...]:
    """Return the weight of each plane: powers of two, the last one negative if signed.

    >>> plane_weights(4)
    (1, 2, 4, -8)
    """
    weights = [1 << bit for bit in range(bits)]
    if signed:
        weights[-1] = -weights[-1]
    return tuple(weights)


def _check(bits: int) -> None:
    if not 1 <= bits <= LONGEST:
        raise SpecError(f"codes of {bits} bits: from 1 to {LONGEST} can be packed")
