"""What the einsums of an operator compute, against ONNX's reference implementation."""
# ruff: noqa: E501 - one case, one line

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx.reference
import pytest
from interpreter import held, run
from onnx_models import model, node, saved

from cosynth.workload.readers import onnx as reader

DRAW = np.random.default_rng(7)


def draw(*shape: int) -> np.ndarray:
    return DRAW.normal(size=shape).astype(np.float32)


IMAGE = {"x": [2, 4, 5, 6]}
X = draw(2, 4, 5, 6)
LINE = {"x": [2, 6]}
CASES = {
    "conv": (node("Conv", "x w b", "y", pads=[1, 0, 1, 2]), IMAGE, {"w": draw(3, 4, 3, 3), "b": draw(3)}),
    "conv strided": (node("Conv", "x w", "y", strides=[2, 3]), IMAGE, {"w": draw(3, 4, 2, 3)}),
    "conv dilated": (node("Conv", "x w", "y", dilations=[2, 1]), IMAGE, {"w": draw(3, 4, 2, 2)}),
    "conv same upper": (
        node("Conv", "x w", "y", auto_pad="SAME_UPPER", strides=[2, 2]), IMAGE, {"w": draw(3, 4, 2, 3)}),
    "conv same lower": (
        node("Conv", "x w", "y", auto_pad="SAME_LOWER", strides=[2, 2]), IMAGE, {"w": draw(3, 4, 2, 3)}),
    "conv grouped": (node("Conv", "x w b", "y", group=2), IMAGE, {"w": draw(6, 2, 2, 2), "b": draw(6)}),
    "conv depthwise": (node("Conv", "x w", "y", group=4), IMAGE, {"w": draw(4, 1, 3, 3)}),
    "conv multiplied": (node("Conv", "x w", "y", group=4), IMAGE, {"w": draw(8, 1, 2, 2)}),
    "conv 1-D": (node("Conv", "x w", "y", pads=[2, 0]), {"x": [2, 4, 7]}, {"w": draw(3, 4, 3)}),
    "conv 3-D": (node("Conv", "x w", "y"), {"x": [1, 2, 3, 4, 3]}, {"w": draw(2, 2, 2, 2, 2)}),
    "transposed": (
        node("ConvTranspose", "x w b", "y", strides=[2, 1], pads=[1, 0, 1, 0]), IMAGE,
        {"w": draw(4, 3, 3, 2), "b": draw(3)}),
    "transposed longer": (
        node("ConvTranspose", "x w", "y", strides=[2, 2], output_padding=[1, 0]), IMAGE,
        {"w": draw(4, 2, 2, 2)}),
    "max pool": (node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2]), IMAGE, {}),
    "max pool over the end": (
        node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1), IMAGE, {}),
    "average pool": (node("AveragePool", "x", "y", kernel_shape=[3, 2]), IMAGE, {}),
    "average pool padded": (
        node("AveragePool", "x", "y", kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1), IMAGE, {}),
    "global average": (node("GlobalAveragePool", "x", "y"), IMAGE, {}),
    "global maximum": (node("GlobalMaxPool", "x", "y"), IMAGE, {}),
    "norm pool": (node("LpPool", "x", "y", kernel_shape=[2, 2]), IMAGE, {}),
    "nearest": (
        node("Resize", "x  s", "y", mode="nearest", coordinate_transformation_mode="asymmetric",
             nearest_mode="floor"), IMAGE, {"s": np.array([1, 1, 2, 3], np.float32)}),
    "gemm": (
        node("Gemm", "x w b", "y", transB=1), LINE, {"w": draw(3, 6), "b": draw(3)}),
    "gemm flipped": (node("Gemm", "x w b", "y", transA=1), LINE, {"w": draw(2, 3), "b": draw(1, 3)}),
    "matmul": (node("MatMul", "x w", "y"), {"x": [2, 1, 3, 4]}, {"w": draw(3, 4, 2)}),
    "matmul vector": (node("MatMul", "x w", "y"), {"x": [2, 3, 4]}, {"w": draw(4)}),
    "matmul vectors": (node("MatMul", "x w", "y"), {"x": [4]}, {"w": draw(4, 3)}),
    "einsum": (node("Einsum", "x w", "y", equation="bij,bkj->bik"), {"x": [2, 3, 4]}, {"w": draw(2, 5, 4)}),
    "einsum implied": (node("Einsum", "x w", "y", equation="ij,jk"), {"x": [3, 4]}, {"w": draw(4, 2)}),
    "einsum dots": (
        node("Einsum", "x w", "y", equation="...ij,jk->...ik"), {"x": [2, 3, 4]}, {"w": draw(4, 2)}),
    "broadcast": (node("Add", "x w", "y"), {"x": [2, 3, 4]}, {"w": draw(3, 1)}),
    "both broadcast": (node("Mul", "x w", "y"), {"x": [2, 1, 4]}, {"w": draw(3, 1)}),
    "literal": (node("Sub", "w x", "y"), LINE, {"w": np.float32(2.5)}),
    "leaky": (node("LeakyRelu", "x", "y", alpha=0.2), LINE, {}),
    "prelu": (node("PRelu", "x w", "y"), LINE, {"w": draw(6)}),
    "clip": (node("Clip", "x l h", "y"), LINE, {"l": np.float32(-0.5), "h": np.float32(0.5)}),
    "selu": (node("Selu", "x", "y"), LINE, {}),
    "celu": (node("Celu", "x", "y", alpha=2.0), LINE, {}),
    "threshold": (node("ThresholdedRelu", "x", "y", alpha=0.3), LINE, {}),
    "softplus": (node("Softplus", "x", "y"), LINE, {}),
    "softsign": (node("Softsign", "x", "y"), LINE, {}),
    "mish": (node("Mish", "x", "y"), LINE, {}),
    "tangent": (node("Tan", "x", "y"), LINE, {}),
    "sinh": (node("Sinh", "x", "y"), LINE, {}),
    "cosh": (node("Cosh", "x", "y"), LINE, {}),
    "mean of three": (node("Mean", "x w v", "y"), LINE, {"w": draw(2, 6), "v": draw(6)}),
    "largest of three": (node("Max", "x w v", "y"), LINE, {"w": draw(2, 6), "v": draw(6)}),
    "softmax": (node("Softmax", "x", "y", axis=1), {"x": [2, 3, 4]}, {}),
    "log softmax": (node("LogSoftmax", "x", "y"), LINE, {}),
    "hardmax": (node("Hardmax", "x", "y"), LINE, {}),
    "reduced mean": (node("ReduceMean", "x a", "y", keepdims=0), {"x": [2, 3, 4]}, {"a": np.array([1])}),
    "reduced norm": (node("ReduceL2", "x a", "y"), {"x": [2, 3, 4]}, {"a": np.array([-1, 0])}),
    "reduced all": (node("ReduceSum", "x", "y"), LINE, {}),
    "log of sums": (node("ReduceLogSumExp", "x a", "y"), LINE, {"a": np.array([1])}),
    "batch norm": (
        node("BatchNormalization", "x s b m v", "y"), IMAGE,
        {"s": draw(4), "b": draw(4), "m": draw(4), "v": abs(draw(4)) + 1}),
    "layer norm": (node("LayerNormalization", "x s b", "y"), LINE, {"s": draw(6), "b": draw(6)}),
    "instance norm": (node("InstanceNormalization", "x s b", "y"), IMAGE, {"s": draw(4), "b": draw(4)}),
    "group norm": (
        node("GroupNormalization", "x s b", "y", num_groups=2), IMAGE, {"s": draw(4), "b": draw(4)}),
    "divided by norm": (node("LpNormalization", "x", "y"), LINE, {}),
    "pad": (node("Pad", "x p", "y"), LINE, {"p": np.array([0, 1, 2, 0])}),
    "attention": (
        node("Attention", "x k v", "y"), {"x": [1, 4, 2, 3]},
        {"k": draw(1, 2, 5, 3), "v": draw(1, 2, 5, 3)}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_values_equal_the_reference(case: str, tmp_path: Path) -> None:
    made, inputs, weights = CASES[case]
    whole = model([made], inputs, weights, version=23)
    x = X if inputs is IMAGE else draw(*inputs["x"])
    wanted = onnx.reference.ReferenceEvaluator(whole).run(None, {"x": x})[0]
    workload = reader.read(saved(tmp_path, whole))
    found = held(workload, run(workload, {"x": x, **weights}), "y")
    np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, rtol=2e-4, atol=2e-4)


