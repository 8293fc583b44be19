"""The choice of formats against trying all: `python -m bench.choice --problems 400 --seed 0`."""

from __future__ import annotations

import argparse
import math
import time

import numpy as np
from tests.compress.knapsacks import brute, drawn, limits_of

from cosynth.compress.choice import choose
from cosynth.errors import InfeasibleError

# of the largest error in the table: what the solver may leave
SAME = 1e-14


def main() -> None:
    """Compare on problems of up to 8 layers and 5 formats, every size in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--options", type=int, default=5)
    given = parser.parse_args()
    wrong = infeasible = choices = 0
    solving = trying = worst = 0.0
    for seed in range(given.seed, given.seed + given.problems):
        layers, options = 1 + seed % given.layers, 1 + seed // given.layers % given.options
        table = drawn(seed, layers, options)
        limits = limits_of(table, seed)
        choices += options**layers
        start = time.process_time()
        best = brute(table, limits)
        middle = time.process_time()
        try:
            found = table.total(choose(table, "error", limits), "error")
        except InfeasibleError:
            found = math.inf
        trying += middle - start
        solving += time.process_time() - middle
        infeasible += math.isinf(best)
        if math.isinf(best) or math.isinf(found):
            same = best == found
        else:
            off = abs(found - best) / (float(np.max(table.figures["error"])) or 1.0)
            worst = max(worst, off)
            same = off <= SAME
        if not same:
            wrong += 1
            print(f"seed {seed}: {found} instead of {best}")
    print(
        f"{given.problems} problems from seed {given.seed}, up to {given.layers} layers x"
        f" {given.options} options, {choices:,} choices tried: {wrong} mismatches,"
        f" {infeasible} without a solution (agreed unless listed); worst difference {worst:.1e} of"
        f" the largest error; {solving:.1f} CPU s for the solver, {trying:.1f} for trying all"
    )


if __name__ == "__main__":
    main()
