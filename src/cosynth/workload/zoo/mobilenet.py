"""MobileNet v1 and v2: convolutions split into depthwise and pointwise."""

from __future__ import annotations

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import average_pool, whole
from cosynth.workload.layers.elementwise import elementwise
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv_norm, flatten, image_model, linear

_ONE = "Howard et al., MobileNets, arXiv:1704.04861"
_TWO = "Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, arXiv:1801.04381"
# output channels and stride of each depthwise-pointwise pair
V1_PAIRS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip
# expansion, channels, blocks, stride of the first: table 2 of the paper
_V2_STAGES = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


def _v1(options: Options) -> Workload:
    return image_model("mobilenetv1", options, _v1_body, citations=(_ONE,))


def _v2(options: Options) -> Workload:
    return image_model("mobilenetv2", options, _v2_body, citations=(_TWO,))


def _v1_body(net: Builder, x: str) -> str:
    x = conv_norm(net, "conv1", x, 32, 3, stride=2)
    for at, (channels, stride) in enumerate(V1_PAIRS, start=1):
        entering = net.shape(x)[1]
        x = conv_norm(net, f"pair{at}.depthwise", x, entering, 3, stride=stride, groups=entering)
        x = conv_norm(net, f"pair{at}.pointwise", x, channels, 1)
    return _head(net, x)


def _v2_body(net: Builder, x: str) -> str:
    x = conv_norm(net, "conv1", x, 32, 3, stride=2, activate="Relu6")
    for stage, (expansion, channels, depth, first) in enumerate(_V2_STAGES, start=1):
        for at in range(depth):
            stride = first if at == 0 else 1
            x = _inverted(net, f"block{stage}.{at}", x, (expansion, channels, stride))
    return _head(net, conv_norm(net, "last", x, 1280, 1, activate="Relu6"))


def _inverted(net: Builder, name: str, x: str, sizes: tuple[int, int, int]) -> str:
    """Widen, filter each channel, narrow; add the input where the shape stays."""
    expansion, channels, stride = sizes
    wide, y = expansion * net.shape(x)[1], x
    if expansion > 1:
        y = conv_norm(net, f"{name}.expand", y, wide, 1, activate="Relu6")
    y = conv_norm(
        net, f"{name}.depthwise", y, wide, 3, stride=stride, groups=wide, activate="Relu6"
    )
    y = conv_norm(net, f"{name}.project", y, channels, 1, activate=None)
    if net.shape(y) != net.shape(x):
        return y
    return elementwise(net, f"{name}.add", "{0} + {1}", y, x, operator="Add")


def _head(net: Builder, x: str) -> str:
    x = average_pool(net, "pool", x, whole(net.shape(x)[2:]), "GlobalAveragePool")
    return linear(net, "fc", flatten(net, "flat", x), 1000)


MODELS = {"mobilenetv1": _v1, "mobilenetv2": _v2}
