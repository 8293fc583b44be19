"""Networks with everything that couples channels, drawn by seed."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper
from tests.compress import nets


class Drawn:
    """A graph under construction; values are [n, channels, side, side] until flattened."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, shape, values=None) -> str:
        name = f"k{len(self.constants)}"
        drawn = self.rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)
        self.constants[name] = (drawn if values is None else np.asarray(values)).astype(
            np.float32 if values is None else np.int64
        )
        return name

    def node(self, kind, inputs, **flags) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **flags))
        return name

    def conv(self, x, inside, outside, groups=1, size=3) -> str:
        w = self.constant((outside, inside // groups, size, size))
        pads = [size // 2] * 4
        return self.node("Conv", [x, w, self.constant((outside,))], group=groups, pads=pads)

    def norm(self, x, channels) -> str:
        parts = [self.constant((channels,)) for _ in range(3)]
        spread = self.constant((channels,))
        self.constants[spread] = np.abs(self.constants[spread]) + 0.5
        return self.node("BatchNormalization", [x, *parts, spread])


def image_net(seed: int) -> tuple[onnx.ModelProto, tuple[int, ...]]:
    """Convolutions with residual sums, concatenations, groups; then a mean or a flattening."""
    net = Drawn(seed)
    width = int(net.rng.integers(2, 5)) * 2
    h = net.conv("x", 3, width)
    for _ in range(int(net.rng.integers(2, 5))):
        match int(net.rng.integers(5)):
            case 0:  # residual
                y = net.conv(net.node("Relu", [net.norm(net.conv(h, width, 6), 6)]), 6, width)
                h = net.node("Relu", [net.node("Add", [y, h])])
            case 1:  # two branches side by side
                a, b = net.conv(h, width, 4), net.conv(h, width, 6, size=1)
                h, width = net.node("Concat", [a, b], axis=1), 10
            case 2:  # depthwise, then pointwise
                d = net.conv(h, width, width, groups=width)
                wide = int(net.rng.integers(3, 9)) * 2
                h, width = net.conv(net.node("HardSwish", [d]), width, wide, size=1), wide
            case 3:  # groups of two
                wide = int(net.rng.integers(2, 6)) * 2
                h, width = net.conv(h, width, wide, groups=2), wide
            case _:  # a channel times its own mean, as in squeeze and excitation
                m = net.node("GlobalAveragePool", [h])
                s = net.node("Sigmoid", [net.conv(net.conv(m, width, 3, size=1), 3, width, size=1)])
                h = net.node("Mul", [h, s])
        h = net.node("Sigmoid", [h]) if net.rng.random() < 0.3 else h
    if net.rng.random() < 0.5:
        h = net.node("Flatten", [net.node("MaxPool", [h], kernel_shape=[2, 2], strides=[2, 2])])
        length = width * 9
    else:
        h, length = net.node("ReduceMean", [h, net.constant((2,), [2, 3])], keepdims=0), width
    h = net.node("Gemm", [h, net.constant((7, length)), net.constant((7,))], transB=1)
    net.node("Gemm", [net.node("Tanh", [h]), net.constant((7, 5)), net.constant((5,))])
    net.nodes[-1].output[0] = "y"
    return nets.model(net.nodes, ("n", 3, 6, 6), ("n", 5), net.constants), (2, 3, 6, 6)


def word_net(seed: int) -> tuple[onnx.ModelProto, tuple[int, ...]]:
    """A block of a transformer: heads by reshape and transpose, then a perceptron."""
    net = Drawn(seed)
    heads, each, length = int(net.rng.integers(2, 5)), 4, 5
    width = 8
    h = net.node("LayerNormalization", ["x", net.constant((width,)), net.constant((width,))])
    parts = []
    for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
        p = net.node("MatMul", [h, net.constant((width, heads * each))])
        p = net.node("Add", [p, net.constant((heads * each,))])
        p = net.node("Reshape", [p, net.constant((4,), [-1, length, heads, each])])
        parts.append(net.node("Transpose", [p], perm=order))
    s = net.node("Softmax", [net.node("MatMul", parts[:2])], axis=-1)
    m = net.node("Transpose", [net.node("MatMul", [s, parts[2]])], perm=[0, 2, 1, 3])
    m = net.node("Reshape", [m, net.constant((3,), [-1, length, heads * each])])
    h = net.node("Add", ["x", net.node("MatMul", [m, net.constant((heads * each, width))])])
    f = net.node("MatMul", [h, net.constant((width, 12))])
    f = net.node("Erf", [net.node("Add", [f, net.constant((12,))])])
    net.node("Add", [h, net.node("MatMul", [f, net.constant((12, width))])])
    net.nodes[-1].output[0] = "y"
    shape = (2, length, width)
    return nets.model(net.nodes, shape, shape, net.constants), shape
