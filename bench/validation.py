"""Estimates against published numbers that nothing was fitted to: `python -m bench.validation`.

Prints the three tables of `docs/validation.md`; `--write` puts them there. Published numbers marked
with an asterisk are recalled, not read in their source.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosynth.codesign import Estimate, Layer, estimate
from cosynth.codesign.estimate import prepare
from cosynth.cost import Job
from cosynth.format import assignment
from cosynth.hardware import Hardware
from cosynth.hardware import load as device
from cosynth.hardware.families.nvdla import nvdla
from cosynth.mapper import Effort
from cosynth.mapper.search import Beam
from cosynth.mapping import Level, Loop, Mapping
from cosynth.workload import Builder, Workload
from cosynth.workload.load import load as model

PAGE = Path(__file__).resolve().parent.parent / "docs" / "validation.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One published number beside the estimate of it."""

    case: str
    figure: str
    unit: str
    published: float
    estimated: float
    recalled: bool = False

    @property
    def error(self) -> float:
        """Relative: 0.1 is a tenth too much."""
        return self.estimated / self.published - 1


# -- NVDLA: vendor estimates for ResNet-50, int8, 1 GHz, 16 nm (nvdla/doc, doc/primer.rst) --


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One size of the vendor's table: its parameters and what it is said to do."""

    atomic_c: int
    atomic_k: int
    buffer: int  # KiB
    bandwidth: float  # GB/s
    frames: float  # per second
    power: float  # mW, average
    area: float  # mm2

    @property
    def hardware(self) -> Hardware:
        """The core of this size."""
        return nvdla(
            atomic_c=self.atomic_c,
            atomic_k=self.atomic_k,
            buffer=self.buffer * 1024,
            dram_bandwidth=self.bandwidth * 1e9,
        )


def _size(c: int, k: int, buffer: int, bandwidth: float, *published: float) -> Size:
    frames, power, area = published
    return Size(
        atomic_c=c, atomic_k=k, buffer=buffer, bandwidth=bandwidth,
        frames=frames, power=power, area=area,
    )  # fmt: skip


# the shapes of 1024, 512, 128 and 32 units are recalled or assumed; only their products are listed
NVDLA = {
    2048: _size(64, 32, 512, 20, 269, 291, 3.3),
    1024: _size(32, 32, 256, 15, 153, 143, 1.8),
    512: _size(32, 16, 256, 10, 93, 80, 1.4),
    256: _size(32, 8, 256, 5, 46, 48, 1.0),
    128: _size(16, 8, 256, 2, 20, 31, 0.84),
    64: _size(8, 8, 128, 1, 7.3, 21, 0.55),
    32: _size(8, 4, 128, 0.5, 3.6, 17, 0.51),
}


def nvdla_rows(sizes: Iterable[int] = tuple(NVDLA)) -> list[Row]:
    """Frames per second, power of the core and its area, for each size."""
    network = model("resnet50-v1")
    rows = []
    for units in sizes:
        size = NVDLA[units]
        found = estimate(network, size.hardware)
        power = on_chip(found, found.layers) / found.latency + found.static_power
        case = f"{units} units"
        rows += [
            Row(case=case, figure="frames", unit="1/s", published=size.frames,
                estimated=1 / found.latency),
            Row(case=case, figure="power", unit="mW", published=size.power, estimated=power * 1e3),
            Row(case=case, figure="area", unit="mm2", published=size.area,
                estimated=found.area * 1e6),
        ]  # fmt: skip
    return rows


def on_chip(found: Estimate, layers: Sequence[Layer]) -> float:
    """Joules of some layers, without those of the outermost memory."""
    outside = found.hardware.nodes[0].component.name
    parts = [(layer.count, part) for layer in layers for part in layer.cost.parts]
    return sum(float(part.energy) * count for count, part in parts if part.name != outside)


# -- TPU v1: six applications (Jouppi et al., ISCA 2017, Tables 1 and 3) --


def perceptron(name: str, layers: int, width: int, batch: int) -> Workload:
    """Equal square layers with an activation each."""
    net = Builder(name)
    x = net.input("x", (batch, width))
    for at in range(layers):
        x = _dense(net, f"fc{at}", x, width, "relu")
    net.output(x)
    return net.build()


