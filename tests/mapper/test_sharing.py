"""What operands cost when they share instances: against every split tried one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import blank
from tests.mapper.test_bound import search_of

from cosynth.mapper.bound import bound
from cosynth.mapper.sharing import shared_apart


def reset_reads(state, costs, most):
    for operand, (cost, share) in enumerate(zip(costs, most, strict=True)):
        state.reads[operand] = (cost, share, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("seed", range(30))
def test_no_split_of_the_room_costs_less(seed):
    """A GEMM: every rank of the array is lacked by one operand."""
    rng = np.random.default_rng(seed)
    one = next(
        p for p in map(problem, range(seed * 50, 10_000)) if p.kind == "gemm" and "grid" in p.tree
    )
    search = search_of(one)
    state = blank()
    state.tile[:] = -1
    state.cap[:] = -1
    room = float(
        np.prod([r for r, m in zip(search.chip.room, search.chip.memory, strict=True) if m < 0])
    )
    costs = rng.uniform(0.1, 10, 3)
    most = rng.choice([1.0, 2.0, 3.0, 8.0, 40.0], 3)
    reset_reads(state, costs, most)
    more = shared_apart(search.chip, search.shape, state)
    assert more >= 0.0
    together = costs.sum() + more
    grid = [np.unique(np.concatenate([np.linspace(1, top, 40), [top]])) for top in most]
    least = min(
        sum(c * m / s for c, m, s in zip(costs, most, split, strict=True))
        for split in itertools.product(*grid)
        if np.prod(split) <= room * (1 + 1e-9)
    )
    assert together <= least * (1 + 1e-9)


def test_the_queue_starts_with_the_bounds_of_nothing_decided():
    """Operands that share instances are told apart there already."""
    for seed in range(40):
        one = problem(seed)
        search = search_of(one)
        state = blank()
        state.tile[:] = -1
        state.cap[:] = -1
        memories = search.chip.memories
        choice = search.choices[search.queue[0][2].choice]
        state.keeps[:memories] = choice.keeps
        state.doubled[:memories] = choice.doubled
        before = bound(search.chip, search.shape, state, 0, 0)
        assert before == pytest.approx(search.queue[0][0], rel=1e-12)
