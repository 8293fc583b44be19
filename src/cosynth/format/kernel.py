"""The codec on rows: [blocks, block] of float32 to codes, to rounded values, and codes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from cosynth.arrays import Array
from cosynth.format import affine, pairs
from cosynth.format.element import Element, table
from cosynth.format.lookup import nearest_code
from cosynth.format.number import Format
from cosynth.format.rounding import (
    FLOAT_BIAS,
    FRACTION_BITS,
    INFINITY,
    LARGEST,
    MAGNITUDE,
    SIGN,
    code_of,
    divided,
    nearest,
    random,
    scaled,
)
from cosynth.format.scale import NAN_BITS, NAN_EXPONENT, floats, peaks, powers, scale_code

HALF_OF_SMALLEST = 0x00400000  # bits of 2^-127, the lowest power that E8M0 has
Rows = tuple[Array | None, ...]


def encode_rows(
    x: Array, noise: Array | None, real: Array | None, *, format: Format, tensor: Array, xp: Any
) -> Rows:
    """Return codes [rows, row], scale codes and zero points [rows, 1], as int32, of float32 rows.

    `noise` are random bits or None, `real` says where there are elements (None: everywhere),
    `tensor` is the scale of the whole tensor as bits, [1, 1].
    """
    if format.zero:
        return affine.encoded(x, format, tensor, xp)
    bits, size = _split(x, format.element, xp)
    if format.scale is None:
        return _plain_code(bits, _plain(bits, size, format.element, noise, xp), format, xp)
    peak, bad = peaks(size, xp)
    if format.power:
        exponent = powers(peak, format, xp)
        kept = _in_powers(bits, size, exponent, format, noise, xp)
        code = code_of(kept, exponent + format.element.low, format.element.grid, xp)
        return _signed(code, bits, format.element, xp), xp.where(bad, NAN_EXPONENT, exponent), None
    scale = floats(peak, tensor, format, xp)
    code = _in_floats(bits, size, _whole_scale(scale, tensor, xp), format, noise, real, xp)
    return code, scale_code(scale, bad, format.scale, xp), None


def quantise_rows(
    x: Array, noise: Array | None, real: Array | None, *, format: Format, tensor: Array, xp: Any
) -> Rows:
    """Return the values that the codes of rows stand for, float32 [rows, row]."""
    element = format.element
    bits, size = _split(x, element, xp)
    if format.scale is None and not element.values and element.kind != "exponent":
        kept = _plain(bits, size, element, noise, xp)
        return (_with_sign(kept, bits, element, xp),)
    if format.power:
        peak, bad = peaks(size, xp)
        exponent = powers(peak, format, xp)
        kept = _in_powers(bits, size, exponent, format, noise, xp)
        kept = xp.minimum(kept, LARGEST)
        kept = xp.where(bad, NAN_BITS, kept)
        return (_with_sign(kept, bits, element, xp),)
    if format.zero or format.pairs or element.values or format.scale is None:
        code, scale, zero = encode_rows(x, noise, real, format=format, tensor=tensor, xp=xp)
        return decode_rows(code, scale, zero, format=format, tensor=tensor, xp=xp)
    peak, bad = peaks(size, xp)
    scale = _whole_scale(floats(peak, tensor, format, xp), tensor, xp)
    kept = _rounded(divided(size, scale, xp), format, noise, xp)
    kept = xp.minimum(kept, _tops(bits, element, xp))
    kept = (kept.view(xp.float32) * scale.view(xp.float32)).view(xp.int32)
    kept = xp.where(bad, NAN_BITS, xp.minimum(kept, LARGEST))
    return (_with_sign(kept, bits, element, xp),)


def decode_rows(
    code: Array, scale: Array | None, zero: Array | None, *, format: Format, tensor: Array, xp: Any
) -> Rows:
    """Return the values of codes, float32 [rows, row]."""
    code = code.astype(xp.int32)
    if scale is None:
        return (_values(code, format.element, xp),)
    if format.power:
        bits = _values(code, format.element, xp).view(xp.int32)
        size = bits & MAGNITUDE
        moved = scaled(size, scale.astype(xp.int32) - FLOAT_BIAS, xp) | (bits & SIGN)
        moved = xp.where(size >= INFINITY, bits, moved)
        return (xp.where(scale == NAN_EXPONENT, NAN_BITS, moved).view(xp.float32),)
    assert format.scale is not None
    whole = _values(scale.astype(xp.int32), format.scale, xp)
    whole = _whole_scale(whole.view(xp.int32), tensor, xp).view(xp.float32)
    if format.zero:
        assert zero is not None
        found = (code - zero.astype(xp.int32)).astype(xp.float32) * whole
    else:
        found = _values(code, format.element, xp)
        if format.pairs:
            found = pairs.decoded(code, found, xp)
        found = found * whole
    bits = found.view(xp.int32)
    size = bits & MAGNITUDE
    bits = xp.where(size > INFINITY, NAN_BITS, xp.minimum(size, LARGEST) | (bits & SIGN))
    return (bits.view(xp.float32),)


def _split(x: Array, element: Element, xp: Any) -> tuple[Array, Array]:
    """Bits and magnitudes; a negative number is zero where there is no sign."""
    bits = x.view(xp.int32)
    size = bits & MAGNITUDE
    if not element.signed and not element.values:
        size = xp.where((bits < 0) & (size <= INFINITY), 0, size)
        bits = size
    return bits, size


def _rounded(size: Array, format: Format, noise: Array | None, xp: Any) -> Array:
    element = format.element
    return _grid(size, element.low + FLOAT_BIAS, element, noise, xp)


def _grid(size: Array, low: Array, element: Element, noise: Array | None, xp: Any) -> Array:
    if noise is None:
        return nearest(size, low, element.grid, xp)
    return random(size, low, element.grid, noise, xp)


def _tops(bits: Array, element: Element, xp: Any) -> Array:
    """Bits of the largest magnitude, which the most negative integer may exceed."""
    largest = _bits(element.largest)
    if not element.full:
        return largest
    return xp.where(bits < 0, _bits(-element.lowest), largest).astype(xp.int32)


def _bits(value: float) -> int:
    return int(np.float32(value).view(np.int32))


def _in_powers(
    bits: Array, size: Array, exponent: Array, format: Format, noise: Array | None, xp: Any
) -> Array:
    """Magnitudes rounded under power-of-two scales; a pattern of 2^128 where one comes out."""
    element = format.element
    kept = _grid(size, exponent + element.low, element, noise, xp)
    moved = (exponent - FLOAT_BIAS) << FRACTION_BITS
    return xp.minimum(kept, xp.maximum(_tops(bits, element, xp) + moved, 0))


def _in_floats(
    bits: Array,
    size: Array,
    scale: Array,
    format: Format,
    noise: Array | None,
    real: Array | None,
    xp: Any,
) -> Array:
    """Codes under float scales, given as bits."""
    element = format.element
    inside = divided(size, scale, xp)
    if element.values:
        return nearest_code(inside | (bits & SIGN), element, xp)
    kept = xp.minimum(_rounded(inside, format, noise, xp), _tops(bits, element, xp))
    code = code_of(kept, element.low + FLOAT_BIAS, element.grid, xp)
    code = _signed(code, bits, element, xp)
    if format.pairs:
        real = xp.ones(code.shape, dtype=bool) if real is None else real
        return pairs.encoded(inside, bits < 0, code, real, xp)
    return code


def _whole_scale(scale: Array, tensor: Array | None, xp: Any) -> Array:
    """Scale of a block times that of the tensor, as bits."""
    if tensor is None:
        return scale
    return (scale.view(xp.float32) * tensor.view(xp.float32)).view(xp.int32)


def _plain(bits: Array, size: Array, element: Element, noise: Array | None, xp: Any) -> Array:
    """Magnitudes of elements without a scale; infinity and NaN where they come out."""
    if element.values:
        return size
    kept = _grid(size, element.low + FLOAT_BIAS, element, noise, xp)
    top = _tops(bits, element, xp)
    beyond = INFINITY if element.infinity is not None else NAN_BITS
    kept = xp.minimum(kept, top) if element.saturate else xp.where(kept > top, beyond, kept)
    return kept if element.nan is None else xp.where(size > INFINITY, NAN_BITS, kept)


def _plain_code(bits: Array, kept: Array, format: Format, xp: Any) -> Rows:
    element = format.element
    if element.values:
        return nearest_code(bits, element, xp), None, None
    code = code_of(kept, element.low + FLOAT_BIAS, element.grid, xp)
    if element.kind == "exponent":
        code = kept >> FRACTION_BITS
    if element.infinity is not None:
        code = xp.where(kept == INFINITY, element.infinity, code)
    code = _signed(code, bits, element, xp)
    if element.nan is not None:
        code = xp.where(kept > INFINITY, element.nan, code)
    return code, None, None


def _signed(code: Array, bits: Array, element: Element, xp: Any) -> Array:
    """Codes of magnitudes with the sign of `bits`."""
    if not element.signed:
        return code
    sign = 1 << (element.width - 1)
    if element.kind == "float":
        negative = bits < 0 if element.minus_zero else (bits < 0) & (code > 0)
        if element.width == 32:
            return code | (bits & SIGN)
        return code | xp.where(negative, sign, 0)
    return xp.where(bits < 0, -code, code) & (2 * sign - 1)


def _with_sign(size: Array, bits: Array, element: Element, xp: Any) -> Array:
    """Magnitudes with the sign of `bits`, as float32; NaN and a zero without sign have none."""
    signed = size | (bits & SIGN)
    if element.minus_zero:
        found = xp.where(size > INFINITY, size, signed)
    else:
        found = xp.where((size == 0) | (size > INFINITY), size, signed)
    return found.view(xp.float32)


def _values(code: Array, element: Element, xp: Any) -> Array:
    """Values of codes as float32."""
    if element.kind == "float" and element.exponent == 8 and element.bias == FLOAT_BIAS:
        return (code << (FRACTION_BITS - element.mantissa)).view(xp.float32)
    return xp.asarray(table(element))[code]
