"""Networks on circuits of drawn chips, each bit compared: `python -m bench.rtl_networks`.

`--designs` chips are drawn by `--seed` from the space that `explore` searches by default. Those are
kept that simulate in minutes (at most `--most-units` multipliers and a buffer of at most
`--most-buffer` KiB); what was passed over is counted. `--formats` keeps those of some formats.
Those whose registers have no room for two sums are passed over: nothing can be mapped to them.

For each chip and network a row tells layers on the chip and on the host, multiply-accumulates on
the chip, bits compared and wrong, cycles against the prediction (whole, and by layer) and as a
multiple of what a search reckons with, and seconds. Layers that are off by more than `--over` % are
told behind it. Then why layers are left to the host, and a total with the errors of all layers. The
exit status is 1 if a bit is wrong or a chip was refused.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import cosynth as cs
from cosynth.codesign import ChipProblem, chip_space, circuit, goal
from cosynth.errors import CosynthError
from cosynth.format import Assignment, accumulator, holding, known
from cosynth.hardware import Hardware
from cosynth.rtl import Host
from cosynth.workload import Builder, Workload
from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.linear import FeedForward
from cosynth.workload.layers.scope import Scope
from cosynth.workload.layers.transformer import Block, block

TINY = ("deep-autoencoder", "resnet8", "ds-cnn", "mobilenetv1-025-96")
LARGE = ("alexnet", "resnet18")
BLOCK = "transformer-block"
Point = Mapping[str, Any]


@dataclass(slots=True)
class Total:
    """Sums over all pairs."""

    pairs: int = 0
    refused: int = 0
    bits: int = 0
    wrong: int = 0
    on_chip: int = 0
    operations: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    layers: list[float] = field(default_factory=list)  # cycles beside predictions, less one
    networks: list[float] = field(default_factory=list)


def transformer_block(tokens: int = 32, width: int = 64, heads: int = 4) -> Workload:
    """One block: layer norms, attention, a feed-forward layer with GELU."""
    net = Builder(BLOCK)
    scope = Scope(net=net, batch=1, tokens=tokens, reach=tokens)
    x = net.input("rows", (tokens, width))
    attention = Attention(
        width=width, heads=heads, groups=heads, size=width // heads, bias=True, out_bias=True
    )
    feed = FeedForward(width=width, inner=4 * width, gated=False, activation="gelu", bias=True)
    net.output(block(scope, x, Block(mixers=(attention,), feed=feed, norm="layer")))
    return net.build()


def network(name: str) -> Workload:
    """A network of the zoo, or the block; `resnet18/conv1` is one layer of it, on drawn inputs."""
    whole, _, layer = name.partition("/")
    found = transformer_block() if whole == BLOCK else cs.load(whole)
    return single(found, layer) if layer else found


def single(model: Workload, layer: str) -> Workload:
    """One einsum of a model as a model."""
    head = next(one for one in model.einsums if one.name == layer)
    out = head.output.tensor
    names = {access.tensor for access in head.inputs} | {out}
    roles = {"activation": "input"}
    tensors = tuple(
        replace(
            one, view_of=(), role="output" if one.name == out else roles.get(one.role, one.role)
        )
        for one in model.tensors
        if one.name in names
    )
    return Workload(name=f"{model.name}/{layer}", tensors=tensors, einsums=(head,))


def points(
    seed: int, count: int, *, most_units: int, most_buffer: int, formats: Sequence[str] = ()
) -> tuple[list[Point], Counter[str]]:
    """Points of the space in the order in which a seed gives them, and why others were left out."""
    space = chip_space(None)
    generator = np.random.default_rng(seed)
    found: list[Point] = []
    left: Counter[str] = Counter()
    while len(found) < count:
        point = next(iter(space.sample(generator, 1)))
        if int(point["rows"]) * int(point["columns"]) > most_units:
            left["more multipliers"] += 1
        elif int(point["buffer"]) > most_buffer:
            left["a larger buffer"] += 1
        elif _no_sum(point):
            left["registers without room for two sums"] += 1
        elif formats and str(point["format"]) not in formats:
            left["another format"] += 1
        else:
            found.append(dict(point))
    return found, left


def _no_sum(point: Point) -> bool:
    """Whether units keep sums, and no two of them fit their registers."""
    one = known(str(point["format"]))
    bits = accumulator(holding(one, one)).bits
    return point["stationarity"] == "output" and int(point["registers"]) * 8 < 2 * bits


def chip_of(point: Point) -> tuple[Hardware, Assignment]:
    """The chip of a point, and its formats."""
    problem = ChipProblem(models=(), space=chip_space(None), goal=goal("latency"))
    return problem.hardware(point), problem.assignment(point)


def row(name: str, point: Point, options: argparse.Namespace, total: Total) -> str:
    """One network on one chip."""
    model = network(name)
    begun = time.perf_counter()
    total.pairs += 1
    try:
        chip, formats = chip_of(point)
        made = circuit.generate(model, chip, formats, seed=options.seed)
    except CosynthError as error:
        total.refused += 1
        return f"refused: {error}"
    compiled = time.perf_counter() - begun
    run = made.simulate(seed=options.seed)
    whole = time.perf_counter() - begun
    hosts = [one for one in made.program.order if isinstance(one, Host)]
    heads = {one.name: one for one in made.network.graph.einsums}
    on_chip = sum(heads[one.name].points for one in run.layers if heads[one.name].contraction)
    every = sum(one.points for one in heads.values() if one.contraction and len(one.inputs) == 2)
    for one in hosts:
        total.reasons[one.reason.removeprefix(f"{one.name}: ")] += 1
    total.bits += run.bits
    total.wrong += run.wrong
    total.on_chip += on_chip
    total.operations += every
    off = {one.name: one.cycles / made.predicted[one.name] - 1 for one in run.layers}
    errors = list(off.values())
    predicted = sum(made.predicted[layer.name] for layer in run.layers)
    searched = sum(made.searched[layer.name] for layer in run.layers)
    worst = max(errors, key=abs, default=0.0)
    total.layers += errors
    total.networks.append(run.cycles / max(predicted, 1) - 1)
    return (
        f"{len(run.layers):>3} on chip {len(hosts):>3} on host"
        f" {100 * on_chip / max(every, 1):>6.2f} %"
        f" {run.bits:>12,} bits {run.wrong:>6} wrong {run.cycles:>12,} cycles"
        f" {100 * (run.cycles / max(predicted, 1) - 1):>+8.1f} % whole"
        f" {100 * np.mean(np.abs(errors)) if errors else 0:>7.1f} % mean"
        f" {100 * worst:>+8.1f} % worst, {run.cycles / max(searched, 1):>6.2f} of a search's"
        f" {compiled:>7.1f} s to compile {whole - compiled:>7.1f} s to run"
        + "".join(
            f"\n      {layer} {100 * error:+.1f} %"
            for layer, error in off.items()
            if abs(error) > options.over / 100
        )
    )


def main() -> int:
    """Draw chips, run networks, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--designs", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="number of the first design to run")
    parser.add_argument("--most-units", type=int, default=256)
    parser.add_argument("--most-buffer", type=int, default=1024, help="KiB")
    parser.add_argument("--formats", type=lambda said: said.split(","), default=[])
    parser.add_argument("--over", type=float, default=5.0, help="%%")
    parser.add_argument("networks", nargs="*", default=[*TINY, BLOCK])
    options = parser.parse_args()
    total = Total()
    drawn, left = points(
        options.seed, options.designs, most_units=options.most_units,
        most_buffer=options.most_buffer * 1024, formats=options.formats,
    )  # fmt: skip
    print(f"{chip_space(None).size:,} points; seed {options.seed}; passed over: "
          + (", ".join(f"{count} for {why}" for why, count in left.items()) or "none"))  # fmt: skip
    for number, point in enumerate(drawn):
        if number < options.first:
            continue
        said = " ".join(str(point[name]) for name in point if name != "dram_bandwidth")
        print(f"design {number}: {said}", flush=True)
        for name in options.networks:
            print(f"  {name:20}", row(name, point, options, total), flush=True)
    print("\nleft to the host:")
    for reason, count in total.reasons.most_common():
        print(f"  {count:>4} {reason}")
    print(
        f"{total.pairs} pairs, {total.refused} refused, {total.bits:,} bits compared,"
        f" {total.wrong} wrong, {100 * total.on_chip / max(total.operations, 1):.2f} % of"
        f" {total.operations:,} multiply-accumulates on the chip"
    )
    for name, errors in (("layers", total.layers), ("networks", total.networks)):
        if errors:
            sizes = np.abs(errors)
            print(
                f"cycles of {len(errors)} {name} are off by {100 * sizes.mean():.2f} % on average,"
                f" {100 * np.median(sizes):.2f} % in the median,"
                f" {100 * max(errors, key=abs):+.1f} % at worst;"
                f" {100 * np.mean(sizes <= 0.05):.1f} % of them by 5 % at most"
            )
    return int(total.wrong > 0 or total.refused > 0)


if __name__ == "__main__":
    sys.exit(main())
