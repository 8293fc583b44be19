"""Building blocks of the image networks: layers that make their own weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cosynth.errors import SpecError
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import Window, convolution, same, slide
from cosynth.workload.layers.dense import dense
from cosynth.workload.layers.elementwise import activation, batch_norm
from cosynth.workload.zoo import Options

Body = Callable[[Builder, str], str]


def image_model(
    name: str,
    options: Options,
    body: Body,
    *,
    image: int | tuple[int, int] = 224,
    channels: int = 3,
    citations: Sequence[str] = (),
) -> Workload:
    """A network from one input image to one output; `body` adds the layers between them."""
    if options.length is not None or options.phase not in {None, "train"}:
        raise SpecError(f"{name}: takes batch:N, image:N and train; it has no sequence of tokens")
    height, width = image if isinstance(image, tuple) else (image, image)
    if options.image is not None:
        height = width = options.image
    net = Builder(name, source=f"zoo:{name}", citations=citations)
    net.output(body(net, net.input("image", (options.batch, channels, height, width))))
    return finish(net, options)


def finish(net: Builder, options: Options) -> Workload:
    """The graph, as a training step where that is asked for."""
    if options.phase == "train":
        from cosynth.workload import passes

        return passes.train(net.build())
    return net.build()


def conv(  # noqa: PLR0913 - each is one attribute of the operator
    net: Builder,
    name: str,
    x: str,
    channels: int,
    kernel: int | tuple[int, int],
    *,
    stride: int = 1,
    padding: int | str | None = None,
    groups: int = 1,
    bias: bool = False,
) -> str:
    """A 2-D convolution; without `padding` half a kernel is added on every side."""
    kernels = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    windows = [
        _window(size, k, stride, padding) for size, k in zip(net.shape(x)[2:], kernels, strict=True)
    ]
    weight = net.weight(f"{name}.weight", (channels, net.shape(x)[1] // groups, *kernels))
    shift = net.weight(f"{name}.shift", (channels,)) if bias else None
    return convolution(net, name, x, weight, windows, bias=shift, groups=groups)


def norm(net: Builder, name: str, x: str, *, statistics: bool = False) -> str:
    """Batch normalisation; `statistics` keeps mean and variance as weights of their own."""
    channels = (net.shape(x)[1],)
    scale, shift = net.weight(f"{name}.scale", channels), net.weight(f"{name}.shift", channels)
    if not statistics:
        return batch_norm(net, name, x, scale, shift)
    mean, variance = net.weight(f"{name}.mean", channels), net.weight(f"{name}.variance", channels)
    return batch_norm(net, name, x, scale, shift, (mean, variance))


def conv_norm(  # noqa: PLR0913 - each is one attribute of the operator
    net: Builder,
    name: str,
    x: str,
    channels: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    activate: str | None = "Relu",
) -> str:
    """Convolution without bias, batch normalisation and, if any, an activation."""
    x = conv(net, name, x, channels, kernel, stride=stride, groups=groups)
    x = norm(net, f"{name}.norm", x)
    return activation(net, f"{name}.{activate.lower()}", x, activate) if activate else x


def linear(net: Builder, name: str, x: str, features: int) -> str:
    """Fully connected with bias."""
    weight = net.weight(f"{name}.weight", (features, net.shape(x)[-1]))
    return dense(net, name, x, weight, bias=net.weight(f"{name}.shift", (features,)))


def flatten(net: Builder, name: str, x: str) -> str:
    """All but the batch in one dimension; free."""
    batch, *rest = net.shape(x)
    size = 1
    for dimension in rest:
        size *= dimension
    return net.view(name, (batch, size), x)


def windows(net: Builder, x: str, kernel: int, stride: int, padding: int = 0) -> list[Window]:
    """The same window along every axis of an image."""
    return [slide(size, kernel, stride=stride, padding=padding) for size in net.shape(x)[2:]]


def _window(size: int, kernel: int, stride: int, padding: int | str | None) -> Window:
    if padding == "same":
        return same(size, kernel, stride=stride)
    around = (kernel - 1) // 2 if padding is None else int(padding)
    return slide(size, kernel, stride=stride, padding=around)
