"""U-Net as in its paper: unpadded 3 by 3 convolutions, 572 pixels in, two classes out."""

from __future__ import annotations

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.convolution import max_pool, slide, transposed
from cosynth.workload.layers.elementwise import activation
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import conv, image_model, windows

_PAPER = "Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015"


def _unet(options: Options) -> Workload:
    return image_model("unet", options, _body, image=572, channels=1, citations=(_PAPER,))


def _body(net: Builder, x: str) -> str:
    passed = []
    for level, width in enumerate((64, 128, 256, 512)):
        x = _double(net, f"down{level}", x, width)
        passed.append(x)
        x = max_pool(net, f"pool{level}", x, windows(net, x, 2, 2))
    x = _double(net, "bottom", x, 1024)
    for level, width in ((3, 512), (2, 256), (1, 128), (0, 64)):
        x = _up(net, f"up{level}", x, width)
        kept = net.view(f"crop{level}", net.shape(x), passed[level])
        joined = (net.shape(x)[0], 2 * width, *net.shape(x)[2:])
        x = _double(net, f"merge{level}", net.view(f"join{level}", joined, (kept, x)), width)
    return conv(net, "classes", x, 2, 1, bias=True)


def _double(net: Builder, name: str, x: str, width: int) -> str:
    for at in (1, 2):
        x = conv(net, f"{name}.conv{at}", x, width, 3, padding=0, bias=True)
        x = activation(net, f"{name}.relu{at}", x)
    return x


def _up(net: Builder, name: str, x: str, width: int) -> str:
    """Twice the size and half the channels."""
    weight = net.weight(f"{name}.weight", (net.shape(x)[1], width, 2, 2))
    shift = net.weight(f"{name}.shift", (width,))
    sizes = [2 * size for size in net.shape(x)[2:]]
    moves = [slide(size, 2, stride=2) for size in sizes]
    return transposed(net, name, x, weight, moves, sizes=sizes, bias=shift)


MODELS = {"unet": _unet}
