"""Dot products of encoded tensors as circuits form them, every bit by a stated rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError
from cosynth.format.accumulator import Accumulator, accumulator
from cosynth.format.codec import Codes
from cosynth.format.exact import exact, whole
from cosynth.format.fused import fused
from cosynth.format.operand import Floats, Operand, operand, scaled
from cosynth.format.sequential import sequential

# two factors of so many bits have a product that float64 holds
WIDEST_FACTOR = 26
# elements whose products are added whole before they are aligned
FP4_BITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """Sums of products: `value` [*a, *b] without their last axes, float32.

    Plain whole numbers under an integer accumulator stay whole (int64). `overflow`, of the same
    shape, says where a sum did not fit the integer accumulator; None for the other kinds.
    """

    value: NDArray[np.float32] | NDArray[np.int64]
    overflow: NDArray[np.bool_] | None = None

    def overflows(self, most: int = 10) -> tuple[tuple[int, ...], ...]:
        """Return the places of the first sums that overflowed.

        >>> Dot(value=np.zeros(3), overflow=np.array([False, True, True])).overflows(1)
        ((1,),)
        """
        if self.overflow is None:
            return ()
        found = np.argwhere(self.overflow)[:most].tolist()
        return tuple(tuple(int(at) for at in place) for place in found)


def dot(a: Codes, b: Codes, sum_in: str | Accumulator) -> Dot:
    """Return the dot products of all rows of two encoded tensors, [..., K] and [..., K].

    Blocks lie along K, the last axis; `sum_in` is an accumulator or its name. The docs state the
    order and every rounding. SpecError where shapes, blocks or accumulator do not fit.

    >>> from cosynth.format import encode, known
    >>> a = encode(np.float32([[100, 100, 100]]), known("int8"))
    >>> found = dot(a, a, "int16")
    >>> found.value.tolist(), found.overflow.tolist()
    ([[30000]], [[False]])
    """
    kind = accumulator(sum_in) if isinstance(sum_in, str) else sum_in
    left, right = operand(a, "a"), operand(b, "b")
    if a.shape[-1] != b.shape[-1]:
        raise SpecError(
            f"a {a.shape} and b {b.shape}: their last axes must be equally long, they are summed"
        )
    sums = _sums(left, right, kind)
    shape = (*a.shape[:-1], *b.shape[:-1])
    overflow = None if sums.overflow is None else sums.overflow.reshape(shape)
    return Dot(value=sums.value.reshape(shape), overflow=overflow)


def _sums(a: Operand, b: Operand, kind: Accumulator) -> Dot:
    """Sums over K, [M, N], with the scales of whole tensors, which multiply what is finished."""
    one = a.scale is None and b.scale is None
    found = _one(a, b, kind) if one or _takes(a, b, kind) else _by_blocks(a, b, kind)
    if a.format.scale is None and b.format.scale is None:
        return found
    with np.errstate(all="ignore"):
        last = a.whole * b.whole
        value = found.value.astype(np.float32)
        value = value if last == 1 else value * last
    return replace(found, value=value + np.float32(0))


def _takes(a: Operand, b: Operand, kind: Accumulator) -> bool:
    """Whether the scales of blocks enter the alignment."""
    if kind.scales == "any":
        return True
    powers = all(one.scale is None or one.format.power for one in (a, b))
    return kind.scales == "power" and powers


def _by_blocks(a: Operand, b: Operand, kind: Accumulator) -> Dot:
    """Sums of blocks in float32, K ascending."""
    sizes = sorted(one.block for one in (a, b) if one.block)
    if sizes[-1] % sizes[0]:
        raise SpecError(
            f"blocks of {a.format.name!r} ({a.block}) and {b.format.name!r} ({b.block}) must divide"
            " one another"
        )
    total = np.zeros((len(a.value), len(b.value)), dtype=np.float32)
    overflow: NDArray[np.bool_] | None = None
    with np.errstate(all="ignore"):
        for start in range(0, a.value.shape[1], sizes[0]):
            parts = [_block(one, start, sizes[0]) for one in (a, b)]
            if kind.kind == "exact":
                total += exact(*(scaled(part).value for part in parts))
                continue
            bare = [replace(part, scale=None, block=0) for part in parts]
            found = _one(bare[0], bare[1], kind)
            scale = _short(_of_block(parts[0]) * _of_block(parts[1]).T)
            total += (found.value.astype(np.float32) * scale).astype(np.float32)
            if found.overflow is not None:
                overflow = found.overflow if overflow is None else overflow | found.overflow
    return Dot(value=total, overflow=overflow)


def _block(one: Operand, start: int, size: int) -> Operand:
    """The part of an operand that lies in one block."""
    value = one.value[:, start : start + size]
    if one.scale is None:
        return replace(one, value=value)
    at = start // one.block
    return replace(one, value=value, scale=one.scale[:, at : at + 1], block=value.shape[1])


def _of_block(one: Operand) -> Floats:
    """Scale of each row, [rows, 1]."""
    return np.ones((1, 1)) if one.scale is None else one.scale


def _short(scale: Floats) -> Floats:
    """Scales rounded to the significand of float32, of any exponent."""
    part, exponent = np.frexp(scale)
    return np.ldexp(part.astype(np.float32).astype(np.float64), exponent)


def _one(a: Operand, b: Operand, kind: Accumulator) -> Dot:
    """Sums without scales between them, or with scales that the accumulator takes in."""
    match kind.kind:
        case "integer":
            return _integers(a, b, kind)
        case "exact":
            return Dot(value=exact(a.value, b.value) + np.float32(0))
        case "sequential":
            return Dot(value=sequential(a.value, b.value) + np.float32(0))
    _check_inner(a, b, kind)
    return Dot(value=fused(a, b, kind.group(a.format, b.format), kind))


def _integers(a: Operand, b: Operand, kind: Accumulator) -> Dot:
    """Two's complement: what does not fit wraps, and is reported."""
    bits = [_bits(one, kind) for one in (a, b)]
    x, y = (np.ldexp(one.value, -one.unit) for one in (a, b))
    for one, name in ((x, a.format.name), (y, b.format.name)):
        if not np.isfinite(one).all():
            raise SpecError(
                f"format {name!r}: a tensor with NaN or infinity has no sum in integers"
            )
    total = whole(x, y, sum(bits))
    half = 1 << (kind.width - 1)
    kept = ((total + half) & (2 * half - 1)) - half
    value: NDArray[np.float32] | NDArray[np.int64] = kept
    unit = a.unit + b.unit
    if unit:
        value = np.ldexp(kept.astype(np.float64), unit).astype(np.float32)
    return Dot(value=value, overflow=kept != total)


