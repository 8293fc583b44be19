"""Candidate tiles fit, waste no room, and follow the counts of steps."""

from __future__ import annotations

import pytest
from tests.mapper.test_best import gemm

from cosynth.mapper.tiles import Request, candidates, sizes_of


@pytest.mark.parametrize("outer", [1, 2, 7, 64, 1021])
def test_each_size_is_the_smallest_for_its_number_of_steps(outer):
    for tile in sizes_of(outer, 1, 12):
        steps = -(-outer // tile)
        assert tile == -(-outer // steps)


def test_no_candidate_overfills_its_room():
    one = gemm(64, 64, 64)
    request = Request(
        job=one,
        outer=(("m", 64), ("n", 64), ("k", 64)),
        least=(),
        rooms=(1000.0,),
        kept=frozenset(one.parts),
        copies=2,
    )
    tiles = candidates(request)
    m, n, k = tiles["m"], tiles["n"], tiles["k"]
    assert len(m) > 3
    assert (2 * (m * k + n * k + m * n) <= 1000).all()


def test_a_room_too_small_for_anything_has_no_candidate():
    one = gemm(8, 8, 8)
    request = Request(
        job=one,
        outer=(("m", 8), ("n", 8), ("k", 8)),
        least=(),
        rooms=(2.0,),
        kept=frozenset(one.parts),
    )
    assert not len(candidates(request)["m"])
