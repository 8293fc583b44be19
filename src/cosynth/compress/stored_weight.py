"""A weight as ONNX stores it: codes and scales in initialisers, and nodes that give it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.compress.spelling import Spelling, spelling
from cosynth.compress.storage import arranged, scaled
from cosynth.format import Codes, Format, decode, encode
from cosynth.format.element import Element, table

_BIAS = 127  # of E8M0


def stored_weight(
    values: NDArray[Any], format: Format, operand: Operand, name: str, nodes: Nodes
) -> str:
    """Add a weight's codes and the nodes that decode them; return what holds its values.

    What comes out has the very bits of `stored`.
    """
    own = scaled(format, operand)
    spelt = spelling(own)
    shape = tuple(values.shape)
    if own.scale is None:
        return _plain(values, own, spelt, name, nodes)
    own, laid, axis = arranged(shape, own, operand)
    codes = encode(values.astype(np.float32).reshape(laid), own, axis=axis)
    length = laid[axis]
    whole = own.block == length
    if whole and laid != shape:
        # one scale for each row of a kernel: an axis of its own, without another shape
        codes = replace(codes, code=codes.code.reshape(shape))
        laid, axis = shape, 0
        shared = {"axis": 0}
    elif own.block == 0:
        shared = {}
    elif whole and len(laid) == 2:
        shared, axis = {"axis": 1 - axis}, 1 - axis
    else:
        shared = {"axis": axis, "block_size": min(own.block, length)}
    one = "block_size" not in shared
    scale = _scale(codes, spelt, name, nodes, flat=one, whole=own.block == 0)
    if spelt.looked_up:
        made = _looked_up(codes, spelt, scale, shared, name, nodes)
    else:
        inputs = [nodes.constant(f"{name}.codes", _numbers(codes.code, own.element), spelt.element)]
        inputs.append(scale)
        if codes.zero is not None:
            zero = _spread(codes.zero, one, own.block == 0)
            inputs.append(nodes.constant(f"{name}.zero", zero, spelt.element))
        typed = {"output_dtype": TensorProto.FLOAT} if _powers(spelt) else {}
        made = nodes.add("DequantizeLinear", inputs, f"{name}.values", **shared, **typed)
    if laid != shape:
        dims = nodes.constant(f"{name}.shape", np.array(shape, dtype=np.int64))
        made = nodes.add("Reshape", [made, dims], f"{name}.kernel")
    return made


def _plain(values: NDArray[Any], format: Format, spelt: Spelling, name: str, nodes: Nodes) -> str:
    """A wide float: its own type, cast back."""
    codes = encode(values.astype(np.float32), format)
    if spelt.element == TensorProto.FLOAT:
        return nodes.constant(f"{name}.values", np.asarray(decode(codes)))
    kept = nodes.constant(f"{name}.codes", np.asarray(codes.code), spelt.element)
    return nodes.add("Cast", [kept], f"{name}.values", to=TensorProto.FLOAT)


def _powers(spelt: Spelling) -> bool:
    return bool(spelt.scale == TensorProto.FLOAT8E8M0)


def _spread(values: Any, flat: bool, whole: bool) -> NDArray[Any]:
    """Values per block as ONNX wants them: as they lie, one for each row, or a single one."""
    array = np.asarray(values)
    return array.reshape(()) if whole else array.ravel() if flat else array


def _scale(
    codes: Codes, spelt: Spelling, name: str, nodes: Nodes, *, flat: bool, whole: bool
) -> str:
    """The scales as a tensor that DequantizeLinear takes, in the few bits that they have."""
    format = codes.format
    assert format.scale is not None
    assert codes.scale is not None
    raw = _spread(codes.scale, flat, whole)
    if _powers(spelt):
        lower = raw.astype(np.int32) - format.element.fraction
        if (lower >= 0).all() and (raw < 2 * _BIAS + 1).all():
            return nodes.constant(f"{name}.scales", lower, spelt.scale)
        return nodes.constant(f"{name}.scales", _values(raw, format.scale, format.element))
    if spelt.scale == TensorProto.FLOAT:
        values = _values(raw, format.scale, format.element)
        if codes.tensor is not None:
            values = values * np.float32(codes.tensor)
        return nodes.constant(f"{name}.scales", values)
    made = nodes.constant(f"{name}.scales", raw, spelt.scale)
    made = nodes.add("Cast", [made], f"{name}.scale", to=TensorProto.FLOAT)
    if codes.tensor is not None:
        tensor = nodes.constant(f"{name}.tensor_scale", np.float32(codes.tensor))
        made = nodes.add("Mul", [made, tensor], f"{name}.whole_scale")
    if format.element.fraction:
        unit = nodes.constant(f"{name}.unit", np.float32(2.0**-format.element.fraction))
        made = nodes.add("Mul", [made, unit], f"{name}.fine_scale")
    return made


def _values(code: NDArray[Any], scale: Element, element: Element) -> NDArray[np.float32]:
    """Values of scales; those of integers with a fraction count its units."""
    plain = Format(name="scale", element=scale)
    found = np.asarray(decode(Codes(format=plain, axis=0, code=np.asarray(code)[None])))[0]
    return np.asarray(found * np.float32(2.0**-element.fraction), dtype=np.float32)


def _numbers(code: Any, element: Element) -> NDArray[np.int64]:
    """Integers as numbers; other elements stay codes."""
    found = np.asarray(code).astype(np.int64)
    if element.kind in {"integer", "ternary"} and element.signed:
        return np.where(found >= 1 << (element.bits - 1), found - (1 << element.bits), found)
    return found


def _looked_up(
    codes: Codes, spelt: Spelling, scale: str, shared: dict[str, int], name: str, nodes: Nodes
) -> str:
    """Codes that index a table of values, times the scale of their block."""
    element = codes.format.element
    listed = np.asarray(table(element), dtype=np.float32)
    at = nodes.constant(f"{name}.codes", np.asarray(codes.code), spelt.element)
    at = nodes.add("Cast", [at], f"{name}.index", to=TensorProto.INT32)
    values = nodes.constant(f"{name}.table", listed)
    made = nodes.add("Gather", [values, at], f"{name}.elements", axis=0)
    shape = list(codes.shape)
    if "block_size" in shared:
        scale = _repeated(scale, shape, shared["axis"], shared["block_size"], name, nodes)
    elif "axis" in shared:
        dims = [-1 if at == shared["axis"] else 1 for at in range(len(shape))]
        to = nodes.constant(f"{name}.scale_shape", np.array(dims, dtype=np.int64))
        scale = nodes.add("Reshape", [scale, to], f"{name}.scale_rows")
    return nodes.add("Mul", [made, scale], f"{name}.values")


def _repeated(scale: str, shape: list[int], axis: int, block: int, name: str, nodes: Nodes) -> str:
    """Scales of blocks, one for each element."""
    count = -(-shape[axis] // block)
    apart = [*shape[:axis], count, 1, *shape[axis + 1 :]]
    wide = [*shape[:axis], count, block, *shape[axis + 1 :]]
    joined = [*shape[:axis], count * block, *shape[axis + 1 :]]
    for operator, dims in (("Reshape", apart), ("Expand", wide), ("Reshape", joined)):
        to = nodes.constant(f"{name}.dims", np.array(dims, dtype=np.int64))
        scale = nodes.add(operator, [scale, to], f"{name}.spread")
    if count * block == shape[axis]:
        return scale
    ends = [np.array([value], dtype=np.int64) for value in (0, shape[axis], axis)]
    inputs = [nodes.constant(f"{name}.slice", end) for end in ends]
    return nodes.add("Slice", [scale, *inputs], f"{name}.cut")
