"""Exploring chips for ResNet-18: `python -m bench.explore [--budget 2000] [--seeds 5]`.

Prints wall time and evaluations per second, and the hypervolume each optimiser reaches, as a ratio
to that of random search at the same budget and seed, in logarithms of the objectives.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

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


def main() -> None:
    """Print a row per optimiser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--budget", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--optimizers", default="descent,nsga2,random")
    options = parser.parse_args()
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
