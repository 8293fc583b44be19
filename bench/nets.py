"""Small real nets as ONNX models: a ResNet-18, a CNN for digits and a transformer for characters.

Weights are drawn from a seed; `bench.training` finds better ones. `with_weights` puts them in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, NDArray[np.float32]]
_OPSET, _IR = 21, 10
_STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))  # channels and first stride: He and others, 2015
_EPSILON = 1e-5


class _Net:
    """Nodes and constants in the making."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[np.generic]] = {}

    def node(self, kind: str, inputs: Sequence[str], name: str, **flags: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **flags))
        return name

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants[name] = values
        return name

    def drawn(self, name: str, shape: tuple[int, ...], spread: float) -> str:
        values = self.rng.standard_normal(shape) * spread
        return self.constant(name, values.astype(np.float32))

    def full(self, name: str, length: int, value: float) -> str:
        return self.constant(name, np.full(length, value, dtype=np.float32))

    def convolution(
        self, x: str, name: str, channels: tuple[int, int], window: int, stride: int = 1
    ) -> str:
        """A convolution that keeps the size, up to its stride; normalised."""
        wide, narrow = channels[1], channels[0]
        spread = (2 / (narrow * window**2)) ** 0.5  # He and others, 2015
        kernel = self.drawn(f"{name}.weight", (wide, narrow, window, window), spread)
        pad = window // 2
        y = self.node("Conv", [x, kernel], f"{name}.out", pads=[pad] * 4, strides=[stride] * 2)
        normal = [
            self.full(f"{name}.{part}", wide, value)
            for part, value in (("scale", 1.0), ("shift", 0.0), ("mean", 0.0), ("variance", 1.0))
        ]
        return self.node("BatchNormalization", [y, *normal], f"{name}.normal", epsilon=_EPSILON)

    def linear(self, x: str, name: str, sizes: tuple[int, int]) -> str:
        matrix = self.drawn(f"{name}.weight", sizes, sizes[0] ** -0.5)
        y = self.node("MatMul", [x, matrix], f"{name}.product")
        return self.node("Add", [y, self.full(f"{name}.bias", sizes[1], 0.0)], f"{name}.out")

    def normalised(self, x: str, name: str, width: int) -> str:
        scale, shift = (
            self.full(f"{name}.scale", width, 1.0),
            self.full(f"{name}.shift", width, 0.0),
        )
        return self.node("LayerNormalization", [x, scale, shift], f"{name}.out", axis=-1)

    def model(
        self, given: onnx.ValueInfoProto, out: str, shape: Sequence[str | int]
    ) -> onnx.ModelProto:
        result = helper.make_tensor_value_info(out, TensorProto.FLOAT, shape)
        constants = [numpy_helper.from_array(v, n) for n, v in self.constants.items()]
        graph = helper.make_graph(self.nodes, "net", [given], [result], constants)
        opset = [helper.make_opsetid("", _OPSET)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=_IR)
        onnx.checker.check_model(made, full_check=True)
        return made


