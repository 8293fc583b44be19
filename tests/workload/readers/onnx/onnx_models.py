"""Small ONNX models for tests, and a counter that shares nothing with the reader."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))


def node(operator: str, inputs: str, outputs: str, **attributes: object) -> onnx.NodeProto:
    """A node named after its first output; names are separated by blanks."""
    made = outputs.split(" ")
    return helper.make_node(operator, inputs.split(" "), made, name=f"{made[0]}_node", **attributes)


def model(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[int | str]],
    weights: dict[str, object] | None = None,
    *,
    outputs: str = "y",
    version: int = 21,
    types: dict[str, int] | None = None,
    functions: list[onnx.FunctionProto] | None = None,
) -> onnx.ModelProto:
    """A model whose weights are arrays; outputs are declared without shapes."""
    kinds = types or {}

    def declared(name: str, shape: list[int | str] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)

    graph = helper.make_graph(
        nodes,
        "graph",
        [declared(name, shape) for name, shape in inputs.items()],
        [declared(name, None) for name in outputs.split()],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    opsets = [helper.make_opsetid("", version), helper.make_opsetid("com.microsoft", 1)]
    opsets += [helper.make_opsetid("local", 1)] if functions else []
    return helper.make_model(graph, opset_imports=opsets, functions=functions or [], ir_version=10)


def saved(folder: Path, made: onnx.ModelProto) -> Path:
    """The model as a file."""
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def counted(path: Path) -> tuple[int, int]:
    """Multiply-accumulates and parameters by ONNX's whole-graph shape inference.

    Convolutions and matrix products count; parameters are stored or generated floating-point
    tensors that some node reads as an operand.
    """
    loaded = shape_inference.infer_shapes(onnx.load(path), strict_mode=True, data_prop=True)
    graph = loaded.graph
    shapes = {t.name: tuple(t.dims) for t in graph.initializer}
    parameters = {t.name for t in graph.initializer if t.data_type == TensorProto.FLOAT}
    stored = {t.name: t for t in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes.setdefault(value.name, tuple(d.dim_value for d in dims))
    for n in graph.node:
        if n.op_type == "ConstantOfShape":  # the light graphs keep their weights so
            shapes[n.output[0]] = tuple(numpy_helper.to_array(stored[n.input[0]]).tolist())
            parameters.add(n.output[0])
    operations, read = 0, set()
    for n in graph.node:
        read |= set(n.input) & parameters
        if n.op_type == "Conv":
            operations += math.prod(shapes[n.output[0]]) * math.prod(shapes[n.input[1]][1:])
        elif n.op_type == "Gemm":
            inner = shapes[n.input[0]][0 if _flag(n, "transA") else 1]
            operations += math.prod(shapes[n.output[0]]) * inner
        elif n.op_type == "MatMul":
            operations += math.prod(shapes[n.output[0]]) * shapes[n.input[0]][-1]
    return operations, sum(math.prod(shapes[name]) for name in read)


def _flag(n: onnx.NodeProto, name: str) -> int:
    return next((a.i for a in n.attribute if a.name == name), 0)
