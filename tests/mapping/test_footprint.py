"""Groups of dimensions, and what tiles touch, against sets."""

from __future__ import annotations

import itertools
import random

import pytest

from cosynth.mapping import distinct
from cosynth.mapping.footprint import EACH, EVERY, SLIDING, UNION, groups, largest, touched
from cosynth.workload import parse


def window(size: int = 12, stride: int = 2, dilation: int = 1, offset: int = 1):
    einsum = parse(f"O[p] += I[p*{stride}+r*{dilation}-{offset}] * W[r]", {"p": 5, "r": 3})
    return groups(einsum.inputs[0], einsum, (size,))[0]


def positions(group, low, high, first, last, stride=2, dilation=1, offset=1, size=12):
    found = {
        p * stride + r * dilation - offset for p in range(low, high) for r in range(first, last)
    }
    return {at for at in found if 0 <= at < size}


def test_a_bare_rank_is_a_group_of_its_own():
    einsum = parse("Z[m,n] += A[m,k] * B[k,n]", {"m": 2, "n": 3, "k": 4})
    found = groups(einsum.inputs[0], einsum, (2, 4))
    assert [(g.ranks, g.windows) for g in found] == [(("m",), ()), (("k",), ())]


def test_equal_groups_are_the_same_object():
    assert window() is window()


def test_padding_is_not_touched():
    assert touched(window(size=12), ()) == len(positions(None, 0, 5, 0, 3))


@pytest.mark.parametrize("seed", range(30))
def test_tiles_touch_what_sets_say(seed):
    rng = random.Random(seed)
    stride, dilation, offset = rng.randint(1, 3), rng.randint(1, 3), rng.randint(0, 3)
    size = rng.randint(4, 16)
    group = window(size, stride, dilation, offset)
    p, r = rng.randint(1, 5), rng.randint(1, 3)
    shape = {"stride": stride, "dilation": dilation, "offset": offset, "size": size}
    boxes = [
        positions(group, a, min(a + p, 5), b, min(b + r, 3), **shape)
        for a, b in itertools.product(range(0, 5, p), range(0, 3, r))
    ]
    chain = ((0, p, EVERY), (1, r, EVERY))
    assert touched(group, chain) == sum(map(len, boxes)), f"seed {seed}"
    assert largest(group, chain) == max(map(len, boxes)), f"seed {seed}"
    united = ((0, p, UNION), (1, r, UNION))
    assert touched(group, united) == len(set().union(*boxes)), f"seed {seed}"
    assert touched(group, ((0, p, EACH), (1, r, UNION))) >= touched(group, united)
    if dilation == 1 and stride <= 3:
        # without holes, sliding over everything loads everything once
        assert touched(group, ((0, p, SLIDING),)) == len(positions(group, 0, 5, 0, 3, **shape))


def test_floor_division_shares_a_head():
    einsum = parse("S[h,m] += Q[h,e] * K[h//4,m,e]", {"h": 8, "m": 3, "e": 2})
    key = groups(einsum.inputs[1], einsum, (2, 3, 2))[0]
    assert touched(key, ()) == 2
    # one head at a time: the shared one stays for four steps
    assert touched(key, ((0, 1, SLIDING),)) == 2
    assert touched(key, ((0, 1, EVERY),)) == 8


def test_a_look_up_hits_another_row_each_time():
    einsum = parse("O[b,t,d] = E[T[b,t],d]", {"b": 2, "t": 3, "d": 4})
    assert distinct(einsum.inputs[0], einsum, (100, 4)) == 2 * 3 * 4


def test_one_rank_in_two_dimensions_is_a_diagonal():
    einsum = parse("D[i] = A[i,i]", {"i": 5})
    assert distinct(einsum.inputs[0], einsum, (5, 5)) == 5
