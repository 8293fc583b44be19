"""EfficientNet-B0: inverted residuals with squeeze-and-excitation."""

from __future__ import annotations

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import average_pool, whole
from cosynth.workload.layers.elementwise import activation, elementwise
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv, conv_norm, flatten, image_model, linear

_PAPER = "Tan and Le, EfficientNet: Rethinking Model Scaling, arXiv:1905.11946"
# expansion, kernel, stride of the first, channels, blocks: table 1 of the paper
_STAGES = (
    (1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4), (6, 3, 1, 320, 1),
)  # fmt: skip


def _b0(options: Options) -> Workload:
    return image_model("efficientnet-b0", options, _body, citations=(_PAPER,))


def _body(net: Builder, x: str) -> str:
    x = conv_norm(net, "stem", x, 32, 3, stride=2, activate="Swish")
    for stage, (expansion, kernel, first, channels, depth) in enumerate(_STAGES, start=1):
        for at in range(depth):
            stride = first if at == 0 else 1
            x = _block(net, f"block{stage}.{at}", x, (expansion, kernel, stride, channels))
    x = conv_norm(net, "head", x, 1280, 1, activate="Swish")
    x = average_pool(net, "pool", x, whole(net.shape(x)[2:]), "GlobalAveragePool")
    return linear(net, "fc", flatten(net, "flat", x), 1000)


def _block(net: Builder, name: str, x: str, sizes: tuple[int, int, int, int]) -> str:
    expansion, kernel, stride, channels = sizes
    entering, y = net.shape(x)[1], x
    wide = expansion * entering
    if expansion > 1:
        y = conv_norm(net, f"{name}.expand", y, wide, 1, activate="Swish")
    y = conv_norm(
        net, f"{name}.depthwise", y, wide, kernel, stride=stride, groups=wide, activate="Swish"
    )
    y = _excite(net, f"{name}.excite", y, entering // 4)
    y = conv_norm(net, f"{name}.project", y, channels, 1, activate=None)
    if net.shape(y) != net.shape(x):
        return y
    return elementwise(net, f"{name}.add", "{0} + {1}", y, x, operator="Add")


def _excite(net: Builder, name: str, x: str, narrow: int) -> str:
    """Weigh the channels by a small network that sees their averages."""
    y = average_pool(net, f"{name}.pool", x, whole(net.shape(x)[2:]), "GlobalAveragePool")
    y = activation(
        net, f"{name}.silu", conv(net, f"{name}.reduce", y, narrow, 1, bias=True), "Swish"
    )
    y = conv(net, f"{name}.expand", y, net.shape(x)[1], 1, bias=True)
    gate = activation(net, f"{name}.gate", y, "Sigmoid")
    return elementwise(net, f"{name}.scale", "{0} * {1}", x, gate, operator="Mul")


MODELS = {"efficientnet-b0": _b0}
