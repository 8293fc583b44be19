"""Scales of blocks: powers of two by a rule, or the largest magnitude over the largest value."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from cosynth.arrays import Array
from cosynth.format.element import Element
from cosynth.format.number import Format
from cosynth.format.rounding import (
    FLOAT_BIAS,
    FRACTION,
    FRACTION_BITS,
    HIDDEN,
    INFINITY,
    LARGEST,
    code_of,
    divided,
    nearest,
    quotient,
)

GREATEST_EXPONENT = 254  # of E8M0; 255 is NaN
NAN_EXPONENT = 255
NAN_BITS = 0x7FC00000


def peaks(size: Array, xp: Any) -> tuple[Array, Array]:
    """Return the largest magnitude of each row as bits, [rows, 1], and where a row has a NaN.

    An infinity counts as the largest float32, what is below the smallest normal as zero.
    """
    peak = xp.max(size, axis=-1, keepdims=True, initial=0)
    bad = peak > INFINITY
    return xp.where(peak < HIDDEN, 0, xp.minimum(peak, LARGEST)), bad


def powers(peak: Array, format: Format, xp: Any) -> Array:
    """Return the exponent of each block's scale, with float32's bias, from its peak."""
    element = format.element
    largest = int(np.float32(element.largest).view(np.int32))
    field, fraction = peak >> FRACTION_BITS, peak & FRACTION
    if format.rule == "even":
        field = (peak + (1 << (FRACTION_BITS - 1 - element.grid))) >> FRACTION_BITS
    elif format.rule == "ceil":
        field = field + (fraction > 0)
    elif format.rule == "rceil":
        field = field + (fraction > (largest & FRACTION))
    above = (largest >> FRACTION_BITS) - FLOAT_BIAS
    return xp.clip(xp.where(peak > 0, field - above, 0), 0, GREATEST_EXPONENT)


@cache
def least(format: Format) -> int:
    """Bits of the smallest scale: no product of it and a value, nor of two scales, is subnormal."""
    assert format.scale is not None
    room = max(-format.element.step, 0)
    floor = math.ldexp(1.0, room - FLOAT_BIAS + 1)
    smallest = max(math.ldexp(1.0, format.scale.step), 0.0 if format.tensor else floor)
    return int(np.float32(smallest).view(np.int32))


@cache
def least_tensor(format: Format) -> int:
    """Bits of the smallest scale of a tensor."""
    assert format.scale is not None
    room = max(-format.element.step, 0) + max(-format.scale.step, 0)
    return int(np.float32(math.ldexp(1.0, room - FLOAT_BIAS + 1)).view(np.int32))


def ratio(peak: Array, value: float, xp: Any) -> Array:
    """Return peak / `value` as float32 bits, correctly rounded."""
    numerator, denominator = value.as_integer_ratio()
    twos = (numerator & -numerator).bit_length() - 1
    return quotient(peak, numerator >> twos, twos + 1 - denominator.bit_length(), xp)


def tensor_scale(peak: Array, format: Format, xp: Any) -> Array:
    """Return the scale of a whole tensor as bits: its peak becomes the largest value twice over."""
    assert format.scale is not None
    return xp.maximum(ratio(peak, format.largest * format.scale.largest, xp), least_tensor(format))


def stored(size: Array, format: Format, xp: Any) -> Array:
    """Return scales, given as bits, rounded to the scale's own type and not below the least."""
    element = format.scale
    assert element is not None
    kept = nearest(size, element.low + FLOAT_BIAS, element.grid, xp)
    top = int(np.float32(element.largest).view(np.int32))
    return xp.maximum(xp.minimum(kept, top), least(format))


def floats(peak: Array, tensor: Array | None, format: Format, xp: Any) -> Array:
    """Return the scale of each block as bits: peak / largest value (/ the tensor's), rounded."""
    found = ratio(peak, format.largest, xp)
    if tensor is not None:
        found = divided(found, tensor, xp)
    return stored(found, format, xp)


def scale_code(size: Array, bad: Array, element: Element, xp: Any) -> Array:
    """Return the codes of scales; NaN where a block holds one."""
    code = code_of(size, element.low + FLOAT_BIAS, element.grid, xp)
    return xp.where(bad, element.nan, code)
