"""Plans of instances: none needs more than an array has, and every mapping fits one."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import drawn, state_of
from tests.mapper.test_bound import search_of

from cosynth.mapper.exact import Search
from cosynth.mapper.plans import decisions, planned, refined

SEEDS = pytest.mark.parametrize("seed", range(25))


def all_plans(search: Search, choice: int, *, limit: float = np.inf) -> np.ndarray:
    """Every whole plan of a choice with a bound below a limit, [plan, stage, rank]."""
    keeps = np.array(search.choices[choice].keeps)
    doubled = np.array(search.choices[choice].doubled)
    floor = np.zeros((search.chip.memories + 1, 2))
    listed = decisions(search.chip, search.shape)
    plans = [np.full((search.chip.stages, search.shape.ranks), -1, dtype=np.int64)]
    for at, (stage, rank) in enumerate(listed):
        deeper = []
        for plan in plans:
            ways, values, _ = refined(
                search.scratch, search.chip, search.shape, keeps, doubled, floor, plan, listed, at,
                limit, 1 << 30,
            )  # fmt: skip
            for way, value in zip(ways, values, strict=True):
                child = plan.copy()
                child[stage, rank] = way
                assert value < limit
                again = planned(
                    search.scratch, search.chip, search.shape, keeps, doubled, child, floor
                )
                assert again == value
                deeper.append(child)
        plans = deeper
    return np.array(plans)


@SEEDS
def test_no_plan_needs_more_than_an_array_has(seed):
    one = problem(seed)
    search = search_of(one)
    for plan in all_plans(search, search.queue[0][2].choice):
        for stage in range(search.chip.stages):
            used = plan[stage][plan[stage] > 0]
            assert np.prod(used) <= search.chip.room[stage], f"{one}\n{plan}"


def mirrored(search: Search, cap: np.ndarray) -> list[np.ndarray]:
    """The plan, and the plans with two neighbouring dimensions of one kind exchanged."""
    chip = search.chip
    found = [cap]
    for stage in range(1, chip.stages):
        kinds = [
            (chip.room[at], chip.carries[at], chip.united[at], chip.memory[at] < 0)
            for at in (stage - 1, stage)
        ]
        if kinds[0] == kinds[1] and kinds[0][3]:
            for plan in list(found):
                other = plan.copy()
                other[[stage - 1, stage]] = plan[[stage, stage - 1]]
                found.append(other)
    return found


@SEEDS
def test_every_mapping_fits_a_plan(seed):
    """On each dimension some plan allows every rank as many instances as the mapping uses."""
    one = problem(seed)
    search = search_of(one)
    rng = random.Random(seed)
    listed = all_plans(search, search.queue[0][2].choice)
    for _ in range(5):
        mapping = drawn(rng, one)
        cap = state_of(search, mapping).cap[: search.chip.stages, : search.chip.ranks]
        fits = [
            np.all((used <= plan) | (used <= 1))
            for used in mirrored(search, cap)
            for plan in listed
        ]
        assert any(fits), f"{one}\n{mapping}"


@SEEDS
def test_a_limit_leaves_out_what_is_not_below_it(seed):
    search = search_of(problem(seed))
    every = all_plans(search, search.queue[0][2].choice)
    limit = 1.2 * search.queue[0][0]
    some = all_plans(search, search.queue[0][2].choice, limit=limit)
    assert len(some) <= len(every)
    assert {plan.tobytes() for plan in some} <= {plan.tobytes() for plan in every}
