"""Floors of inner memories, and a walk that stops when its budget is spent."""

from __future__ import annotations

import random

import numpy as np
from tests.mapper.problems import problem
from tests.mapper.states import drawn, state_of, value_of
from tests.mapper.test_bound import SAME, search_of

from cosynth.mapper.bound import bound
from cosynth.mapper.branch import nothing_found
from cosynth.mapper.exact import _Branch


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
        cap = state.cap[: search.chip.stages, : search.chip.ranks]
        doubled = tuple(state.doubled[:memories].tolist())
        known = [(each.keeps, each.doubled) for each in search.choices]
        if (keeps, doubled) not in known:
            continue
        choice = known.index((keeps, doubled))
        plan = np.where(cap > 0, cap, -1)
        for own, instances in ((False, np.full_like(plan, -1)), (True, plan)):
            branch = _Branch(choice, instances, 0, np.zeros((memories + 1, 2)), 0.0, own=own)
            search._raise(branch)
            assert branch.least <= value * (1 + SAME), f"{one}\n{mapping}"
            state.cap[: search.chip.stages, : search.chip.ranks] = instances
            state.floor[: memories + 1] = branch.floor
            found = bound(search.chip, search.shape, state, search.chip.stages, 0)
            assert found <= value * (1 + SAME), f"{one}\n{mapping}"


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
