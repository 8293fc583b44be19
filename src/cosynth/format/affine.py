"""Integers with a zero point: a block's least and largest value become the ends of the range."""

from __future__ import annotations

from typing import Any

from cosynth.arrays import Array
from cosynth.format.number import Format
from cosynth.format.rounding import (
    FLOAT_BIAS,
    FRACTION_BITS,
    HIDDEN,
    INFINITY,
    LARGEST,
    MAGNITUDE,
    code_of,
    divided,
    nearest,
)
from cosynth.format.scale import ratio, scale_code, stored

# integers up to 2^20 are told apart before a zero point is added; codes have at most 16 bits
ROOM = 19


def encoded(x: Array, format: Format, tensor: Array | None, xp: Any) -> tuple[Array, Array, Array]:
    """Return codes [rows, row], scale codes and zero points [rows, 1], as int32.

    The range always holds zero: scale = (largest - least) / top, zero = round(-least / scale),
    code = round(x / scale) + zero, each rounded to nearest even and clipped.
    """
    assert format.scale is not None
    assert tensor is None
    top = format.element.top
    bits = x.view(xp.int32)
    size = bits & MAGNITUDE
    bad = xp.max(size, axis=-1, keepdims=True, initial=0) > INFINITY
    size = xp.where(size < HIDDEN, 0, xp.minimum(size, LARGEST))
    # magnitudes of each side, so that no float is compared or flushed
    least = xp.max(xp.where(bits < 0, size, 0), axis=-1, keepdims=True, initial=0)
    most = xp.max(xp.where(bits < 0, 0, size), axis=-1, keepdims=True, initial=0)
    span = (least.view(xp.float32) + most.view(xp.float32)).view(xp.int32)
    scale = stored(ratio(xp.minimum(span, LARGEST), float(top), xp), format, xp)
    zero = xp.minimum(_whole(divided(least, scale, xp), xp), top)
    steps = _whole(divided(size, scale, xp), xp)
    code = xp.clip(xp.where(bits < 0, -steps, steps) + zero, 0, top)
    return code, scale_code(scale, bad, format.scale, xp), zero


def _whole(size: Array, xp: Any) -> Array:
    """Nearest whole number of magnitudes given as bits."""
    low = ROOM + FLOAT_BIAS
    return code_of(xp.minimum(nearest(size, low, ROOM, xp), low << FRACTION_BITS), low, ROOM, xp)
