"""Exploring chips for ResNet-18: `python -m bench.explore [--budget 2000] [--seeds 5]`.

Prints wall time and evaluations per second, and the hypervolume each optimiser reaches, as a ratio
to that of random search at the same budget and seed, in logarithms of the objectives.

`python -m bench.explore --pace [--against DIR]` prints evaluations per CPU second at random points.
With the sources of another state in DIR (what `git archive` unpacks, or a worktree), both run in
turn, and the ratios of pace and of every objective are printed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cosynth.codesign import ChipProblem, chip_space, goal
from cosynth.search import (
    Budget,
    Evaluation,
    Study,
    header_of,
    hypervolume,
    optimiser,
    run,
    workers,
)

MODELS = ("resnet18", "bert-base")
# corners of the box in which volume is measured: seconds, joules, square metres
REFERENCE = (0.1, 0.02, 1e-5)


def logarithmic(evaluations: list[Evaluation]) -> list[Evaluation]:
    """The same evaluations with logarithms for objectives."""
    return [
        replace(each, objectives=tuple(math.log10(value) for value in each.objectives))
        for each in evaluations
        if each.feasible
    ]


def explored(name: str, seed: int, options: argparse.Namespace) -> tuple[float, float]:
    """Hypervolume and wall seconds of one study."""
    problem = ChipProblem(
        models=(options.model,), space=chip_space(None), goal=goal("latency,energy,area")
    )
    searcher = optimiser(name, problem, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.sqlite"
        start = time.perf_counter()
        with (
            Study.create(path, header_of(problem, searcher)) as study,
            workers(options.workers) as pool,
        ):
            records = run(problem, searcher, study, Budget(evaluations=options.budget), pool)
        wall = time.perf_counter() - start
    found = logarithmic([record.evaluation for record in records])
    return hypervolume(found, [math.log10(value) for value in REFERENCE]), wall


def evaluated(model: str, points: int, seed: int) -> tuple[float, list[tuple[float, ...]]]:
    """CPU seconds of one evaluation at random points, and the objectives."""
    problem = ChipProblem(models=(model,), space=chip_space(None), goal=goal("latency,energy,area"))
    drawn = problem.space.sample(np.random.default_rng(seed), points + 1)
    # what is read and prepared once is no part of the pace
    problem.evaluate(drawn[:1])
    start = time.process_time()
    found = problem.evaluate(drawn[1:])
    return (time.process_time() - start) / points, [each.objectives for each in found]


def elsewhere(source: Path, model: str, options: argparse.Namespace) -> tuple[float, np.ndarray]:
    """What `evaluated` returns with the sources of one folder."""
    command = [sys.executable, "-m", "bench.explore", "--pace", "--child", "--model", model]
    command += ["--points", str(options.points), "--seed", str(options.seed)]
    paths = os.pathsep.join(map(str, [source.resolve(), Path.cwd()]))
    environment = {**os.environ, "PYTHONPATH": paths}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds, objectives = json.loads(said.stdout)
    return seconds, np.array(objectives)


def paces(options: argparse.Namespace) -> None:
    """Print the pace of every model, beside that of other sources if there are any."""
    here = Path("src")
    sources = {"now": here} | ({"before": options.against / "src"} if options.against else {})
    for model in MODELS:
        runs: dict[str, list[float]] = {name: [] for name in sources}
        values: dict[str, np.ndarray] = {}
        for _ in range(options.rounds):
            for name, source in sources.items():
                seconds, values[name] = elsewhere(source, model, options)
                runs[name].append(seconds)
        own = {name: statistics.median(found) for name, found in runs.items()}
        each = ", ".join(f"{name} {1 / value:.1f}" for name, value in own.items())
        print(f"{model}, seed {options.seed}, {options.points} points: evaluations/CPU s {each}")
        if options.against:
            ratio = statistics.median(
                a / b for a, b in zip(runs["before"], runs["now"], strict=True)
            )
            both = np.isfinite(values["now"]).all(1) & np.isfinite(values["before"]).all(1)
            better = np.exp(np.log(values["now"][both] / values["before"][both]).mean(0))
            named = zip(("latency", "energy", "area"), better, strict=True)
            print(
                f"  pace now / before {ratio:.2f} (median of {options.rounds} rounds); objectives "
                f"now / before {', '.join(f'{name} {value:.6f}' for name, value in named)}; "
                f"equal to the last bit: {np.array_equal(values['now'], values['before'])}"
            )


def main() -> None:
    """Print a row per optimiser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--budget", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--optimizers", default="descent,nsga2,random")
    parser.add_argument("--pace", action="store_true")
    parser.add_argument("--points", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, metavar="DIR")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(evaluated(options.model, options.points, options.seed)))
        return
    if options.pace:
        paces(options)
        return
    volumes: dict[str, list[float]] = {}
    for name in options.optimizers.split(","):
        rows = [explored(name, seed, options) for seed in range(options.seeds)]
        volumes[name] = [volume for volume, _ in rows]
        seconds = [wall for _, wall in rows]
        rate = options.budget / statistics.median(seconds)
        print(f"{name}: {statistics.median(seconds):.1f} s, {rate:.1f} evaluations/s", end="; ")
        print("hypervolume", " ".join(f"{volume:.3f}" for volume in volumes[name]), flush=True)
    for name, found in volumes.items():
        if "random" in volumes and name != "random":
            ratios = [a / b for a, b in zip(found, volumes["random"], strict=True)]
            print(f"{name} / random: median {statistics.median(ratios):.3f}", end=" ")
            print(f"({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
