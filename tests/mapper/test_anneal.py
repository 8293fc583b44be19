"""Annealing takes legal steps only, ends where its bound says, and does so again."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import copied, state_of
from tests.mapper.test_bound import search_of

from cosynth.mapper.anneal import anneal
from cosynth.mapper.bound import bound
from cosynth.mapper.branch import nothing_found
from cosynth.mapper.exact import Search
from cosynth.mapper.nested import pointed
from cosynth.mapping import problems

SEEDS = pytest.mark.parametrize("seed", range(20))


def annealed(search: Search, seed: int, steps: int = 2_000):
    ranks, stages = search.shape.ranks, search.chip.stages
    keeps = np.array([choice.keeps for choice in search.choices])
    doubled = np.array([choice.doubled for choice in search.choices])
    # single steps from the outermost memory on: what fits whenever anything does
    bare = np.repeat(search.shape.number[None, :ranks] - 1, stages, axis=0)
    found = nothing_found(stages, ranks, 4)
    choice = search.queue[0][2].choice
    anneal(
        search.scratch, search.chip, search.shape, search.orders, keeps, doubled, bare, choice, 0.3,
        steps, seed, found,
    )  # fmt: skip
    return found


@SEEDS
def test_what_is_found_is_legal_and_has_the_bound_it_was_found_by(seed):
    one = problem(seed, 3_000)
    search = search_of(one)
    found = annealed(search, seed)
    for row in range(min(int(found.number[0]), 4)):
        mapping = search.mapping(found, row)
        assert problems(one.job.einsum, one.job.workload, mapping, one.engine) == (), str(one)
        if not pointed(search.shape, found.tile[row]):
            continue
        state = copied(state_of(search, mapping))
        state.cap[:] = -1
        again = bound(search.chip, search.shape, state, search.chip.stages, 0)
        assert again <= found.value[row] * (1 + 1e-9), f"{one}\n{mapping}"


@SEEDS
def test_nothing_found_is_below_the_least_bound(seed):
    one = problem(seed, 3_000)
    search = search_of(one)
    found = annealed(search, seed)
    least, _, ended = search_of(one).least()
    assert ended
    number = min(int(found.number[0]), 4)
    assert np.all(found.value[:number] >= least * (1 - 1e-9)), str(one)


def test_the_same_seed_finds_the_same():
    search = search_of(problem(7, 3_000))
    one, other = annealed(search, 3), annealed(search, 3)
    assert one.number[0] == other.number[0]
    assert (one.tile == other.tile).all()
    assert (one.value == other.value).all()
