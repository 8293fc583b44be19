"""ResNet: residual networks. `resnet50` is v1.5 (stride in the 3 by 3), `resnet50-v1` the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import average_pool, max_pool, whole
from cosynth.workload.layers.elementwise import activation, elementwise
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv_norm, flatten, image_model, linear, windows

_PAPER = "He et al., Deep Residual Learning for Image Recognition, arXiv:1512.03385"
Block = Callable[[Builder, str, str, int, int], str]


def _basic(net: Builder, name: str, x: str, width: int, stride: int) -> str:
    y = conv_norm(net, f"{name}.conv1", x, width, 3, stride=stride)
    y = conv_norm(net, f"{name}.conv2", y, width, 3, activate=None)
    return _join(net, name, x, y, stride)


def _bottleneck(
    net: Builder, name: str, x: str, width: int, stride: int, *, early: bool = False
) -> str:
    """1x1, 3x3, 1x1; `early` puts the stride into the first of them."""
    first, second = (stride, 1) if early else (1, stride)
    y = conv_norm(net, f"{name}.conv1", x, width, 1, stride=first)
    y = conv_norm(net, f"{name}.conv2", y, width, 3, stride=second)
    y = conv_norm(net, f"{name}.conv3", y, 4 * width, 1, activate=None)
    return _join(net, name, x, y, stride)


def _join(net: Builder, name: str, x: str, y: str, stride: int) -> str:
    made = net.shape(y)[1]
    if stride > 1 or net.shape(x)[1] != made:
        x = conv_norm(net, f"{name}.shortcut", x, made, 1, stride=stride, activate=None)
    y = elementwise(net, f"{name}.add", "{0} + {1}", y, x, operator="Add")
    return activation(net, f"{name}.relu", y)


def _body(net: Builder, x: str, *, block: Block, depths: Sequence[int]) -> str:
    x = conv_norm(net, "conv1", x, 64, 7, stride=2)
    x = max_pool(net, "pool1", x, windows(net, x, 3, 2, padding=1))
    for stage, depth in enumerate(depths):
        for at in range(depth):
            stride = 2 if stage and not at else 1
            x = block(net, f"layer{stage + 1}.{at}", x, 64 << stage, stride)
    x = average_pool(net, "pool", x, whole(net.shape(x)[2:]), "GlobalAveragePool")
    return linear(net, "fc", flatten(net, "flat", x), 1000)


def _resnet(options: Options, *, name: str, block: Block, depths: Sequence[int]) -> Workload:
    body = partial(_body, block=block, depths=depths)
    return image_model(name, options, body, citations=(_PAPER,))


_FIFTY = (3, 4, 6, 3)
MODELS = {
    "resnet18": partial(_resnet, name="resnet18", block=_basic, depths=(2, 2, 2, 2)),
    "resnet50": partial(_resnet, name="resnet50", block=_bottleneck, depths=_FIFTY),
    "resnet50-v1": partial(
        _resnet, name="resnet50-v1", block=partial(_bottleneck, early=True), depths=_FIFTY
    ),
}