def _bits(one: Operand, kind: Accumulator) -> int:
    """Bits of the largest element in units of the smallest."""
    format = one.format
    if format.element.kind in {"lookup", "exponent"}:
        raise SpecError(f"format {format.name!r} has no whole numbers for {kind.name!r} to add")
    bits = int(np.ceil(np.log2(format.reach[1]))) - one.unit + format.zero + 1
    if bits > WIDEST_FACTOR:
        raise SpecError(
            f"format {format.name!r} spans {bits} bits; {kind.name!r} adds whole numbers of up to"
            f" {WIDEST_FACTOR}: choose exact, fp32 or an aligned accumulator"
        )
    return bits


def _check_inner(a: Operand, b: Operand, kind: Accumulator) -> None:
    """What is added whole before it is aligned must fit float64, and share its scales."""
    for one in (a, b):
        if kind.inner > 1 and one.format.element_bits > FP4_BITS:
            raise SpecError(f"accumulator {kind.name!r} takes elements of up to 4 bits;"
                            f" {one.format.name!r} has {one.format.element_bits}")  # fmt: skip
        if kind.inner > 1 and one.block % kind.inner:
            raise SpecError(f"accumulator {kind.name!r} takes blocks of a multiple of {kind.inner};"
                            f" {one.format.name!r} has {one.block}")  # fmt: skip
