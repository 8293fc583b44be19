"""Values as ports carry them: up to 64 bits a uint64, wider ones 32-bit words, the lowest first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosynth.errors import CircuitError

NUMBER = 64  # bits of the widest value that is one number
_WORD = 32

Values = NDArray[np.uint64] | NDArray[np.uint32]  # [*batch] or [*batch, words]


def words(bits: int) -> int:
    """Return how many words carry a wide value."""
    return -(-bits // _WORD)


def empty(count: int, bits: int) -> Values:
    """Return room for `count` values of `bits` bits."""
    if bits <= NUMBER:
        return np.zeros(count, np.uint64)
    return np.zeros((count, words(bits)), np.uint32)


def carried(values: ArrayLike, bits: int, where: str) -> Values:
    """Return `values` [count] as a port of `bits` bits carries them.

    Negative ones are written in two's complement. Wide ports take words [count, words] of uint32.
    CircuitError, beginning with `where`, if a value does not fit.
    """
    given = np.asarray(values)
    if bits > NUMBER:
        return _wide(given, bits, where)
    if given.ndim != 1 or given.dtype.kind not in "biu":
        kind = f"{given.dtype} of shape {given.shape}"
        raise CircuitError(f"{where}: takes whole numbers [cycles], not {kind}")
    if given.size:
        # as Python integers: a uint64 beside a negative number would become a float
        low, high = int(given.min()), int(given.max())
        if low < -(1 << (bits - 1)) or high >= 1 << bits:
            wrong = low if low < -(1 << (bits - 1)) else high
            raise CircuitError(f"{where}: {wrong} does not fit its {bits} bits")
    mask = np.uint64((1 << bits) - 1)
    narrow: NDArray[np.uint64] = np.ascontiguousarray(given).astype(np.uint64, copy=False) & mask
    return narrow


def _wide(given: NDArray[np.generic], bits: int, where: str) -> Values:
    shape = (words(bits),)
    if given.ndim != 2 or given.shape[1:] != shape or given.dtype != np.uint32:
        kind = f"{given.dtype} of shape {given.shape}"
        raise CircuitError(
            f"{where}: {bits} bits take words of uint32 [cycles, {shape[0]}], not {kind}; "
            "see cosynth.rtl.packing"
        )
    over = bits % _WORD
    if over and given.size and int(given[:, -1].max()) >> over:
        raise CircuitError(f"{where}: a value does not fit its {bits} bits")
    return np.ascontiguousarray(given, np.uint32)


def as_words(value: int, bits: int) -> NDArray[np.uint32]:
    """Return a whole number as the words [words] of a wide port; higher bits are dropped."""
    data = (value % (1 << bits)).to_bytes(words(bits) * _WORD // 8, "little")
    return np.frombuffer(data, "<u4")


def packed(elements: ArrayLike, bits: int) -> Values:
    """Pack elements [*batch, n] of `bits` bits each into one value, element 0 the lowest.

    Elements may be negative; more bits than they have are dropped. Up to 64 bits in all give
    uint64 [*batch], more give uint32 [*batch, words].
    """
    given = np.asarray(elements).astype(np.uint64)
    places = np.arange(bits, dtype=np.uint64)
    each = ((given[..., None] >> places) & np.uint64(1)).astype(np.uint8)
    flat = each.reshape(*given.shape[:-1], given.shape[-1] * bits)
    total = flat.shape[-1]
    room = NUMBER if total <= NUMBER else words(total) * _WORD
    padded = np.zeros((*flat.shape[:-1], room), np.uint8)
    padded[..., :total] = flat
    data = np.ascontiguousarray(np.packbits(padded, axis=-1, bitorder="little"))
    if total <= NUMBER:
        return data.view("<u8")[..., 0]
    return data.view("<u4")


def unpacked(values: Values, bits: int, count: int, signed: bool = True) -> NDArray[np.int64]:
    """Return the elements [*batch, count] of packed values: the inverse of `packed`."""
    total = bits * count
    given = np.ascontiguousarray(values)
    data = given[..., None].view(np.uint8) if total <= NUMBER else given.view(np.uint8)
    flat = np.unpackbits(data, axis=-1, bitorder="little")[..., :total]
    each = flat.reshape(*flat.shape[:-1], count, bits).astype(np.uint64)
    numbers = (each << np.arange(bits, dtype=np.uint64)).sum(axis=-1, dtype=np.uint64)
    return as_signed(numbers, bits) if signed else numbers.astype(np.int64)


def as_signed(values: ArrayLike, bits: int) -> NDArray[np.int64]:
    """Return numbers of `bits` bits read as two's complement."""
    numbers = np.asarray(values).astype(np.uint64).astype(np.int64)
    shift = NUMBER - bits
    read: NDArray[np.int64] = (numbers << shift) >> shift
    return read


def random_values(count: int, bits: int, generator: np.random.Generator) -> Values:
    """Draw values of which every bit is as likely 0 as 1."""
    if bits <= NUMBER:
        drawn = generator.integers(0, 2**64, count, np.uint64, endpoint=False)
        return drawn >> np.uint64(NUMBER - bits)
    wide = generator.integers(0, 2**32, (count, words(bits)), np.uint32, endpoint=False)
    wide[:, -1] >>= np.uint32(words(bits) * _WORD - bits)
    return wide
