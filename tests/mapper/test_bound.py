"""The bound of a state never exceeds the price of a mapping that agrees with it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from tests.mapper.problems import KINDS, Problem, problem
from tests.mapper.states import copied, drawn, prefixes, state_of, value_of

from cosynth.mapper.bound import bound
from cosynth.mapper.exact import Search
from cosynth.mapper.objective import objective_of
from cosynth.mapping import Mapping, problems

SEEDS = pytest.mark.parametrize("seed", range(60))
# relative difference of two orders of the same additions
SAME = 1e-9
# what holds no window: there the bound of tiles that divide is the price
PLAIN = {"gemm", "batched gemm"}


def search_of(one: Problem) -> Search:
    goal = objective_of(one.objective, [memory.name for memory in one.engine.memories])
    return Search.of(one.job, one.engine, one.hardware, goal)


def priced(seed: int, *, dividing: bool, number: int = 6) -> Iterator[tuple]:
    """(search, mapping, its price, what to say of it) of mappings that fit."""
    rng = random.Random(seed)
    one = problem(seed)
    search = search_of(one)
    for _ in range(number):
        mapping: Mapping = drawn(rng, one, dividing=dividing)
        assert problems(one.job.einsum, one.job.workload, mapping, one.engine) == (), str(one)
        value = value_of(one.job, one.engine, one.hardware, search.goal, mapping)
        if value is not None:
            yield search, mapping, value, f"{one}, {one.objective}\n{mapping}"


def below(seed: int, *, dividing: bool) -> None:
    """No state on the way to a mapping, nor the decided one, is bounded above its price."""
    for search, mapping, value, text in priced(seed, dividing=dividing):
        for state, decided, stage in prefixes(search, state_of(search, mapping)):
            plan = state.cap.copy()
            for instances in (plan, np.full_like(plan, -1)):
                state.cap[:] = instances
                found = bound(search.chip, search.shape, state, decided, 0)
                assert found <= value * (1 + SAME), f"seed {seed}, after {stage} stages: {text}"
            state.cap[:] = plan


@SEEDS
def test_tiles_that_divide_cost_no_less_than_any_bound_on_the_way(seed):
    below(seed, dividing=True)


def test_ragged_tiles_cost_no_less_than_any_bound_on_the_way():
    for seed in range(60):
        below(seed, dividing=False)


@SEEDS
def test_what_is_settled_need_not_be_counted_again(seed):
    for search, mapping, _, text in priced(seed, dividing=False, number=2):
        for state, decided, stage in prefixes(search, state_of(search, mapping)):
            found = bound(search.chip, search.shape, state, decided, stage)
            anew = bound(search.chip, search.shape, copied(state), decided, 0)
            assert found == pytest.approx(anew, rel=1e-12), text


def test_tiles_that_divide_cost_their_bound():
    """Of products without windows; elsewhere instances may share what no interval tells."""
    equal = tried = 0
    for seed in range(200):
        if random.Random(seed).choice(sorted(KINDS)) not in PLAIN:
            continue
        for search, mapping, value, text in priced(seed, dividing=True, number=4):
            state = state_of(search, mapping)
            found = bound(search.chip, search.shape, state, search.chip.stages, 0)
            assert found <= value * (1 + SAME), text
            tried += 1
            equal += found >= value * (1 - SAME)
    assert tried > 50
    assert equal >= 0.9 * tried, (equal, tried)
