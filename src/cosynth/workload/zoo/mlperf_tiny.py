"""The four reference models of MLPerf Tiny; their batch normalisation keeps its statistics."""

from __future__ import annotations

from cosynth.errors import SpecError
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import average_pool, whole
from cosynth.workload.layers.elementwise import activation, elementwise, softmax
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv, finish, flatten, image_model, linear, norm
from cosynth.workload.zoo.mobilenet import V1_PAIRS

_PAPER = "Banbury et al., MLPerf Tiny Benchmark, arXiv:2106.07597"


def _ds_cnn(options: Options) -> Workload:
    return image_model("ds-cnn", options, _speech, image=(49, 10), channels=1, citations=(_PAPER,))


def _resnet8(options: Options) -> Workload:
    return image_model("resnet8", options, _residual, image=32, citations=(_PAPER,))


def _person(options: Options) -> Workload:
    return image_model("mobilenetv1-025-96", options, _quarter, image=96, citations=(_PAPER,))


def _autoencoder(options: Options) -> Workload:
    name = "deep-autoencoder"
    if options.length is not None or options.image is not None or options.phase == "decode":
        raise SpecError(f"{name}: takes batch:N and train; it has no sequence and no image")
    net = Builder(name, source=f"zoo:{name}", citations=(_PAPER,))
    x = net.input("spectrum", (options.batch, 640))
    for at, width in enumerate((128, 128, 128, 128, 8, 128, 128, 128, 128), start=1):
        x = norm(net, f"fc{at}.norm", linear(net, f"fc{at}", x, width), statistics=True)
        x = activation(net, f"fc{at}.relu", x)
    net.output(linear(net, "fc10", x, 640))
    return finish(net, options)


def _speech(net: Builder, x: str) -> str:
    x = _layer(net, "conv1", x, 64, (10, 4), stride=2)
    for at in range(1, 5):
        x = _layer(net, f"pair{at}.depthwise", x, 64, (3, 3), groups=64)
        x = _layer(net, f"pair{at}.pointwise", x, 64, (1, 1))
    return _head(net, x, 12)


def _residual(net: Builder, x: str) -> str:
    x = _layer(net, "conv1", x, 16, (3, 3))
    for stage, (width, stride) in enumerate(((16, 1), (32, 2), (64, 2)), start=1):
        y = _layer(net, f"stack{stage}.conv1", x, width, (3, 3), stride=stride)
        y = conv(net, f"stack{stage}.conv2", y, width, 3, padding="same", bias=True)
        y = norm(net, f"stack{stage}.conv2.norm", y, statistics=True)
        if stride > 1:
            name = f"stack{stage}.shortcut"
            x = conv(net, name, x, width, 1, stride=stride, padding="same", bias=True)
        x = elementwise(net, f"stack{stage}.add", "{0} + {1}", x, y, operator="Add")
        x = activation(net, f"stack{stage}.relu", x)
    return _head(net, x, 10)


def _quarter(net: Builder, x: str) -> str:
    x = _layer(net, "conv1", x, 8, (3, 3), stride=2)
    for at, (channels, stride) in enumerate(V1_PAIRS, start=1):
        entering = net.shape(x)[1]
        name = f"pair{at}.depthwise"
        x = _layer(net, name, x, entering, (3, 3), stride=stride, groups=entering)
        x = _layer(net, f"pair{at}.pointwise", x, channels // 4, (1, 1))
    return _head(net, x, 2)


def _layer(
    net: Builder,
    name: str,
    x: str,
    channels: int,
    kernel: tuple[int, int],
    *,
    stride: int = 1,
    groups: int = 1,
) -> str:
    """Convolution with bias, batch normalisation with statistics, ReLU."""
    x = conv(
        net, name, x, channels, kernel, stride=stride, padding="same", groups=groups, bias=True
    )
    return activation(net, f"{name}.relu", norm(net, f"{name}.norm", x, statistics=True))


def _head(net: Builder, x: str, classes: int) -> str:
    x = average_pool(net, "pool", x, whole(net.shape(x)[2:]))
    return softmax(net, "softmax", linear(net, "fc", flatten(net, "flat", x), classes))


MODELS = {
    "ds-cnn": _ds_cnn,
    "resnet8": _resnet8,
    "mobilenetv1-025-96": _person,
    "deep-autoencoder": _autoencoder,
}
