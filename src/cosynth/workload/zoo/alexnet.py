"""AlexNet: as torchvision has it, and as Caffe and the Eyeriss papers have it (grouped, 227)."""

from __future__ import annotations

from functools import partial

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import average_pool, local_response, max_pool
from cosynth.workload.layers.elementwise import activation, softmax
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv, flatten, image_model, linear, windows

_PAPER = "Krizhevsky et al., ImageNet Classification with Deep Convolutional Networks, NIPS 2012"
_ONE = "Krizhevsky, One weird trick for parallelizing convolutional networks, arXiv:1404.5997"
# output channels, kernel, stride, padding, whether a pool follows
_TORCH = (
    (64, 11, 4, 2, 1),
    (192, 5, 1, 2, 1),
    (384, 3, 1, 1, 0),
    (256, 3, 1, 1, 0),
    (256, 3, 1, 1, 1),
)
# output channels, kernel, stride, padding, groups, normalised, whether a pool follows
_CAFFE = (
    (96, 11, 4, 0, 1, 1, 1),
    (256, 5, 1, 2, 2, 1, 1),
    (384, 3, 1, 1, 1, 0, 0),
    (384, 3, 1, 1, 2, 0, 0),
    (256, 3, 1, 1, 2, 0, 1),
)


def _alexnet(options: Options) -> Workload:
    return image_model("alexnet", options, _torch_body, citations=(_ONE,))


def _caffe(options: Options) -> Workload:
    return image_model("alexnet-caffe", options, _caffe_body, image=227, citations=(_PAPER,))


def _torch_body(net: Builder, x: str) -> str:
    for at, (channels, kernel, stride, padding, pooled) in enumerate(_TORCH, start=1):
        x = conv(net, f"conv{at}", x, channels, kernel, stride=stride, padding=padding, bias=True)
        x = activation(net, f"relu{at}", x)
        x = max_pool(net, f"pool{at}", x, windows(net, x, 3, 2)) if pooled else x
    rows = net.shape(x)[2]
    if rows > 6:  # adaptive to 6 by 6, which 224 pixels give already
        x = average_pool(net, "average", x, windows(net, x, rows - rows // 6 * 5, rows // 6))
    return _classifier(net, x)


def _caffe_body(net: Builder, x: str) -> str:
    for at, (channels, kernel, stride, padding, groups, normed, pooled) in enumerate(_CAFFE, 1):
        make = partial(conv, stride=stride, padding=padding, groups=groups, bias=True)
        x = make(net, f"conv{at}", x, channels, kernel)
        x = activation(net, f"relu{at}", x)
        x = local_response(net, f"norm{at}", x, 5) if normed else x
        x = max_pool(net, f"pool{at}", x, windows(net, x, 3, 2)) if pooled else x
    return softmax(net, "softmax", _classifier(net, x))


def _classifier(net: Builder, x: str) -> str:
    x = flatten(net, "flat", x)
    x = activation(net, "relu6", linear(net, "fc6", x, 4096))
    x = activation(net, "relu7", linear(net, "fc7", x, 4096))
    return linear(net, "fc8", x, 1000)


MODELS = {"alexnet": _alexnet, "alexnet-caffe": _caffe}
