"""Shapes and types of one node's outputs, by ONNX's own inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TypeProto, helper, numpy_helper, shape_inference

from cosynth.errors import WorkloadError

if TYPE_CHECKING:
    from cosynth.workload.readers.onnx.node import Node

Shapes = tuple[tuple[int, ...] | None, ...]
# these hold subgraphs, which their handlers walk with the shapes of this place
_OWN = {"If", "Loop", "Scan"}
# these take lists of dimensions or axes as inputs, and the inference makes room for all of them
_SHAPED = {
    "Reshape", "Expand", "Tile", "ConstantOfShape", "Slice", "Pad", "Resize", "Upsample",
    "Unsqueeze", "Squeeze", "CenterCropPad", "Col2Im", "AffineGrid", "RandomNormal", "Split",
}  # fmt: skip
_DIMENSIONS = 1024


def inferred(node: Node, proto: onnx.NodeProto) -> tuple[Shapes, list[int]]:
    """Shapes (None where data decides) and element types, strictly checked."""
    count = len(proto.output)
    if node.operator in _OWN:
        return (None,) * count, [0] * count
    try:
        schema = onnx.defs.get_schema(node.operator, node.version, "")
    except onnx.defs.SchemaError:
        raise WorkloadError(
            f"operator {node.operator!r} does not exist in version {node.version} of the operators"
        ) from None
    _check_arity(schema, proto)
    _check_trusted(node)
    values = {name: node.scope.value(name) for name in proto.input if name}
    types = {
        name: helper.make_tensor_type_proto(value.type, value.shape)
        for name, value in values.items()
    }
    data = {
        name: numpy_helper.from_array(value.data, name)
        for name, value in values.items()
        if value.data is not None
    }
    opsets = [helper.make_opsetid(d, v) for d, v in node.scope.opsets.items()]
    try:
        found = shape_inference.infer_node_outputs(schema, proto, types, data, None, opsets)
    except (shape_inference.InferenceError, onnx.checker.ValidationError, RuntimeError) as error:
        raise WorkloadError(_plain(str(error))) from None
    made = [found.get(name, TypeProto()) for name in proto.output]
    return tuple(_shape(t) for t in made), [t.tensor_type.elem_type for t in made]


def _check_arity(schema: onnx.defs.OpSchema, proto: onnx.NodeProto) -> None:
    if not schema.min_input <= len(proto.input) <= schema.max_input:
        raise WorkloadError(
            f"has {len(proto.input)} inputs, takes {schema.min_input} to {schema.max_input}"
        )
    if not schema.min_output <= len(proto.output) <= schema.max_output:
        raise WorkloadError(
            f"has {len(proto.output)} outputs, gives {schema.min_output} to {schema.max_output}"
        )
    absent = {n for n, a in schema.attributes.items() if a.required} - {
        a.name for a in proto.attribute
    }
    if absent:
        raise WorkloadError(f"attribute {min(absent)!r} is absent")


def _check_trusted(node: Node) -> None:
    """The inference trusts some attributes, and reads past its memory where they are wrong."""
    parts = node.attributes.get("num_outputs", len(node.outputs))
    if node.operator == "Split" and parts != len(node.outputs):
        raise WorkloadError(f"splits into {parts} parts, has {len(node.outputs)} outputs")
    for at in range(len(node.inputs) if node.operator in _SHAPED else 0):
        first = at or node.operator == "ConstantOfShape"
        listed = node.shape(at) if first and node.has(at) else ()
        if len(listed) == 1 and listed[0] > _DIMENSIONS:
            raise WorkloadError(f"input {at} lists {listed[0]} dimensions")
    axis = node.attributes.get("axis")
    if isinstance(axis, int) and node.has(0):
        count = len(node.shape(0))
        low, high = -count, count - 1
        low -= node.operator == "OneHot"
        high += node.operator in {"OneHot", "Flatten"}
        if not low <= axis <= max(high, 0):
            raise WorkloadError(f"axis {axis} of a tensor with {count} dimensions")


def _shape(kind: TypeProto) -> tuple[int, ...] | None:
    if kind.WhichOneof("value") != "tensor_type" or not kind.tensor_type.HasField("shape"):
        return None
    dims = kind.tensor_type.shape.dim
    if not all(d.HasField("dim_value") for d in dims):
        return None
    sizes = tuple(int(d.dim_value) for d in dims)
    if any(size < 0 for size in sizes):
        raise WorkloadError(f"its output has a negative size: {list(sizes)}")
    return sizes


def _plain(message: str) -> str:
    """The sentence in an error of the inference, without its tags."""
    return message.rsplit("]", maxsplit=1)[-1].strip() or message
