"""Fused pairs against brute force, and attention against FuseMax: `python -m bench.fused`."""

from __future__ import annotations

import argparse
import math
import time

from tests.mapper.test_fused import compare
from tests.mapper.test_nests import CHIP, WORDS, one_pass, theirs

from bench.rivals.problems import problem
from cosynth.format import assignment
from cosynth.hardware import priced
from cosynth.mapper.cuts import fused
from cosynth.mapper.nests import Runs, prescribed
from cosynth.workload import Builder

# name -> (heads, size of a head), and lengths of a row, as in the artefact of FuseMax
MODELS = {"BERT": (12, 64), "TrXL": (16, 64), "T5": (8, 64), "XLM": (16, 128)}
LENGTHS = tuple(1 << bits for bits in range(10, 21, 2))


def main() -> None:
    """Print mismatches of random pairs, and the cycles of FuseMax's own nest at its 24 points."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first pair")
    parser.add_argument(
        "--attention", action="store_true", help="only plan the attention of `bench.rivals`, fused"
    )
    options = parser.parse_args()
    if options.attention:
        _attention()
        return
    _pairs(options.seed, options.pairs)
    _fusemax()


def _attention(heads: int = 32, length: int = 2048, width: int = 128) -> None:
    """Both products of attention as one group, on the chip that `bench.rivals` gives all tools."""
    net = Builder("attention")
    for name in "QKV":
        net.input(name, (heads, length, width))
    net.einsum("S[h,m,p] += Q[h,m,e] * K[h,p,e]", shape=(heads, length, length))
    net.output(net.einsum("O[h,m,f] += S[h,m,p] * V[h,p,f]", shape=(heads, length, width)))
    start = time.process_time()
    plan = fused(
        net.build(), priced(problem("attention").hardware), assignment("int16"), goal="edp"
    )
    spent = time.process_time() - start
    for group in plan.groups:
        print(f"together: {', '.join(group.names)}")
    print(
        f"{plan.latency:.6g} s x {plan.energy:.6g} J = {plan.latency * plan.energy:.6g} J s,",
        end="",
    )
    print(f" {spent:.1f} CPU s")


def _pairs(first: int, count: int) -> None:
    start = time.process_time()
    wrong = nests = infeasible = 0
    for seed in range(first, first + count):
        least, found, tried = compare(seed)
        nests += tried
        infeasible += math.isinf(least)
        same = least == found or math.isclose(least, found, rel_tol=1e-12)
        wrong += not same
        if not same:
            print(f"seed {seed}: brute force {least}, mapper {found}")
    spent = time.process_time() - start
    print(f"{count} pairs (seeds {first} to {first + count - 1}), {infeasible} that fit nowhere,")
    print(f"{nests} shared nests walked, {wrong} mismatches, {spent:.1f} CPU s")


def _fusemax() -> None:
    runs = Runs(hardware=CHIP, goal="latency", words=WORDS)
    print(f"{'model':6} {'length':>8} {'cycles published':>18} {'steady, less':>13} {'whole':>10}")
    for name, (heads, size) in MODELS.items():
        for length in LENGTHS:
            shared = one_pass(heads, length, size)
            _, cost = prescribed(shared, runs, theirs(shared))
            published = 64 * heads * length**2 / 65536 * (2 * size + 10 + 256 * size / length)
            steady = (float(cost.latency) - float(cost.ramp)) * 940e6 / published - 1
            whole = float(cost.latency) * 940e6 / published - 1
            print(f"{name:6} {length:8} {published:18.0f} {steady:13.1e} {whole:10.1e}")


if __name__ == "__main__":
    main()
