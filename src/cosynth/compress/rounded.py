"""An activation rounded to a format while the model runs, in standard nodes of ONNX."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto

from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.compress.spelling import Spelling, spelling
from cosynth.compress.storage import scaled
from cosynth.errors import SpecError
from cosynth.format import Format, known
from cosynth.format.element import Element
from cosynth.format.scale import least, least_tensor

# of the codec's rules for powers of two, those that a cast to FLOAT8E8M0 has
_CASTS = {"floor": "down", "ceil": "up"}


def rounded(
    operand: Operand,
    format: Format,
    dims: Sequence[onnx.TensorShapeProto.Dimension] | None,
    site: str,
    nodes: Nodes,
    x: str = "",
    scale: float | None = None,
) -> str:
    """Add nodes that find the scales of an activation and round it; return what holds it.

    `dims` are those of the tensor, None where they are not known; `x` is what holds the activation
    where steps changed it, `scale` one that was found beforehand. What comes out has
    the bits of `stored` for numbers that are zero or not below 2^-126. SpecError for what has no
    spelling.
    """
    own = scaled(format, operand)
    name = f"{site}.{operand.at}"
    spelt = spelling(own)
    if own.scale is None:
        low = nodes.add("Cast", [x or operand.tensor], f"{name}.low", to=spelt.element)
        return nodes.add("Cast", [low], f"{name}.rounded", to=TensorProto.FLOAT)
    wrong = {
        "has zero points": own.zero,
        "is looked up": spelt.looked_up,
        f"has the rule {own.rule!r}": own.power and own.rule not in _CASTS,
        "keeps the most negative integer": own.element.full,
    }
    for reason, holds in wrong.items():
        if holds:
            raise SpecError(
                f"activations in {format.name!r}: it {reason}, which ONNX cannot round to while it"
                " runs; take the format for weights only"
            )
    x = x or operand.tensor
    if scale is not None:
        given = nodes.constant(f"{name}.scale", np.float32(scale))
        plain = replace(own, rule="amax", scale=known("fp32").element)
        return _through(x, given, plain, spelt, name, nodes)
    if own.element.signed:
        size = nodes.add("Abs", [x], f"{name}.size")
    else:
        size = x = nodes.add("Relu", [x], f"{name}.size")
    if own.block == 0:
        peak = nodes.add("ReduceMax", [size], f"{name}.peak", keepdims=0)
        return _whole(x, own, spelt, peak, name, nodes)
    if dims is None:
        raise SpecError(f"activations in {format.name!r}: the shape of {operand.tensor!r} is open")
    rank = len(dims)
    axis = operand.axis % rank
    length = dims[axis].dim_value
    if not length:
        raise SpecError(
            f"activations in {format.name!r}: axis {axis} of {operand.tensor!r} has no fixed size"
        )
    block = min(own.block, length)
    peaks = _peaks(size, axis, rank, length, block, name, nodes)
    found = _scales(own, spelt, peaks, size, name, nodes)
    return _through(x, found, own, spelt, name, nodes, axis=axis, block_size=block)


def _whole(x: str, format: Format, spelt: Spelling, peak: str, name: str, nodes: Nodes) -> str:
    largest = nodes.constant(f"{name}.largest", np.float32(format.largest))
    scale = nodes.add("Div", [peak, largest], f"{name}.ratio")
    scale = nodes.add("Max", [scale, _least(format, name, nodes)], f"{name}.scale")
    return _through(x, scale, format, spelt, name, nodes)


def _least(format: Format, name: str, nodes: Nodes) -> str:
    value = np.array(least(format), np.int32).view(np.float32)
    return nodes.constant(f"{name}.least", value)


def _peaks(
    size: str, axis: int, rank: int, length: int, block: int, name: str, nodes: Nodes
) -> str:
    """The largest magnitude of each block, with the blocks in place of the elements of `axis`."""
    count = -(-length // block)
    if count * block > length:
        pads = [0] * (2 * rank)
        pads[rank + axis] = count * block - length
        more = nodes.constant(f"{name}.pads", np.array(pads, dtype=np.int64))
        size = nodes.add("Pad", [size, more], f"{name}.padded")
    # 0 keeps a dimension as it is; those after the axis move by one, so they are read off
    before = [0] * axis
    shape = nodes.add("Shape", [size], f"{name}.rest", start=axis + 1)
    front = nodes.constant(f"{name}.front", np.array([*before, count, block], dtype=np.int64))
    apart = nodes.add("Concat", [front, shape], f"{name}.apart", axis=0)
    cut = nodes.add("Reshape", [size, apart], f"{name}.blocks")
    axes = nodes.constant(f"{name}.axes", np.array([axis + 1], dtype=np.int64))
    return nodes.add("ReduceMax", [cut, axes], f"{name}.peaks", keepdims=0)


def _scales(format: Format, spelt: Spelling, peaks: str, size: str, name: str, nodes: Nodes) -> str:
    """The scale of every block from its peak."""
    if format.power:
        # a power of two below the peak's binade; integers with a fraction count its units
        above = math.floor(math.log2(format.largest)) + format.element.fraction
        unit = nodes.constant(f"{name}.unit", np.float32(2.0**-above))
        ratio = nodes.add("Mul", [peaks, unit], f"{name}.ratio")
        lowest = nodes.constant(f"{name}.lowest", np.float32(2.0**-126))
        ratio = nodes.add("Max", [ratio, lowest], f"{name}.bounded")
        mode = _CASTS[format.rule]
        return nodes.add("Cast", [ratio], f"{name}.scales", to=spelt.scale, round_mode=mode)
    largest = nodes.constant(f"{name}.largest", np.float32(format.largest))
    scale = nodes.add("Div", [peaks, largest], f"{name}.ratio")
    tensor = ""
    if format.tensor:
        assert format.scale is not None
        most = np.float32(format.largest * format.scale.largest)
        peak = nodes.add("ReduceMax", [size], f"{name}.peak", keepdims=0)
        tensor = nodes.add("Div", [peak, nodes.constant(f"{name}.most", most)], f"{name}.tensor")
        floor = np.array(least_tensor(format), np.int32).view(np.float32)
        bound = nodes.constant(f"{name}.tensor_least", floor)
        tensor = nodes.add("Max", [tensor, bound], f"{name}.tensor_scale")
        scale = nodes.add("Div", [scale, tensor], f"{name}.relative")
    if spelt.scale != TensorProto.FLOAT:
        low = nodes.add("Cast", [scale], f"{name}.low_scales", to=spelt.scale)
        scale = nodes.add("Cast", [low], f"{name}.scales", to=TensorProto.FLOAT)
    scale = nodes.add("Max", [scale, _least(format, name, nodes)], f"{name}.bounded")
    if tensor:
        scale = nodes.add("Mul", [scale, tensor], f"{name}.whole_scales")
    if format.element.fraction:
        unit = nodes.constant(f"{name}.unit", np.float32(2.0**-format.element.fraction))
        scale = nodes.add("Mul", [scale, unit], f"{name}.fine_scales")
    return scale


def _through(
    x: str, scale: str, format: Format, spelt: Spelling, name: str, nodes: Nodes, **shared: int
) -> str:
    """Round under scales, and back; integers are kept symmetric in a type that has room."""
    element = format.element
    whole = element.kind in {"integer", "ternary"}
    kind = _room(element) if whole else spelt.element
    typed = {"output_dtype": TensorProto.FLOAT} if format.power else {}
    codes = nodes.add("QuantizeLinear", [x, scale], f"{name}.codes", output_dtype=kind, **shared)
    if whole:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind)
        low = np.array(-element.top if element.signed else 0, dtype)
        ends = [
            nodes.constant(f"{name}.{end}", value)
            for end, value in (("bottom", low), ("top", np.array(element.top, dtype)))
        ]
        codes = nodes.add("Clip", [codes, *ends], f"{name}.clipped")
    return nodes.add("DequantizeLinear", [codes, scale], f"{name}.rounded", **shared, **typed)


def _room(element: Element) -> int:
    """The type in which codes are clipped: ONNX has no such operator for narrower ones."""
    if element.bits <= 8:
        return int(TensorProto.INT8 if element.signed else TensorProto.UINT8)
    return int(TensorProto.INT16 if element.signed else TensorProto.UINT16)
