"""The mapper against every mapping of random small problems: `python -m bench.optimum`."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial

from tests.mapper.brute import Found, optimum, value
from tests.mapper.problems import MOST, Problem, problem

from cosynth.cost import OBJECTIVES
from cosynth.mapper import PROVE, sizes
from cosynth.mapper import optimum as exact
from cosynth.mapper.objective import objective_of
from cosynth.mapper.sizes import intervals
from cosynth.mapping import write

# two sums of the same numbers in another order differ by this much
SAME = 1e-9


@dataclass(slots=True)
class Tally:
    """What was compared so far, and the CPU seconds of both sides."""

    kinds: Counter[str]
    trees: Counter[str]
    goals: Counter[str]
    short: Counter[str]
    mappings: int = 0
    trying: float = 0.0
    mapping: float = 0.0
    worst: float = 1.0
    unproven: int = 0
    nodes: int = 0


def compared(one: Problem, found: Found, goal: str, tally: Tally) -> str:
    """Say what is wrong with the mapper's answer to one problem, or nothing."""
    aim = objective_of(goal, [memory.name for memory in one.engine.memories])
    start = time.process_time()
    best = exact.optimum(one.job, one.engine, one.hardware, aim, PROVE)
    tally.mapping += time.process_time() - start
    tally.goals[goal if goal in OBJECTIVES else "bytes and sums"] += 1
    if goal not in found.optima:
        return "" if best is None else f"{one}, {goal}: a mapping where there is none"
    least = found.optima[goal]
    if best is None:
        tally.short["refused"] += 1
        return f"{one}, {goal}: refused, but {least.value:.9g} is possible"
    tally.nodes = max(tally.nodes, best.proof.nodes)
    reached, bound = float(value(best.cost, goal)), best.proof.bound
    proven = bound >= reached * (1 - SAME)
    wrong = []
    if abs(reached - least.value) > SAME * least.value:
        short = "better" if reached < least.value else "worse" if proven else "worse, and says so"
        tally.short[short] += 1
        tally.worst = max(tally.worst, reached / least.value)
        wrong.append(f"{reached:.9g} ({short}) instead of {least.value:.9g}")
    if bound > least.value * (1 + SAME):
        tally.short["unsound"] += 1
        wrong.append(f"a bound of {bound:.9g} above {least.value:.9g}")
    tally.unproven += not proven
    if not wrong:
        return ""
    return (
        f"{one}, {goal}: {', '.join(wrong)}\n"
        f"the mapper's\n{write(best.mapping, one.job.einsum)}"
        f"the best\n{write(least.mapping, one.job.einsum)}"
    )


def main() -> int:
    """Print what was compared and every mismatch with its seed and both nests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first problem")
    parser.add_argument("--most", type=int, default=MOST, help="mappings of one problem")
    parser.add_argument("--quiet", action="store_true", help="leave out the nests")
    parser.add_argument(
        "--drawn", action="store_true", help="also the objective drawn with each problem"
    )
    parser.add_argument(
        "--fine", type=int, help="ranks beyond this size get intervals of tiles in the mapper"
    )
    options = parser.parse_args()
    if options.fine:
        # as if the ranks were long: small ones are otherwise searched size by size
        sizes.intervals = partial(intervals, fine=options.fine)
    tally = Tally(kinds=Counter(), trees=Counter(), goals=Counter(), short=Counter())
    for seed in range(options.seed, options.seed + options.problems):
        one = problem(seed, options.most)
        tally.kinds[one.kind] += 1
        tally.trees[one.tree] += 1
        goals = tuple(dict.fromkeys((*OBJECTIVES, *((one.objective,) if options.drawn else ()))))
        start = time.process_time()
        found = optimum(one.job, one.engine, one.hardware, goals)
        tally.trying += time.process_time() - start
        tally.mappings += found.mappings
        for goal in goals:
            wrong = compared(one, found, goal, tally)
            if wrong:
                print(wrong.splitlines()[0] if options.quiet else wrong, flush=True)
    mismatches = sum(tally.short.values())
    last = options.seed + options.problems - 1
    print(
        f"{options.problems} problems (seeds {options.seed} to {last}), "
        f"{tally.mappings:,} mappings, {sum(tally.goals.values())} optima compared, "
        f"{mismatches} mismatches{_listed(tally.short)}, worst factor {tally.worst:.6g}"
    )
    print(f"{tally.unproven} found but not proven; most bounds of a proof {tally.nodes:,}")
    print(f"CPU s: {tally.trying:.1f} to try all, {tally.mapping:.1f} for the mapper")
    for name, counter in (("kinds", tally.kinds), ("trees", tally.trees), ("goals", tally.goals)):
        print(f"{name}: {', '.join(f'{key} {n}' for key, n in sorted(counter.items()))}")
    return int(mismatches > 0)


def _listed(counter: Counter[str]) -> str:
    inside = ", ".join(f"{n} {name}" for name, n in sorted(counter.items()))
    return f" ({inside})" if inside else ""


if __name__ == "__main__":
    raise SystemExit(main())