def test_groups_of_a_transposed_convolution_are_independent(tmp_path: Path) -> None:
    kernels, x = draw(4, 3, 2, 2), draw(1, 4, 3, 3)
    half = model([node("ConvTranspose", "x w", "y")], {"x": [1, 2, 3, 3], "w": [2, 3, 2, 2]})
    reference = onnx.reference.ReferenceEvaluator(half)
    halves = [
        reference.run(None, {"x": x[:, at : at + 2], "w": kernels[at : at + 2]})[0] for at in (0, 2)
    ]
    whole = model([node("ConvTranspose", "x w", "y", group=2)], {"x": [1, 4, 3, 3]}, {"w": kernels})
    workload = reader.read(saved(tmp_path, whole))
    found = held(workload, run(workload, {"x": x, "w": kernels}), "y")
    np.testing.assert_allclose(found, np.concatenate(halves, 1), rtol=1e-4, atol=1e-4)


def test_an_embedding_is_a_look_up(tmp_path: Path) -> None:
    table = draw(7, 3)
    made = model(
        [node("Gather", "e i", "y")],
        {"i": [2, 2]},
        {"e": table},
        types={"i": onnx.TensorProto.INT64},
    )
    workload = reader.read(saved(tmp_path, made))
    assert str(workload.einsums[0]) == "y[t0,t1,d1] = e[i[t0,t1],d1]"
    at = np.array([[0, 6], [3, 3]])
    np.testing.assert_allclose(run(workload, {"i": at, "e": table})["y"], table[at])


def test_one_step_of_each_cell_equals_the_reference(tmp_path: Path) -> None:
    for cell, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        weights = {"w": draw(1, gates * 3, 2), "r": draw(1, gates * 3, 3), "b": draw(1, gates * 6)}
        extra = {"linear_before_reset": 1} if cell == "GRU" else {}
        cell_node = node(cell, "x w r b", "y", hidden_size=3, **extra)
        whole = model([cell_node], {"x": [1, 2, 2]}, weights, version=14)
        x = draw(1, 2, 2)
        wanted = onnx.reference.ReferenceEvaluator(whole).run(None, {"x": x})[0]
        workload = reader.read(saved(tmp_path, whole))
        zeros = {t.name: np.zeros(t.shape) for t in workload.tensors if t.role == "state"}
        found = run(workload, {"x": x, **weights, **zeros})
        hidden = found[next(name for name in found if name.endswith(".hidden"))]
        np.testing.assert_allclose(hidden, wanted[0, 0], rtol=1e-4, atol=1e-5)
