"""Plans of instances, floors of inner memories, and a walk that stops when its budget is spent."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import drawn, state_of, value_of
from tests.mapper.test_bound import SAME, search_of

from cosynth.mapper.bound import bound
from cosynth.mapper.branch import nothing_found, plans
from cosynth.mapper.exact import Search

TREES = {"bus", "grid", "bare grid", "two arrays", "outer array", "sums apart"}
SEEDS = pytest.mark.parametrize("seed", range(25))


def all_plans(search: Search, choice: int, *, thorough: bool) -> np.ndarray:
    masks = search.choices[choice]
    floor = np.zeros((search.chip.memories + 1, 2))
    found, _, complete = plans(
        search.scratch, search.chip, search.shape, np.array(masks.keeps),
        np.array(masks.doubled), floor, np.inf, thorough, 1 << 14, 1 << 30,
    )  # fmt: skip
    assert complete
    return found


@SEEDS
def test_no_plan_needs_more_than_an_array_has(seed):
    one = problem(seed)
    search = search_of(one)
    for thorough in (False, True):
        for plan in all_plans(search, 0, thorough=thorough):
            for stage in range(search.chip.stages):
                used = plan[stage][plan[stage] > 0]
                assert np.prod(used) <= search.chip.room[stage], f"{one}\n{plan}"


@SEEDS
def test_every_mapping_fits_a_thorough_plan(seed):
    """On each dimension some plan allows every rank as many instances as the mapping uses."""
    one = problem(seed)
    search = search_of(one)
    rng = random.Random(seed)
    listed = all_plans(search, 0, thorough=True)
    for _ in range(5):
        mapping = drawn(rng, one)
        cap = state_of(search, mapping).cap[: search.chip.stages, : search.chip.ranks]
        for plan in listed:
            if np.all((cap <= plan) | (cap <= 1)):
                break
        else:
            raise AssertionError(f"{one}\n{mapping}")


def test_floors_never_lift_a_bound_above_a_price():
    for seed in range(40):
        floors_hold(seed)


def floors_hold(seed: int) -> None:
    """The floors of the plan that a mapping fits hold for that mapping."""
    one = problem(seed)
    search = search_of(one)
    rng = random.Random(seed)
    for _ in range(3):
        mapping = drawn(rng, one, dividing=True)
        value = value_of(one.job, one.engine, one.hardware, search.goal, mapping)
        if value is None:
            continue
        state = state_of(search, mapping)
        memories = search.chip.memories
        keeps = tuple(state.keeps[:memories].tolist())
        for branch in search._branches(np.inf, 1 << 30):
            choice = search.choices[branch.choice]
            cap = state.cap[: search.chip.stages, : search.chip.ranks]
            if choice.keeps != keeps or choice.doubled != tuple(state.doubled[:memories].tolist()):
                continue
            if not np.all((cap <= branch.cap) | (cap <= 1)):
                continue
            least = search._deepened(branch)
            assert least <= value * (1 + SAME), f"{one}\n{mapping}"
            state.cap[: search.chip.stages, : search.chip.ranks] = branch.cap
            state.floor[: memories + 1] = branch.floor
            found = bound(search.chip, search.shape, state, search.chip.stages, 0)
            assert found <= value * (1 + SAME), f"{one}\n{mapping}"
            break


def test_a_walk_ends_with_its_budget():
    one = problem(3)
    search = search_of(one)
    _, found, ended = search.least(budget=10)
    assert not ended
    assert found.number[0] <= 1


def test_nothing_found_has_room_for_what_is_asked():
    found = nothing_found(3, 2, 5)
    assert found.tile.shape == (5, 3, 2)
    assert found.number[0] == 0
    assert np.all(np.isinf(found.value))
