"""A layer in whole numbers as ONNX says it: DequantizeLinear, the operator, QuantizeLinear."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from cosynth.rtl.network import Layer, Network

_OPSET, _IR = 21, 10


def layer_model(network: Network, layer: Layer) -> ModelProto:
    """The model of one layer: `data`, and a `residual` if there is one, to `out`, all int8.

    The step of every activation is 1 here, so that a weight's is multiplier 2^-shift.
    """
    graph, post = network.graph, layer.post
    data = graph.tensor(layer.data.tensor).shape
    out = graph.tensor(layer.out).shape
    kernel = network.weights[layer.weight.tensor]
    steps = np.array(post.multiplier) * 2.0**-post.shift
    nodes, constants = [], {"one": np.float32(1.0), "zero": np.int8(0)}
    inputs = [helper.make_tensor_value_info("data", TensorProto.INT8, data)]
    nodes.append(helper.make_node("DequantizeLinear", ["data", "one", "zero"], ["x"]))
    if layer.einsum.operator == "Gemm":
        axis, kind, flags = 0, "Gemm", {"transB": 1}
    else:
        axis, kind = 0, "Conv"
        flags, kernel = _convolution(layer, kernel, data, out)
    if len(steps) != len(kernel):  # one step for all
        steps = np.full(len(kernel), steps[0])
    bias = np.broadcast_to(np.array(post.bias), steps.shape)
    constants |= {
        "kernel": kernel.astype(np.int8), "zeros": np.zeros(len(kernel), np.int8),
        "steps": steps.astype(np.float32), "bias": bias.astype(np.int32),
        "wide": np.zeros(len(kernel), np.int32),
    }  # fmt: skip
    assert (constants["steps"] == steps).all(), "a step has more digits than float32"
    nodes += [
        helper.make_node("DequantizeLinear", ["kernel", "steps", "zeros"], ["w"], axis=axis),
        helper.make_node("DequantizeLinear", ["bias", "steps", "wide"], ["b"], axis=0),
        helper.make_node(kind, ["x", "w", "b"], ["y"], **flags),
    ]
    last = "y"
    if post.residual:
        inputs.append(helper.make_tensor_value_info("residual", TensorProto.INT8, out))
        weight = post.residual_multiplier * 2.0 ** (post.residual_shift - post.shift)
        constants["other"] = np.float32(weight)
        assert float(constants["other"]) == weight
        nodes += [
            helper.make_node("DequantizeLinear", ["residual", "other", "zero"], ["u"]),
            helper.make_node("Add", [last, "u"], ["sum"]),
        ]
        last = "sum"
    constants |= {"low": np.float32(post.low), "high": np.float32(post.high)}
    nodes += [
        helper.make_node("Clip", [last, "low", "high"], ["limited"]),
        helper.make_node("QuantizeLinear", ["limited", "one", "zero"], ["out"]),
    ]
    made = helper.make_graph(
        nodes, "layer", inputs, [helper.make_tensor_value_info("out", TensorProto.INT8, out)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    opset = [helper.make_opsetid("", _OPSET)]
    return helper.make_model(made, opset_imports=opset, ir_version=_IR)


def _convolution(
    layer: Layer, kernel: np.ndarray, data: tuple[int, ...], out: tuple[int, ...]
) -> tuple[dict[str, object], np.ndarray]:
    """Attributes of a convolution that reads what the einsum reads, and kernels as it wants them.

    A mean has one kernel for all channels, which each of them is given.
    """
    sizes = layer.einsum.sizes
    groups = 1
    if kernel.ndim == 2:
        kernel = np.broadcast_to(kernel, (data[1], 1, *kernel.shape))
    if kernel.shape[1] * kernel.shape[0] != kernel.shape[0] * data[1]:
        groups = data[1]
    flags: dict[str, list[int]] = {"strides": [], "dilations": []}
    before, after = [], []
    for dim, index in enumerate(layer.data.indices[2:], 2):
        steps = {term.rank: term.coefficient for term in index.terms}
        inside = next(rank for rank in steps if rank not in layer.einsum.output.ranks)
        moves = [factor for rank, factor in steps.items() if rank != inside]
        flags["strides"].append(moves[0] if moves else 1)
        flags["dilations"].append(steps[inside])
        reach = flags["strides"][-1] * (out[dim] - 1) + steps[inside] * (sizes[inside] - 1) + 1
        before.append(-index.offset)
        after.append(reach + index.offset - data[dim])
    assert min(before) >= 0
    cut = [max(0, -extra) for extra in after]
    assert cut == [0] * len(cut) or all(
        extra > -stride for extra, stride in zip(after, flags["strides"], strict=True)
    )
    return {**flags, "pads": [*before, *(max(0, e) for e in after)], "group": groups}, kernel
