"""Known mappings are improved on, and nothing that is worse is taken for better."""

from __future__ import annotations

import math
import random

import pytest
from tests.mapper.problems import Problem, problem
from tests.mapper.states import drawn, value_of

from cosynth.cost import Cost, price
from cosynth.mapper.improve import improved
from cosynth.mapper.objective import objective_of
from cosynth.mapping import Mapping, problems, traffic


def start(one: Problem, mapping: Mapping) -> tuple[Mapping, Cost]:
    counts = traffic(one.job.einsum, one.job.workload, mapping, one.engine)
    return mapping, price(one.job, counts, mapping, one.engine, one.hardware)


@pytest.mark.parametrize("seed", range(20))
def test_mappings_are_legal_and_the_best_is_seldom_the_one_it_began_with(seed):
    one = problem(seed, 3_000)
    goal = objective_of(one.objective, [memory.name for memory in one.engine.memories])
    mapping = drawn(random.Random(seed), one)
    before = value_of(one.job, one.engine, one.hardware, goal, mapping)
    if before is None:
        return
    reached: list[float] = []

    def value(other: Mapping) -> float:
        if problems(one.job.einsum, one.job.workload, other, one.engine):
            return math.inf
        found = value_of(one.job, one.engine, one.hardware, goal, other)
        reached.append(math.inf if found is None else found)
        return reached[-1]

    steps = improved(one.job, one.engine, one.hardware, goal, start(one, mapping), 4_500, value)
    assert 0 < steps <= 4_500
    assert reached, f"{one}\n{mapping}"
    # the mapping itself is among what it starts from, but for its orders of loops
    assert min(reached) <= 1.5 * before, f"{one}\n{mapping}"


def test_long_ways_from_a_bad_mapping_end_far_better():
    ratios = []
    for seed in range(40):
        one = problem(seed, 3_000)
        goal = objective_of("edp", [memory.name for memory in one.engine.memories])
        mapping = drawn(random.Random(seed), one)
        before = value_of(one.job, one.engine, one.hardware, goal, mapping)
        if before is None:
            continue
        reached = [before]

        def value(other: Mapping, one=one, goal=goal, reached=reached) -> float:
            if problems(one.job.einsum, one.job.workload, other, one.engine):
                return math.inf
            found = value_of(one.job, one.engine, one.hardware, goal, other)
            reached.append(math.inf if found is None else found)
            return reached[-1]

        improved(one.job, one.engine, one.hardware, goal, start(one, mapping), 9_000, value)
        ratios.append(min(reached) / before)
    assert len(ratios) > 10
    assert math.exp(sum(map(math.log, ratios)) / len(ratios)) < 0.7, ratios
