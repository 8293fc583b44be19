"""DLRM: recommendation from 13 numbers and 26 look-ups; MLPerf's sizes and the Kaggle sizes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cosynth.errors import SpecError
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.elementwise import activation, lookup
from cosynth.workload.zoo import Options
from cosynth.workload.zoo._image import finish, linear

_PAPER = "Naumov et al., Deep Learning Recommendation Model, arXiv:1906.00091"
# rows of each table: Criteo Terabyte with at most 40 million (MLPerf), and Criteo Kaggle
_TERABYTE = (
    39884406, 39043, 17289, 7420, 20263, 3, 7120, 1543, 63, 38532951, 2953546, 403346, 10, 2208,
    11938, 155, 4, 976, 14, 39979771, 25641295, 39664984, 585935, 12972, 108, 36,
)  # fmt: skip
_KAGGLE = (
    1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992,
    5461306, 10, 5652, 2173, 4, 7046547, 18, 15, 286181, 105, 142572,
)  # fmt: skip


def _dlrm(
    options: Options, *, name: str, tables: Sequence[int], bottom: Sequence[int], top: Sequence[int]
) -> Workload:
    if options.length is not None or options.image is not None or options.phase == "decode":
        raise SpecError(f"{name}: takes batch:N and train; it has no sequence and no image")
    net = Builder(name, source=f"zoo:{name}", citations=(_PAPER,))
    batch, width = options.batch, bottom[-1]
    dense = _perceptron(net, "bottom", net.input("numbers", (batch, 13)), bottom)
    features = [dense]
    for at, rows in enumerate(tables):
        table = net.weight(f"table{at}.weight", (rows, width))
        picked = net.input(f"category{at}", (batch,))
        features.append(lookup(net, f"table{at}", table, picked))
    count = len(features)
    stacked = net.view("features", (batch, count, width), features)
    # every pair of features is multiplied; the half above the diagonal is thrown away
    pairs = net.einsum(
        f"pairs[n,i,j] += {stacked}[n,i,d] * {stacked}[n,j,d]",
        shape=(batch, count, count),
        operator="MatMul",
    )
    size = width + count * (count - 1) // 2
    x = net.view("interaction", (batch, size), (dense, pairs))
    x = _perceptron(net, "top", x, top[:-1])
    x = linear(net, "click", x, top[-1])
    net.output(activation(net, "probability", x, "Sigmoid"))
    return finish(net, options)


def _perceptron(net: Builder, name: str, x: str, widths: Sequence[int]) -> str:
    for at, width in enumerate(widths):
        x = activation(net, f"{name}{at}.relu", linear(net, f"{name}{at}", x, width))
    return x


MODELS = {
    "dlrm": partial(
        _dlrm,
        name="dlrm",
        tables=_TERABYTE,
        bottom=(512, 256, 128),
        top=(1024, 1024, 512, 256, 1),
    ),
    "dlrm-kaggle": partial(
        _dlrm, name="dlrm-kaggle", tables=_KAGGLE, bottom=(512, 256, 64, 16), top=(512, 256, 1)
    ),
}
