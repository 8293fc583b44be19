"""Small ONNX models with seeded weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def model(
    nodes: list[onnx.NodeProto], x: tuple[Any, ...], y: tuple[Any, ...], constants: dict[str, Any]
) -> onnx.ModelProto:
    """A checked model from `x` to `y`, with their shapes."""
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(made)
    return made


def convolutions(seed: int = 0) -> onnx.ModelProto:
    """Two convolutions (one depthwise), pooling and a Gemm: 3 x 8 x 8 to 10."""
    rng = np.random.default_rng(seed)
    weights = {
        "w1": (16, 3, 3, 3), "b1": (16,), "w2": (16, 1, 3, 3), "w3": (32, 16, 1, 1),
        "w4": (10, 32), "b4": (10,),
    }  # fmt: skip
    constants = {
        name: (rng.standard_normal(shape) * 0.3).astype(np.float32)
        for name, shape in weights.items()
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1, 1, 1, 1], group=16),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("Conv", ["r2", "w3"], ["c3"]),
        helper.make_node("Relu", ["c3"], ["r3"]),
        helper.make_node("GlobalAveragePool", ["r3"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w4", "b4"], ["y"], transB=1),
    ]
    return model(nodes, ("n", 3, 8, 8), ("n", 10), constants)


def attention(seed: int = 0, width: int = 32, length: int = 8) -> onnx.ModelProto:
    """One head of attention: three products by weights, two of what is computed, and a residual."""
    rng = np.random.default_rng(seed)
    constants = {
        name: (rng.standard_normal((width, width)) / width**0.5).astype(np.float32)
        for name in ("wq", "wk", "wv")
    }
    nodes = [helper.make_node("MatMul", ["x", f"w{n}"], [n]) for n in "qkv"]
    nodes += [
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "kt"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["shares"], axis=-1),
        helper.make_node("MatMul", ["shares", "v"], ["mixed"]),
        helper.make_node("Add", ["x", "mixed"], ["y"]),
    ]
    return model(nodes, ("n", length, width), ("n", length, width), constants)
