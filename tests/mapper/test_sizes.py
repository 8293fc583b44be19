"""Intervals of tiles cover every size once, and all sizes of one need the same number of steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cosynth.mapper.sizes import FINE, intervals

SIZES = [*range(1, 70), 97, 128, 1000, 1021, 4096]


@pytest.mark.parametrize("fine", [1, FINE])
@pytest.mark.parametrize("size", SIZES)
def test_intervals_cover_every_size_once(size, fine):
    low, high, _ = intervals(size, fine)
    assert (low <= high).all()
    covered = np.concatenate(
        [np.arange(h, least - 1, -1) for least, h in zip(low, high, strict=True)]
    )
    assert covered.tolist() == list(range(size, 0, -1))


@pytest.mark.parametrize("fine", [1, FINE])
@pytest.mark.parametrize("size", SIZES)
def test_all_sizes_of_an_interval_need_its_steps(size, fine):
    for low, high, steps in zip(*intervals(size, fine), strict=True):
        assert -(-size // low) == -(-size // high) == steps
        if size > fine:
            # nothing smaller does with as few, nothing larger needs as many
            assert low == -(-size // steps)
            assert high == size or -(-size // (high + 1)) < steps


@pytest.mark.parametrize("size", SIZES)
def test_there_are_about_two_roots_of_them(size):
    low, _, _ = intervals(size, 1)
    assert len(low) <= 2 * math.sqrt(size) + 1


def test_small_ranks_get_one_interval_per_size():
    low, high, _ = intervals(FINE)
    assert low.tolist() == high.tolist() == list(range(FINE, 0, -1))


@pytest.mark.parametrize("most", [4, 16, 64])
@pytest.mark.parametrize("size", [100, 1021, 65536])
def test_joined_intervals_still_cover_every_size(size, most):
    low, high, steps = intervals(size, most=most)
    assert len(low) <= most
    assert high[0] == low[0] == size
    assert (low[:-1] == high[1:] + 1).all()
    assert low[-1] == 1
    # the fewest steps of any size of the interval: those of the largest
    assert (steps == -(-size // high)).all()
