"""Encoded tensors as exact numbers: elements without their scales, and the scales apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError
from cosynth.format import blocks, pairs
from cosynth.format.codec import Codes, decode
from cosynth.format.element import Element
from cosynth.format.number import Format

Floats = NDArray[np.float64]
# the lowest binade of what comes out of a table, which is a float32
TABLE_LOW = -126


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """Rows of a tensor, [rows, K], every number exact in float64.

    `value` are the elements before their scales, zero points taken off; `low` the exponent below
    which their grid goes on evenly; `scale` that of each block, [rows, blocks], `block` elements
    long (0: there is none); `whole` that of the tensor, as float32.
    """

    format: Format
    value: Floats
    low: int
    scale: Floats | None
    block: int
    whole: np.float32

    @property
    def unit(self) -> int:
        """Exponent of the grid that all elements lie on."""
        return self.format.element.step


def operand(codes: Codes, name: str) -> Operand:
    """Return an encoded tensor, [..., K], as rows; `name` says in errors which one it is."""
    format = codes.format
    if not codes.shape:
        raise SpecError(f"{name}: a dot product needs at least one axis, and this is a scalar")
    if format.scale is not None and format.block and codes.axis != len(codes.shape) - 1:
        raise SpecError(
            f"{name}: blocks of {format.name!r} lie along axis {codes.axis}; they must lie along"
            " the last, which is summed: encode with axis=-1"
        )
    values, length = _elements(codes), codes.shape[-1]
    scale, whole = None, np.float32(1)
    if codes.tensor is not None:
        whole = np.float32(np.asarray(codes.tensor))
    if format.scale is not None:
        found = _values(codes.scale, format.scale)
        if format.block:
            scale = found.reshape(-1, found.shape[-1])
        else:
            whole = np.float32(found.reshape(()))
    return Operand(
        format=format,
        value=values.reshape(-1, length),
        low=TABLE_LOW if format.element.values else format.element.low,
        scale=scale,
        block=format.block if scale is not None else 0,
        whole=whole,
    )


def _values(code: Any, element: Element) -> Floats:
    """Return what codes of an element stand for."""
    plain = Format(name=element.name, element=element)
    found = decode(Codes(format=plain, axis=0, code=np.asarray(code)))
    return np.asarray(found, dtype=np.float64)


def _elements(codes: Codes) -> Floats:
    format, code = codes.format, np.asarray(codes.code)
    values = _values(code, format.element)
    if format.pairs:
        parts = code.astype(np.int32), values.astype(np.float32)
        lines = [blocks.rows(one, format.block, codes.axis, np, even=True) for one in parts]
        found = pairs.decoded(lines[0], lines[1], np).astype(np.float64)
        return np.asarray(blocks.tensor(found, codes.shape, format.block, codes.axis, np))
    if format.zero:
        zero = np.asarray(codes.zero, dtype=np.float64)
        if format.block:
            zero = np.repeat(zero, format.block, axis=-1)[..., : code.shape[-1]]
        values = values - zero
    return values


def scaled(one: Operand) -> Operand:
    """Return an operand whose elements took in the scales of their blocks."""
    if one.scale is None:
        return one
    return replace(one, value=one.value * spread(one), scale=None, block=0)


def spread(one: Operand) -> Floats:
    """Return the scale of every element, [rows, K]; 1 where there is none."""
    if one.scale is None:
        return np.ones((1, 1))
    return np.repeat(one.scale, one.block, axis=-1)[:, : one.value.shape[1]]
