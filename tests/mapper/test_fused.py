"""The best fused nest is the best of all, and what it costs is what a walk counts."""

from __future__ import annotations

import random

import pytest
from tests.mapper.group_brute import Brute
from tests.mapper.pairs import pair

from cosynth.cost import objective
from cosynth.cost.tile import Words
from cosynth.errors import InfeasibleError
from cosynth.format import assignment
from cosynth.hardware import engine, priced
from cosynth.mapper.fused import Limits, best_fused
from cosynth.mapper.nests import Runs
from cosynth.mapping.group import family

WORDS = Words(formats=assignment("int8"), functions={})


def compare(seed: int, most: int = 2) -> tuple[float, float, int]:
    """(what brute force finds, what the mapper finds, nests tried) of one random pair."""
    rng = random.Random(seed)
    _, workload = pair(rng, largest=4)
    chip = priced(
        engine(
            rows=rng.choice((1, 2, 4)),
            columns=rng.choice((1, 2, 3)),
            buffer=rng.choice((24, 48, 96, 4096)),
            sums=4096,
            stationarity=rng.choice(("weight", "output", "flexible")),
            dram_bandwidth=rng.choice((1e8, 4e9)),
        )
    )
    goal = rng.choice(("latency", "energy"))
    shared = family(workload, [(0,), (1,)])
    assert shared is not None
    brute = Brute(workload=workload, chip=chip, ranks=shared.ranks, goal=goal, most=most)
    least = brute.best()
    try:
        runs = Runs(hardware=chip, goal=goal, words=WORDS)
        found = best_fused(shared, runs, Limits(loops=most))
        value = float(objective(found.cost, goal))
    except InfeasibleError:
        value = float("inf")
    return least, value, brute.tried


@pytest.mark.parametrize("seed", range(4))
def test_no_shared_nest_of_two_einsums_is_better(seed):
    least, found, _ = compare(seed)
    assert found == pytest.approx(least, rel=1e-12), f"seed {seed}"
