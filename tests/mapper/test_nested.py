"""Intervals and rows of orders read back as the mapping they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import state_of
from tests.mapper.test_bound import search_of

from cosynth.mapper.nested import pointed, sizes
from cosynth.mapping import problems


@pytest.mark.parametrize("seed", range(20))
def test_sizes_stand_inside_their_intervals_and_never_grow(seed):
    search = search_of(problem(seed))
    shape = search.shape
    rng = np.random.default_rng(seed)
    for _ in range(20):
        intervals = np.sort(
            [rng.integers(0, n, search.chip.stages) for n in shape.number[: shape.ranks]], axis=1
        ).T
        tiles = sizes(shape, intervals)
        ranks = np.arange(shape.ranks)
        assert (shape.low[ranks, intervals] <= tiles).all()
        assert (tiles <= shape.high[ranks, intervals]).all()
        assert (np.diff(tiles, axis=0) <= 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_what_was_found_reads_back_as_it_was_decided(seed):
    one = problem(seed, 500)
    search = search_of(one)
    _, found, _ = search.least()
    if not found.number[0] or not pointed(search.shape, found.tile[0]):
        return
    mapping = search.mapping(found, 0)
    assert problems(one.job.einsum, one.job.workload, mapping, one.engine) == ()
    state = state_of(search, mapping)
    decided = state.tile[: search.chip.stages, : search.shape.ranks]
    assert (decided == found.tile[0]).all(), f"{one}\n{mapping}"
