"""Tensors that are hard to round, and a model of nothing but some nodes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from cosynth.compress.nodes import Nodes


def hard(shape, seed=0):
    """Magnitudes over 12 decades, zeros, ties, what is below the smallest normal, and huge ones."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 6, shape)
    flat = x.astype(np.float32).ravel()
    flat[:40] = 0
    flat[40:80] = rng.integers(-16, 16, 40) / 8
    flat[80:84] = [3e38, -3e38, 1.2e-38, -6.0]
    return flat.reshape(shape)


def computed(nodes: Nodes, out: str, shape, version: int, x=None):
    """What the nodes give by onnx's own evaluator, after its own checks."""
    inputs = [] if x is None else [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)]
    outputs = [helper.make_tensor_value_info(out, TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes.nodes, "nodes", inputs, outputs, nodes.constants)
    opsets = [helper.make_opsetid("", version)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=onnx.IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    with np.errstate(all="ignore"):
        (found,) = ReferenceEvaluator(model).run(None, {} if x is None else {"x": x})
    return found


def same_bits(found, right) -> bool:
    """Whether two arrays hold the same float32s, NaN where the other has it."""
    found, right = (np.asarray(each, dtype=np.float32) for each in (found, right))
    nan = np.isnan(found) & np.isnan(right)
    return bool(((found.view(np.int32) == right.view(np.int32)) | nan).all())
