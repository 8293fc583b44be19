"""Operators on quantised numbers: their types become formats of the tensors."""

from __future__ import annotations

from onnx import TensorProto

from cosynth.errors import WorkloadError
from cosynth.workload.layers import convolution as sliding
from cosynth.workload.layers.dense import product
from cosynth.workload.layers.elementwise import elementwise, reduce
from cosynth.workload.readers.onnx.convolution import windows
from cosynth.workload.readers.onnx.node import MICROSOFT, Node, operator

# format and block of elements under scales of blocks that are powers of two, or floats
POWERS = {
    "FLOAT4E2M1": ("mxfp4", 32), "FLOAT6E2M3": ("mxfp6", 32), "FLOAT6E3M2": ("mxfp6_e3m2", 32),
    "FLOAT8E4M3FN": ("mxfp8", 32), "FLOAT8E5M2": ("mxfp8_e5m2", 32), "INT8": ("mxint8", 32),
    "INT4": ("mxint4", 32),
}  # fmt: skip
FLOATS = {
    "FLOAT4E2M1": ("nvfp4", 16), "INT4": ("int4_g128", 128), "INT8": ("int8_g128", 128),
    "UINT4": ("uint4_g128", 128),
}  # fmt: skip

# Scales and zero points belong to the format: they are no parameters and cost no arithmetic here.


@operator("QuantizeLinear")
@operator("QuantizeLinear", domain=MICROSOFT)
def quantize(node: Node) -> str:
    """Rounding to the grid of the output's type."""
    name, given = node.name(), node.tensor(0)
    made = elementwise(node.net, name, "quantize({0})", given, operator="QuantizeLinear")
    return _typed(node, made, 2)


@operator("DequantizeLinear")
@operator("DequantizeLinear", domain=MICROSOFT)
def dequantize(node: Node) -> str:
    """The same numbers, still stored in their format; scales of blocks belong to it."""
    given = node.tensor(0)
    form = _blocked(node)
    if form and form != node.net.format(given):
        node.net.stored(given, form)
    return node.net.view(node.name(), node.shape(0), given)


@operator("DynamicQuantizeLinear")
def dynamic(node: Node) -> list[str]:
    """Range of the tensor, then rounding to it."""
    x, name, net = node.tensor(0), node.name(), node.net
    axes = range(len(node.shape(0)))
    top = reduce(net, f"{name}.max", x, axes, how="max", keep=False, operator=node.operator)
    low = reduce(net, f"{name}.min", x, axes, how="min", keep=False, operator=node.operator)
    scale = elementwise(net, node.name(1), "({0} - {1}) / 255", top, low, operator=node.operator)
    zero = elementwise(net, node.name(2), "round({0} / {1})", low, scale, operator=node.operator)
    made = elementwise(
        net, name, "quantize({0} / {1} + {2})", x, scale, zero, operator=node.operator
    )
    return [net.stored(made, "uint8"), scale, zero]


@operator("ConvInteger")
def integer_convolution(node: Node) -> str:
    """Convolution of small integers into wide ones."""
    moved = windows(node, node.shape(1)[2:], node.made()[2:])
    groups = node.integer("group", 1)
    return sliding.convolution(
        node.net, node.name(), node.tensor(0), node.tensor(1), moved, groups=groups,
        operator="ConvInteger",
    )  # fmt: skip


@operator("MatMulInteger")
def integer_product(node: Node) -> str:
    """Product of small integers into wide ones."""
    return product(node.net, node.name(), node.tensor(0), node.tensor(1), "MatMulInteger")


@operator("QLinearConv")
def linear_convolution(node: Node) -> str:
    """Convolution of quantised numbers, quantised again."""
    count = len(node.shape(3)) - 2
    moved = windows(node, node.shape(3)[2:], node.made()[2 : 2 + count])
    name = node.name()
    wide = sliding.convolution(
        node.net, f"{name}.wide", node.tensor(0), node.tensor(3), moved, bias=node.optional(8),
        groups=node.integer("group", 1), operator="QLinearConv",
    )  # fmt: skip
    made = elementwise(node.net, name, "quantize({0})", wide, operator="QLinearConv")
    return _typed(node, made, 7)


@operator("QLinearMatMul")
def linear_product(node: Node) -> str:
    """Product of quantised numbers, quantised again."""
    name = node.name()
    wide = product(node.net, f"{name}.wide", node.tensor(0), node.tensor(3), "QLinearMatMul")
    made = elementwise(node.net, name, "quantize({0})", wide, operator="QLinearMatMul")
    return _typed(node, made, 7)


@operator("QLinearAdd", "QLinearMul", domain=MICROSOFT)
def linear_pair(node: Node) -> str:
    """Sum or product of quantised numbers."""
    sign = "+" if node.operator == "QLinearAdd" else "*"
    both = node.tensor(0), node.tensor(3)
    text = f"quantize({{0}} {sign} {{1}})"
    made = elementwise(node.net, node.name(), text, *both, operator=node.operator)
    return _typed(node, made, 7)


@operator("QLinearSigmoid", "QLinearLeakyRelu", domain=MICROSOFT)
def linear_activation(node: Node) -> str:
    """Activation of quantised numbers."""
    leaky = "where(less(0, {0}), {0}, {0} * 0.01)"
    text = "sigmoid({0})" if node.operator == "QLinearSigmoid" else leaky
    made = elementwise(
        node.net, node.name(), f"quantize({text})", node.tensor(0), operator=node.operator
    )
    return _typed(node, made, 4)


@operator("QLinearGlobalAveragePool", domain=MICROSOFT)
def linear_pool(node: Node) -> str:
    """Mean of every image of quantised numbers."""
    if node.integer("channels_last", 0) or not 3 <= len(node.shape(0)) <= 5:
        raise WorkloadError("channels last, or images of more than 3 axes, cannot be expressed")
    moved = sliding.whole(node.shape(0)[2:])
    made = sliding.average_pool(node.net, node.name(), node.tensor(0), moved, node.operator)
    return _typed(node, made, 4)


def _blocked(node: Node) -> str:
    """The format of elements under scales of blocks; empty where there is no name for it."""
    block = node.integer("block_size", 0)
    kinds = [TensorProto.DataType.Name(node.value(at).type) for at in (0, 1)]
    power = kinds[1] == "FLOAT8E8M0"
    base, usual = (POWERS if power else FLOATS).get(kinds[0], ("", 0))
    if not block or not base:
        return ""
    return base if block == usual else f"{base}-g{block}"


def _typed(node: Node, made: str, zero: int) -> str:
    """Store a result in the type of its zero point, or of its input."""
    from cosynth.workload.readers.onnx.graph import format_of

    kind = node.value(zero).type if node.has(zero) else node.integer("output_dtype", 0) or 2
    return node.net.stored(made, format_of(kind))
