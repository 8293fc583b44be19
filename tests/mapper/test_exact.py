"""The search lays a problem out, and what it finds reads back as a mapping of the space."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import state_of
from tests.mapper.test_bound import SEEDS, search_of

from cosynth.mapper.bound import bound
from cosynth.mapping import problems

SMALL = 3_000


@SEEDS
def test_what_is_found_has_the_bound_it_was_found_by(seed):
    one = problem(seed, SMALL)
    search = search_of(one)
    least, found, ended = search.least()
    assert ended, str(one)
    if not found.number[0]:
        return
    assert math.isclose(least, found.value[0], rel_tol=1e-9), str(one)
    mapping = search.mapping(found, 0)
    assert problems(one.job.einsum, one.job.workload, mapping, one.engine) == (), str(one)
    if search.pointed(found, 0):
        state = state_of(search, mapping)
        again = bound(search.chip, search.shape, state, search.chip.stages, 0)
        assert again <= least * (1 + 1e-9), f"{one}\n{mapping}"


@pytest.mark.parametrize("seed", range(12))
def test_below_a_limit_are_all_that_have_a_lower_bound(seed):
    """The least is among them, none reaches the limit, and a higher limit lets in no fewer."""
    one = problem(seed, 500)
    search = search_of(one)
    least, _, _ = search.least()
    if not math.isfinite(least):
        return
    numbers = []
    for factor in (1.0 + 1e-9, 1.05, 1.1):
        found, ended = search.below(least * factor, 1 << 14)
        number = int(found.number[0])
        if not ended:
            break
        assert number >= 1, str(one)
        assert np.all(found.value[:number] < least * factor), str(one)
        assert math.isclose(found.value[:number].min(), least, rel_tol=1e-9), str(one)
        numbers.append(number)
    assert numbers == sorted(numbers), str(one)
