"""How a factor of a layer is stored in a format: where its blocks lie, how many bits it takes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.network import Operand
from cosynth.format import Format, known, quantised

# a block as long as any axis: one scale for each row
_WHOLE = 1 << 20
_NARROW = 16  # from this width on a float needs no scale


def scaled(format: Format, operand: Operand) -> Format:
    """Return the format with the scale it needs to hold real numbers.

    Integers, and floats below 16 bits, that come without a scale get a float32 one from the
    largest magnitude: for each output of a constant factor, for the whole of a computed one.
    """
    wide = format.kind == "float" and format.element_bits >= _NARROW
    if format.scale is not None or wide:
        return format
    return replace(
        format,
        element=replace(format.element, saturate=True),
        scale=known("fp32").element,
        block=_WHOLE if operand.constant else 0,
        rule="amax",
    )


def laid_out(
    shape: tuple[int, ...], format: Format, operand: Operand
) -> tuple[tuple[int, ...], int]:
    """Return the shape that a factor is stored in, and the axis of its blocks.

    Blocks run along what the layer sums over. A kernel with fewer input channels than a block is
    stored as one row for each output, so that blocks run on through the window.
    """
    axis = operand.axis % len(shape)
    if operand.window and format.scale is not None and format.block > shape[axis]:
        return (shape[0], math.prod(shape[1:])), 1
    return shape, axis


def stored(values: Array, format: Format, operand: Operand, scale: float | None = None) -> Array:
    """Return a factor as it comes back from storage, float32, in its own shape.

    `scale` is one for the whole factor, found beforehand: values are divided by it in float32,
    rounded to the element, and multiplied by it.
    """
    if format.name == "fp32":
        return values
    if scale is not None:
        step = np.float32(scale)
        element = replace(format.element, saturate=True)
        plain = replace(format, element=element, scale=None, block=1, rule="amax", tensor=False)
        with np.errstate(over="ignore"):  # what is too large saturates
            return quantised(values / step, plain) * step
    format, shape, axis = arranged(tuple(values.shape), format, operand)
    return quantised(values.reshape(shape), format, axis=axis).reshape(values.shape)


def arranged(
    shape: tuple[int, ...], format: Format, operand: Operand
) -> tuple[Format, tuple[int, ...], int]:
    """Return the format with its scale and with blocks that end with their axis, and `laid_out`."""
    format = scaled(format, operand)
    shape, axis = laid_out(shape, format, operand)
    # a block past the end of its axis holds nothing but padding there
    return replace(format, block=min(format.block, max(shape[axis], 1))), shape, axis


def stored_bits(shape: tuple[int, ...], format: Format, operand: Operand) -> int:
    """Bits of a stored factor, every scale and zero point counted."""
    format = scaled(format, operand)
    shape, axis = laid_out(shape, format, operand)
    size = math.prod(shape)
    if not size:
        return 0
    whole = format.block == 0
    blocks = 1 if whole else size // shape[axis] * -(-shape[axis] // format.block)
    tensor = 32 if format.tensor else 0
    return size * format.element_bits + blocks * format.scale_bits + tensor