def recurrent(name: str, layers: int, pointwise: int, width: int, batch: int) -> Workload:
    """One step of square layers, `pointwise` vector layers spread among them."""
    net = Builder(name)
    x = net.input("x", (batch, width))
    for at in range(layers):
        x = _dense(net, f"fc{at}", x, width, "sigmoid")
        for more in range(at * pointwise // layers, (at + 1) * pointwise // layers):
            x = net.einsum(f"`v{more}`[m,n] = tanh(`{x}`[m,n])", shape=(batch, width))
    net.output(x)
    return net.build()


def board(name: str, batch: int) -> Workload:
    """CNN0: 16 convolutions on 19 x 19 positions (2888 = 8 x 361 uses of every weight)."""
    net = Builder(name)
    x = net.input("x", (batch, 256, 19, 19))
    for at in range(16):
        x = _conv(net, f"conv{at}", x, 256, 3 if at < 13 else 1)
    net.output(x)
    return net.build()


def image(name: str, batch: int) -> Workload:
    """CNN1: 72 convolutions on maps of 28, 14 and 7, then four dense layers, half the weights."""
    net = Builder(name)
    x = net.input("x", (batch, 104, 28, 28))
    for stage, channels in enumerate((104, 208, 416)):
        for at in range(24):
            x = _conv(net, f"conv{stage}_{at}", x, channels, 3)
        if stage < 2:
            size = net.shape(x)[2] // 2
            x = net.einsum(
                f"pool{stage}[n,c,p,q] = max(r,s) `{x}`[n,c,p*2+r,q*2+s]",
                shape=(batch, channels, size, size), bounds={"r": 2, "s": 2},
            )  # fmt: skip
    x = net.view("flat", (batch, 416 * 49), x)
    for at, width in enumerate((2048, 2048, 2048, 512)):
        x = _dense(net, f"fc{at}", x, width, "relu")
    net.output(x)
    return net.build()


def _dense(net: Builder, name: str, x: str, made: int, function: str) -> str:
    rows, inner = net.shape(x)
    weight = net.weight(f"{name}.weight", (made, inner))
    y = net.einsum(
        f"`{name}.sum`[m,n] += `{x}`[m,k] * `{weight}`[n,k]", shape=(rows, made), operator="Linear"
    )
    return net.einsum(f"{name}[m,n] = {function}(`{y}`[m,n])", shape=(rows, made))


def _conv(net: Builder, name: str, x: str, made: int, kernel: int) -> str:
    batch, inner, size, _ = net.shape(x)
    weight = net.weight(f"{name}.weight", (made, inner, kernel, kernel))
    half = kernel // 2
    y = net.einsum(
        f"`{name}.sum`[n,k,p,q] += `{x}`[n,c,p+r-{half},q+s-{half}] * `{weight}`[k,c,r,s]",
        shape=(batch, made, size, size), operator="Conv",
    )  # fmt: skip
    return net.einsum(f"{name}[n,k,p,q] = relu(`{y}`[n,k,p,q])", shape=(batch, made, size, size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application of the TPU paper: how it is rebuilt, and the tera-operations measured."""

    build: Callable[[], Workload]
    measured: float
    roofline: float


TPU = {
    "MLP0": Application(build=lambda: perceptron("mlp0", 5, 2000, 200), measured=12.3,
                        roofline=13.6),
    "MLP1": Application(build=lambda: perceptron("mlp1", 4, 1118, 168), measured=9.7,
                        roofline=11.4),
    "LSTM0": Application(build=lambda: recurrent("lstm0", 24, 34, 1472, 64), measured=3.7,
                         roofline=4.4),
    "LSTM1": Application(build=lambda: recurrent("lstm1", 37, 19, 958, 96), measured=2.8,
                         roofline=6.5),
    "CNN0": Application(build=lambda: board("cnn0", 8), measured=86.0, roofline=92.0),
    "CNN1": Application(build=lambda: image("cnn1", 32), measured=14.1, roofline=92.0),
}  # fmt: skip


def tpu_rows(applications: Iterable[str] = tuple(TPU)) -> list[Row]:
    """Tera-operations per second (a multiply-accumulate is two), measured and by the roofline."""
    chip = device("tpu-v1")
    rows = []
    for name in applications:
        application = TPU[name]
        network = application.build()
        found = estimate(network, chip)
        rate = 2 * network.operations / found.latency / 1e12
        rows += [
            Row(case=name, figure="measured", unit="TOPS", published=application.measured,
                estimated=rate),
            Row(case=name, figure="roofline", unit="TOPS", published=application.roofline,
                estimated=2 * network.operations / found.bound_latency / 1e12),
        ]  # fmt: skip
    return rows


# -- Eyeriss: convolutions of AlexNet and VGG-16 (Chen et al., JSSC 2017, Tables V and VI) --

# layer: mW, total ms, buffer MB, DRAM MB. Totals were read in the paper but for the buffer's, which
# is the sum of the cells; the cells are recalled, and add up to the totals.
ALEXNET = {
    "conv1": (332, 20.9, 18.5, 5.0), "conv2": (288, 41.9, 77.6, 4.0),
    "conv3": (266, 23.6, 50.2, 3.0), "conv4": (235, 18.4, 37.4, 2.1),
    "conv5": (236, 10.5, 24.9, 1.3), "all": (278, 115.3, 208.5, 15.4),
}  # fmt: skip
VGG = {
    "conv1_1": (247, 76.2, 112.6, 15.4), "conv1_2": (218, 910.3, 2402.8, 54.0),
    "conv2_1": (242, 470.3, 1201.4, 33.4), "conv2_2": (231, 894.3, 2402.8, 48.5),
    "conv3_1": (254, 241.1, 607.4, 20.2), "conv3_2": (235, 460.9, 1214.8, 32.2),
    "conv4_1": (278, 135.8, 321.8, 17.8), "conv4_2": (261, 254.8, 643.7, 28.6),
    "conv5_1": (258, 54.3, 90.0, 6.3), "all": (236, 4309.4, 11035.8, 321.1),
}  # fmt: skip
# Mappings of the chip (recalled): channels, images and rows with sums in the buffer (m, n, e);
# filters and channels of a processing element (p, q); sets of elements for more channels and more
# filters (r, t).
SHAPES = {
    "conv1": (96, 1, 7, 16, 1, 1, 2), "conv2": (64, 1, 27, 16, 2, 1, 1),
    "conv3": (64, 4, 13, 16, 4, 1, 4), "conv4": (64, 4, 13, 16, 3, 2, 2),
    "conv5": (64, 4, 13, 16, 3, 2, 2),
}  # fmt: skip


def row_stationary(job: Job, shape: tuple[int, ...], chip: Hardware) -> Mapping:
    """The chip's own mapping: kernel rows along y, output rows along x, sums kept in the buffer."""
    m, n, e, p, q, r, t = shape
    sizes, part = job.einsum.sizes, {part: name for name, part in job.parts.items()}
    dimension = {"y": 12, "x": 14}
    across = [("r", 1, "y")]
    # a set of more rows than the array is wide is folded onto the other dimension
    across += [("p", 14, "y")] if e > dimension["x"] else []
    across += [("c", q, "y"), ("p", 1, "x")]
    across += [("k", p, "y" if sizes["r"] * r * t <= dimension["y"] else "x")]
    keeps = {"dram": tuple(sorted(job.parts)), "buffer": (part["input"], part["output"]),
             "filters": (part["weight"],), "filter_pad": (part["weight"],),
             "sum_pad": (part["output"],), "input_pad": (part["input"],)}  # fmt: skip
    loops = {
        "dram": [("g", 1), ("n", n), ("p", e), ("k", m), ("c", q * r)],
        "buffer": [("k", p * t)],
        "pe": across,
        "filter_pad": [("n", 1), ("q", 1)],
        "input_pad": [("k", 1), ("c", 1), ("s", 1)],
    }
    left, levels = dict(sizes), []
    for name in [
        level.name
        for level in chip.engines[0].levels
        if hasattr(level, "keeps") or hasattr(level, "dimensions")
    ]:
        made = []
        for rank, tile, *along in loops.get(name, []):
            if rank in left and tile < left[rank]:
                made.append(Loop(rank=rank, tile=tile, dimension=along[0] if along else None))
                left[rank] = tile
        levels.append(Level(name=name, keep=keeps.get(name, ()), loops=tuple(made)))
    return Mapping(einsum=job.name, engine=chip.engines[0].name, levels=tuple(levels))


# many unrollings: the fewest time steps are not what moves the fewest bytes here
EYERISS_EFFORT = Effort(beam=Beam(unrollings=16, beam=4))


def eyeriss_rows(network: str = "alexnet", *, own: bool = False) -> list[Row]:
    """Time, DRAM and buffer traffic and power of the convolutions, per layer and in all.

    `own` prescribes the chip's own mappings in place of the best ones found.
    """
    name, published = {
        "alexnet": ("alexnet-caffe@batch:4", ALEXNET),
        "vgg": ("vgg16@batch:3", VGG),
    }[network]
    chip, workload, formats = device("eyeriss"), model(name), assignment("int16")
    jobs = {job.name: job for job in prepare(workload, formats).jobs}
    fixed = {at: row_stationary(jobs[at], shape, chip) for at, shape in SHAPES.items() if own}
    found = estimate(workload, chip, formats, effort=EYERISS_EFFORT, mappings=fixed)
    layers = [layer for layer in found.layers if "conv" in layer.job.name]
    layers = [layer for layer in layers if layer.job.einsum.contraction]
    rows = []
    for case, cells in published.items():
        chosen = layers if case == "all" else [at for at in layers if at.job.name == case]
        count = 1.0 if case == "all" else 1 / chosen[0].count
        estimates = [value * count for value in _eyeriss_figures(found, chosen)]
        power = estimates[3] / estimates[0] * 1e3 + found.static_power * 1e3
        values = (power, estimates[0] * 1e3, estimates[2], estimates[1])
        for (figure, unit), cell, value in zip(_FIGURES, cells, values, strict=True):
            recalled = case != "all" or figure == "buffer"
            label = f"{network} {'(own) ' if own else ''}{case}"
            rows.append(Row(case=label, figure=figure, unit=unit, published=cell,
                            estimated=value, recalled=recalled))  # fmt: skip
    return rows


_FIGURES = (("power", "mW"), ("time", "ms"), ("buffer", "MB"), ("DRAM", "MB"))


def _eyeriss_figures(found: Estimate, layers: Sequence[Layer]) -> tuple[float, ...]:
    """Seconds, megabytes of DRAM and of the buffer, joules on chip."""
    seconds = dram = buffer = 0.0
    for layer in layers:
        parts = {part.name: float(part.read + part.written) for part in layer.cost.parts}
        seconds += float(layer.cost.latency) * layer.count
        dram += parts["dram"] * layer.count / 1e6
        buffer += (parts["buffer"] + parts.get("filters", 0.0)) * layer.count / 1e6
    return seconds, dram, buffer, on_chip(found, layers)


# -- tables --


def table(rows: Sequence[Row]) -> str:
    """A Markdown table: a line per case, three columns per figure."""
    figures = list(dict.fromkeys((row.figure, row.unit) for row in rows))
    heads = [f"{figure}, {unit} | estimate | error" for figure, unit in figures]
    lines = [f"| case | {' | '.join(heads)} |", "|---" * (1 + 3 * len(figures)) + "|"]
    for case in dict.fromkeys(row.case for row in rows):
        cells = []
        for figure, _ in figures:
            row = next(row for row in rows if row.case == case and row.figure == figure)
            mark = "*" if row.recalled else ""
            cells.append(f"{row.published:g}{mark} | {row.estimated:.3g} | {row.error:+.0%}")
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[], list[Row]]] = {
    "nvdla": nvdla_rows,
    "tpu": tpu_rows,
    "eyeriss": lambda: [
        *eyeriss_rows("alexnet", own=True),
        *eyeriss_rows("alexnet"),
        *eyeriss_rows("vgg"),
    ],
}


def written(page: str, name: str, text: str) -> str:
    """The page with one table replaced, between its two comments."""
    start, end = f"<!-- table: {name} -->", f"<!-- end: {name} -->"
    before, _, rest = page.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n{text}\n{end}{after}"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8") if "--write" in sys.argv else ""
    began = time.perf_counter()
    for name, rows in TABLES.items():
        start = time.perf_counter()
        text = table(rows())
        print(f"\n{name} ({time.perf_counter() - start:.1f} s)\n\n{text}")
        page = written(page, name, text) if page else ""
    print(f"\nwall {time.perf_counter() - began:.1f} s")
    if page:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
