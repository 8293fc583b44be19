"""ResNet-18 on a thousand random chips of one family at once: `python -m bench.many`."""

from __future__ import annotations

import argparse
import time

import numpy as np

from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment
from cosynth.hardware import Hardware, engine, priced
from cosynth.mapper import FAST, Effort, best, map_many
from cosynth.workload.load import load


def drawn(seed: int, number: int) -> list[Hardware]:
    """Random engines whose numbers vary and whose structure does not."""
    rng = np.random.default_rng(seed)
    return [
        priced(
            engine(
                rows=int(rng.choice([4, 8, 16, 32, 64])),
                columns=int(rng.choice([4, 8, 16, 32, 64])),
                buffer=int(2 ** rng.integers(14, 22)),
                sums=int(2 ** rng.integers(10, 17)),
                registers=int(2 ** rng.integers(1, 8)),
                buffer_width=int(2 ** rng.integers(5, 10)),
                dram_bandwidth=float(rng.choice([1e9, 4e9, 16e9, 64e9])),
            )
        )
        for _ in range(number)
    ]


def main() -> None:
    """Print mappings a second, gaps, and how a sample compares with chips mapped one by one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--goal", default="edp")
    parser.add_argument("--spread", type=int, default=12)
    parser.add_argument("--sample", type=int, default=10, help="chips mapped one by one as well")
    options = parser.parse_args()
    chips = drawn(options.seed, options.chips)
    plan = prepare(load("resnet18"), Assignment())
    heads = {plan.jobs[same[0]].head: None for same in plan.kinds}
    jobs = [one for one in heads if one.einsum.contraction]
    best(jobs[0], chips[0].engines[0], chips[0], options.goal, Effort(nodes=1000))
    spent, gaps, found = 0.0, [], {}
    for one in jobs:
        start = time.process_time()
        found[one] = map_many(one, chips, options.goal, spread=options.spread)
        spent += time.process_time() - start
        gaps.append(found[one].gap)
    pairs = len(jobs) * len(chips)
    fits = [bool((many.choice >= 0).all()) for many in found.values()]
    print(
        f"seed {options.seed}, {len(jobs)} layer classes x {len(chips)} chips: {spent:.2f} CPU s, "
        f"{pairs / spent:,.0f} mappings/s, {1e6 * spent / pairs:.0f} us each; "
        f"median gap to physics {np.median(gaps):.3f}; all mapped: {all(fits)}"
    )
    sample = np.random.default_rng(options.seed).choice(len(chips), options.sample, replace=False)
    for name, effort in (("quick", FAST), ("default", Effort())):
        start = time.process_time()
        ratios = []
        for one in jobs:
            for at in sample:
                alone = best(one, chips[at].engines[0], chips[at], options.goal, effort)
                value = float(getattr(alone.cost, options.goal))
                ratios.append(found[one].value[at] / value)
        each = (time.process_time() - start) / len(ratios)
        print(
            f"against {name} effort chip by chip ({1e3 * each:.1f} CPU ms each): objective x "
            f"{np.exp(np.mean(np.log(ratios))):.3f} (geometric mean), worst x {max(ratios):.3f}"
        )


if __name__ == "__main__":
    main()
