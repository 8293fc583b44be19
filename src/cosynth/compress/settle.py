"""An ONNX model made ready to work on: checked, constants in initialisers, shapes inferred."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from cosynth.errors import SpecError

# what a constant may pass on its way to the node that multiplies it
_PASSING = (
    "Cast", "DequantizeLinear", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose",
    "Unsqueeze",
)  # fmt: skip
_OURS = {"", "ai.onnx"}
# the inference of shapes trusts these, and reads past its memory where they are absurd
_MOST_AXIS, _MOST_DIMENSIONS = 1 << 15, 1024
_INVALID = (onnx.checker.ValidationError, RuntimeError, ValueError, TypeError, OverflowError)


def settled(model: onnx.ModelProto, source: str) -> onnx.ModelProto:
    """Return a copy in which constants are initialisers and every shape is known that can be.

    SpecError, naming `source`, where the model breaks the rules of ONNX.
    """
    _check(model, source)
    own = onnx.ModelProto()
    own.CopyFrom(model)
    _fold(own, source)
    try:
        return onnx.shape_inference.infer_shapes(own, check_type=True, strict_mode=True)
    except (onnx.shape_inference.InferenceError, *_INVALID) as error:
        raise SpecError(f"{source}: its shapes contradict each other: {error}") from None


def _check(model: onnx.ModelProto, source: str) -> None:
    try:
        onnx.checker.check_model(model)
    except _INVALID as error:
        said = " ".join(str(error).split())
        raise SpecError(f"{source}: not valid ONNX: {said}") from None
    for one in model.graph.initializer:
        try:
            numpy_helper.to_array(one)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise SpecError(f"{source}: constant {one.name!r} is malformed: {error}") from None
    long = {
        one.name for one in model.graph.initializer if list(one.dims) > [_MOST_DIMENSIONS]
        and one.data_type == onnx.TensorProto.INT64
    }  # fmt: skip
    for node in model.graph.node:
        where = f"{source}: node {node.name or node.output[0]!r} ({node.op_type})"
        for each in node.attribute:
            if each.name == "axis" and not -_MOST_AXIS <= each.i <= _MOST_AXIS:
                raise SpecError(f"{where}: axis {each.i} of a tensor")
            if each.name == "num_outputs" and each.i != len(node.output):
                raise SpecError(f"{where}: {each.i} parts, {len(node.output)} outputs")
        shape = next((name for name in node.input[1:] if name in long), None)
        if shape and node.op_type != "Gather":
            raise SpecError(f"{where}: {shape!r} lists more than {_MOST_DIMENSIONS} dimensions")


def _fold(model: onnx.ModelProto, source: str) -> None:
    """Make initialisers of constant nodes, and of what only passes a constant on."""
    graph = model.graph
    values = {one.name: one for one in graph.initializer}
    outputs = {each.name for each in graph.output}
    kept = []
    for node in graph.node:
        ours = node.domain in _OURS and not set(node.output) & outputs
        passing = node.op_type in _PASSING and all(n in values for n in node.input if n)
        if not ours or not (passing or node.op_type == "Constant"):
            kept.append(node)
            continue
        made = _computed(node, values, model, source)
        values[made.name] = made
        graph.initializer.append(made)
    del graph.node[:]
    graph.node.extend(kept)


def _computed(
    node: onnx.NodeProto,
    values: dict[str, onnx.TensorProto],
    model: onnx.ModelProto,
    source: str,
) -> onnx.TensorProto:
    """The output of one node whose inputs are constants."""
    from onnx.reference import ReferenceEvaluator

    made = onnx.ValueInfoProto(name=node.output[0])
    alone = onnx.helper.make_graph([node], "constant", [], [made])
    alone.initializer.extend(values[name] for name in dict.fromkeys(node.input) if name)
    one = onnx.helper.make_model(
        alone, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    try:
        (found,) = ReferenceEvaluator(one).run(None, {})
        return numpy_helper.from_array(np.asarray(found), node.output[0])
    except Exception as error:  # noqa: BLE001 whatever the evaluator raises, the node is at fault
        where = f"{source}: node {node.name or node.output[0]!r} ({node.op_type})"
        raise SpecError(f"{where}: cannot be computed: {error}") from None
