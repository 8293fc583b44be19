"""Hypervolume and own time of every optimiser at equal budgets: `python -m bench.search`."""

from __future__ import annotations

import argparse
import time

import numpy as np

from cosynth.search import Problem, optimiser, optimisers
from cosynth.search.pareto import nondominated, volume
from cosynth.testing.problems import Staircase, Toy


class Blind:
    """A problem without its bounds: what the optimiser makes of a black box."""

    def __init__(self, problem: Problem) -> None:
        self.name, self.space = problem.name, problem.space
        self.objectives, self.limits = problem.objectives, problem.limits
        self.evaluate = problem.evaluate


def search(
    problem: Problem, name: str, seed: int, budget: int, batch: int
) -> tuple[np.ndarray, float]:
    """Return all feasible objectives and the CPU seconds of the optimiser itself."""
    searcher = optimiser(name, problem, seed)
    values, own, done = [], 0.0, 0
    while done < budget:
        began = time.process_time()
        points = searcher.ask(min(batch, budget - done))
        own += time.process_time() - began
        evaluations = problem.evaluate(points)
        values += [each.objectives for each in evaluations if each.feasible]
        began = time.process_time()
        searcher.tell(points, evaluations)
        own += time.process_time() - began
        done += len(points)
    return np.array(values), own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    problems = {"staircase": Staircase(), "toy": Toy(), "toy, area <= 2": Toy(largest_area=2.0)}
    names = [name for name in optimisers() if name != "exhaustive"]
    entrants = [(name, name, False) for name in names] + [("descent, no bounds", "descent", True)]
    print(
        f"{arguments.budget} evaluations in batches of {arguments.batch}, {arguments.seeds} seeds;"
    )
    print("hypervolume of logarithms, share of that of all fronts together; CPU seconds per run")
    for title, problem in problems.items():
        black = Blind(problem)
        runs = {
            label: [
                search(black if blind else problem, name, seed, arguments.budget, arguments.batch)
                for seed in range(arguments.seeds)
            ]
            for label, name, blind in entrants
        }
        found = np.concatenate([values for each in runs.values() for values, _ in each])
        best = np.log(found[nondominated(found)] + 1e-2 * (problem.name == "staircase"))
        low, high = best.min(axis=0), best.max(axis=0)

        def share(values: np.ndarray) -> float:
            logs = np.log(values + 1e-2 * (problem.name == "staircase"))  # noqa: B023 used at once
            return volume((logs - low) / (high - low), [1.1] * len(low))  # noqa: B023

        whole = share(found)
        for label, each in runs.items():
            shares = [share(values) / whole for values, _ in each]
            seconds = np.mean([own for _, own in each])
            print(
                f"{title:16} {label:20} mean {np.mean(shares):.4f}  least {min(shares):.4f}"
                f"  greatest {max(shares):.4f}  {seconds:.2f} s"
            )


if __name__ == "__main__":
    main()
