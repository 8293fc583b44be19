"""VGG: stacks of 3 by 3 convolutions."""

from __future__ import annotations

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import max_pool
from cosynth.workload.layers.elementwise import activation
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv, flatten, image_model, linear, windows

_PAPER = "Simonyan and Zisserman, Very Deep Convolutional Networks, arXiv:1409.1556"
_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def _vgg16(options: Options) -> Workload:
    return image_model("vgg16", options, _body, citations=(_PAPER,))


def _body(net: Builder, x: str) -> str:
    for stage, (channels, depth) in enumerate(_STAGES, start=1):
        for layer in range(1, depth + 1):
            x = conv(net, f"conv{stage}_{layer}", x, channels, 3, bias=True)
            x = activation(net, f"relu{stage}_{layer}", x)
        x = max_pool(net, f"pool{stage}", x, windows(net, x, 2, 2))
    x = flatten(net, "flat", x)
    x = activation(net, "relu6", linear(net, "fc6", x, 4096))
    x = activation(net, "relu7", linear(net, "fc7", x, 4096))
    return linear(net, "fc8", x, 1000)


MODELS = {"vgg16": _vgg16}
