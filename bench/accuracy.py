"""Accuracy of nets trained here at each format: `python -m bench.accuracy --net cnn --seeds 3`.

Every product takes the format, the first and the last layer too; activations of plain integers
have one scale for the whole tensor and batch. Mean over seeds, and how far they lie apart.
`--bits 4.5` adds the mix that `quantize` chooses at that average from `--mix` formats, measured on
samples of the training set. `--steps` come before. `--model FILE` tells the error of any ONNX file
on random samples.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bench.training import RECIPES, Data, trained
from cosynth.compress import Choice, Runner, metric, network, random_samples, read, step, stepped
from cosynth.errors import CosynthError
from cosynth.format import known

FORMATS = (
    "bf16", "int8", "mxint8", "mxfp8", "int6", "mxfp6", "nvfp4", "nvint4", "mxfp4", "mxfp4-even",
    "mxint4", "int4_g128", "int4", "int3", "ternary_tensor",
)  # fmt: skip
MIX = ("mxint8", "mxfp6", "mxfp4", "nvfp4", "int3")
_BATCH = 60
_CALIBRATED = 64  # samples of the training set that steps and the mix look at


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A trained net and its test."""

    runner: Runner
    data: Data
    seed: int

    @property
    def samples(self) -> tuple[np.ndarray, ...]:
        """Inputs of the training set, for whatever is chosen beforehand."""
        x, _ = self.data.train
        if x.ndim == 1:
            length = self.data.test[0].shape[1]
            x = x[: len(x) // length * length].reshape(-1, length)
        picked = np.random.default_rng(self.seed).choice(len(x), _CALIBRATED, replace=False)
        return (x[picked],)

    def scores(self, choices: Mapping[str, Choice]) -> np.ndarray:
        """Outputs on the test set under a choice by site."""
        x, _ = self.data.test
        parts = [x[start : start + _BATCH] for start in range(0, len(x), _BATCH)]
        return np.concatenate([self.runner.run({"x": part}, choices)["scores"] for part in parts])

    @cached_property
    def exact(self) -> np.ndarray:
        """Outputs without formats."""
        return self.scores({})

    def figures(self, choices: Mapping[str, Choice]) -> dict[str, float]:
        """Accuracy and loss on the test set, and QSNR of the scores, under a choice by site."""
        found, labels = self.scores(choices), self.data.test[1]
        return {n: metric(n).of(self.exact, found, labels) for n in ("accuracy", "loss", "qsnr")}

    def every(self, choice: Choice) -> dict[str, Choice]:
        """One choice for all."""
        return {site.name: choice for site in self.runner.network.sites}


def main() -> int:
    """Train or load, then print one table a net."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", choices=[*RECIPES, "all"], default="all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--steps", default="", help="for example hadamard,clip-mse")
    parser.add_argument("--bits", type=float, help="average of the mix")
    parser.add_argument("--mix", default=",".join(MIX))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "cosynth-nets")
    parser.add_argument("--model", type=Path, help="an ONNX file instead")
    options = parser.parse_args()
    formats = [known(name).name for name in options.formats.split(",")]
    if options.model:
        try:
            return of_file(options.model, formats, options.steps)
        except CosynthError as error:
            print(error, file=sys.stderr)
            return 2
    for net in RECIPES if options.net == "all" else [options.net]:
        cases = [case(net, seed, options.cache, options.steps) for seed in range(options.seeds)]
        table(net, cases, formats, options.steps)
        if options.bits:
            chosen(cases, options.bits, options.mix.split(","))
    return 0


def case(net: str, seed: int, cache: Path, steps: str) -> Case:
    """One net of one seed, with steps if there are any."""
    data = RECIPES[net].data()
    model = trained(net, seed, data, cache)
    made = Case(runner=Runner(network=network(model, net)), data=data, seed=seed)
    return Case(runner=_stepped(made.runner, steps, made.samples), data=data, seed=seed)


def _stepped(runner: Runner, steps: str, samples: Sequence[np.ndarray]) -> Runner:
    named = [step(name, seed=0) for name in steps.split(",") if name]
    return stepped(runner, named, [{runner.network.inputs[0]: x} for x in samples])


def table(net: str, cases: Sequence[Case], formats: Sequence[str], steps: str) -> None:
    """Weights alone, and weights with activations, in each format."""
    first = cases[0]
    said = f"; after {steps}" if steps else ""
    print(f"\n{net}: {first.data.said}, {len(cases)} seeds{said}")
    print(f"{'':>16} {'weights only':^32} {'weights and activations':^32}")
    head = f"{'accuracy %':>14} {'loss':>8} {'dB':>6}"
    print(f"{'format':>16} {head:>32} {head:>32}")
    row("fp32", [[each.figures({}) for each in cases]])
    for name in formats:
        both = (Choice(weights=name), Choice(weights=name, activations=name))
        row(name, [[each.figures(each.every(one)) for each in cases] for one in both])


def row(name: str, columns: Sequence[Sequence[Mapping[str, float]]]) -> None:
    """Mean over seeds of each figure, and half the distance between the extremes of accuracy."""
    cells = []
    for figures in columns:
        mean = {key: float(np.mean([each[key] for each in figures])) for key in figures[0]}
        shares = [100 * each["accuracy"] for each in figures]
        apart = (max(shares) - min(shares)) / 2
        cells.append(
            f"{100 * mean['accuracy']:8.2f} ±{apart:4.2f} {mean['loss']:8.4f} {mean['qsnr']:6.1f}"
        )
    print(f"{name:>16} " + " ".join(f"{cell:>32}" for cell in cells), flush=True)


def chosen(cases: Sequence[Case], bits: float, formats: Sequence[str]) -> None:
    """The choice that `quantize` makes at an average of so many bits, weights only."""
    from cosynth.codesign.quantize import Wanted, quantize
    from cosynth.compress.sensitivity import Measure

    figures = []
    for each in cases:
        net = each.runner.network
        feeds = tuple({net.inputs[0]: x} for x in each.samples)
        wanted = Wanted(
            options=tuple(Choice(weights=name) for name in formats), limits={"bits": bits}, kept={}
        )
        found = quantize(net, Measure(runner=each.runner, feeds=feeds), wanted)
        figures.append(each.figures(found.choices))
    row(f"mix at {bits:g}", [figures])


def of_file(path: Path, formats: Sequence[str], steps: str) -> int:
    """Signal over error of a file's outputs on random samples, at each format."""
    net = read(path)
    samples = random_samples(net, 4, 0, {})
    runner = Runner(network=net)
    if steps:
        runner = stepped(runner, [step(name, seed=0) for name in steps.split(",")], samples.feeds)
    start = time.perf_counter()
    exact = [runner.run(feed, {}) for feed in samples.feeds]
    print(f"{path.name}: {len(net.sites)} layers, {', '.join(runner.engines)}, "
          f"{time.perf_counter() - start:.2f} s for {samples.count} samples")  # fmt: skip
    floats = [name for name in net.outputs if exact[0][name].dtype.kind == "f"]
    for name in formats:
        found = []
        for one in (Choice(weights=name), Choice(weights=name, activations=name)):
            every = {site.name: one for site in net.sites}
            given = [runner.run(feed, every) for feed in samples.feeds]
            pairs = [(e[n], g[n]) for e, g in zip(exact, given, strict=True) for n in floats]
            same = [(a, b) for a, b in pairs if a.shape == b.shape]
            qsnr = [metric("qsnr").of(a, b, a) for a, b in same]
            found.append(f"{np.mean(qsnr):8.1f} dB" if qsnr else "other shapes")
        print(f"{name:>16} {found[0]} {found[1]}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