def _image(channels: int, side: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", channels, side, side])


def resnet18(classes: int = 1000, image: int = 224, channels: int = 3, seed: int = 0,
             *, fold: bool = True) -> onnx.ModelProto:  # fmt: skip
    """ResNet-18 (He and others, 2015) with He's weights; normalisations folded in if asked."""
    net = _Net(seed)
    h = net.convolution("x", "conv1", (channels, 64), 7, 2)
    h = net.node("Relu", [h], "conv1.relu")
    h = net.node("MaxPool", [h], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    width = 64
    for stage, (wide, first) in enumerate(_STAGES, 1):
        for block in range(2):
            name, stride = f"layer{stage}.{block}", first if block == 0 else 1
            y = net.convolution(h, f"{name}.conv1", (width, wide), 3, stride)
            y = net.node("Relu", [y], f"{name}.relu1")
            y = net.convolution(y, f"{name}.conv2", (wide, wide), 3)
            if stride != 1 or width != wide:
                h = net.convolution(h, f"{name}.down", (width, wide), 1, stride)
            h = net.node("Relu", [net.node("Add", [y, h], f"{name}.sum")], f"{name}.relu2")
            width = wide
    model = _classified(net, h, width, _image(channels, image), classes)
    return folded(model) if fold else model


def digits(seed: int = 0, *, fold: bool = True) -> onnx.ModelProto:
    """A CNN of four convolutions for 8 x 8 digits."""
    net = _Net(seed)
    h, width = "x", 1
    for at, (wide, stride) in enumerate(((16, 1), (32, 1), (64, 2), (64, 1)), 1):
        h = net.convolution(h, f"conv{at}", (width, wide), 3, stride)
        h = net.node("Relu", [h], f"conv{at}.relu")
        width = wide
    model = _classified(net, h, width, _image(1, 8), 10)
    return folded(model) if fold else model


def _classified(
    net: _Net, h: str, width: int, given: onnx.ValueInfoProto, classes: int
) -> onnx.ModelProto:
    """Mean over the image, then a matrix."""
    h = net.node("Flatten", [net.node("GlobalAveragePool", [h], "mean")], "flat")
    matrix = net.drawn("head.weight", (classes, width), width**-0.5)
    net.node("Gemm", [h, matrix, net.full("head.bias", classes, 0.0)], "scores", transB=1)
    return net.model(given, "scores", ["n", classes])


def transformer(
    words: int, length: int = 64, width: int = 128, heads: int = 4, layers: int = 2, seed: int = 0
) -> onnx.ModelProto:
    """A decoder that predicts the next of `words` symbols at each of `length` places."""
    net = _Net(seed)
    table = net.drawn("words.weight", (words, width), 0.02)
    place = net.drawn("places.weight", (length, width), 0.02)
    h = net.node("Gather", [table, "x"], "words.out")
    h = net.node("Add", [h, place], "begin")
    later = np.triu(np.full((length, length), -1e9, dtype=np.float32), 1)
    net.constant("later", later)
    net.constant("split", np.array([0, 0, heads, width // heads], dtype=np.int64))
    net.constant("join", np.array([0, 0, width], dtype=np.int64))
    net.constant("share", np.float32((width // heads) ** -0.5))
    for at in range(layers):
        name = f"layer{at}"
        y = net.normalised(h, f"{name}.normal1", width)
        orders = {"q": (0, 2, 1, 3), "k": (0, 2, 3, 1), "v": (0, 2, 1, 3)}
        parts = {}
        for part, order in orders.items():
            z = net.linear(y, f"{name}.{part}", (width, width))
            z = net.node("Reshape", [z, "split"], f"{name}.{part}.split")
            parts[part] = net.node("Transpose", [z], f"{name}.{part}.heads", perm=order)
        s = net.node("MatMul", [parts["q"], parts["k"]], f"{name}.scores")
        s = net.node("Mul", [s, "share"], f"{name}.scaled")
        s = net.node("Add", [s, "later"], f"{name}.masked")
        s = net.node("Softmax", [s], f"{name}.shares", axis=-1)
        y = net.node("MatMul", [s, parts["v"]], f"{name}.mixed")
        y = net.node("Transpose", [y], f"{name}.mixed.places", perm=(0, 2, 1, 3))
        y = net.node("Reshape", [y, "join"], f"{name}.mixed.joined")
        h = net.node("Add", [h, net.linear(y, f"{name}.out", (width, width))], f"{name}.middle")
        y = net.normalised(h, f"{name}.normal2", width)
        y = net.node("Gelu", [net.linear(y, f"{name}.up", (width, 4 * width))], f"{name}.gelu")
        h = net.node("Add", [h, net.linear(y, f"{name}.down", (4 * width, width))], f"{name}.end")
    h = net.normalised(h, "last", width)
    matrix = net.drawn("head.weight", (width, words), width**-0.5)
    net.node("MatMul", [h, matrix], "scores")
    given = helper.make_tensor_value_info("x", TensorProto.INT64, ["n", length])
    return net.model(given, "scores", ["n", length, words])


def weights_of(model: onnx.ModelProto) -> dict[str, NDArray[np.float32]]:
    """Constants of a model by name."""
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def with_weights(model: onnx.ModelProto, weights: Weights) -> onnx.ModelProto:
    """The model with some of its constants replaced."""
    own = onnx.ModelProto()
    own.CopyFrom(model)
    for one in own.graph.initializer:
        if one.name in weights:
            one.CopyFrom(numpy_helper.from_array(np.asarray(weights[one.name]), one.name))
    return own


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every normalisation of a batch made part of the convolution before it."""
    values = weights_of(model)
    before = {node.output[0]: node for node in model.graph.node if node.op_type == "Conv"}
    gone, new = {}, {}
    for node in model.graph.node:
        if node.op_type == "BatchNormalization" and node.input[0] in before:
            scale, shift, mean, variance = (values[name] for name in node.input[1:5])
            factor = scale / np.sqrt(variance + np.float32(_EPSILON))
            kernel = before[node.input[0]].input[1]
            gone[node.input[0]] = node
            new[kernel] = values[kernel] * factor[:, None, None, None]
            new[kernel.replace("weight", "bias")] = shift - mean * factor
    own = with_weights(model, new)
    dropped = {name for node in gone.values() for name in node.input[1:5]}
    kept = [one for one in own.graph.initializer if one.name not in dropped]
    biases = {n: v for n, v in new.items() if n not in values}
    kept += [numpy_helper.from_array(v, n) for n, v in biases.items()]
    nodes = []
    for node in own.graph.node:
        if node.op_type == "BatchNormalization":
            continue
        if node.output[0] in gone:
            node.input.append(node.input[1].replace("weight", "bias"))
            node.output[0] = gone[node.output[0]].output[0]
        nodes.append(node)
    graph = helper.make_graph(
        nodes, "net", list(own.graph.input), list(own.graph.output), kept
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=own.opset_import, ir_version=_IR)
    onnx.checker.check_model(made, full_check=True)
    return made
