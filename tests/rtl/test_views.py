"""Views lie as their tensors do: every element at one address, by whatever name."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from cosynth.rtl.program import tensor_pitch
from cosynth.rtl.views import seen, shared_orders
from cosynth.rtl.work import Place


def addresses(shape, order):
    """Where each element lies, in the order in which C counts them."""
    place = Place(name="t", shape=tuple(shape), order=order, bits=8)
    pitch = tensor_pitch(place)
    found = np.zeros(shape, dtype=int)
    for dim, step in enumerate(pitch):
        along = np.arange(shape[dim]) * step
        found += along.reshape([-1] + [1] * (len(shape) - 1 - dim))
    return found.reshape(-1)


def regrouped(rng, factors):
    """A shape whose dimensions are products of neighbours, with ones strewn in."""
    shape, left = [], list(factors)
    while left:
        count = rng.randint(1, len(left))
        shape.append(int(np.prod(left[:count])))
        del left[:count]
        shape += [1] * (rng.random() < 0.3)
    return shape


@pytest.mark.parametrize("seed", range(60))
def test_an_element_has_one_address_under_every_shape(seed):
    rng = random.Random(seed)
    factors = [rng.choice((2, 3, 4, 5)) for _ in range(rng.randint(1, 4))]
    shapes = [regrouped(rng, factors) for _ in range(rng.randint(1, 3))]
    whole, views = shapes[0], shapes[1:]
    orders = list(shared_orders(whole, views))
    assert len(set(orders)) == len(orders) >= 1, f"seed {seed}"
    assert tuple(reversed(range(len(whole)))) in {natural(o, whole) for o in orders}
    for order in orders:
        there = addresses(whole, order)
        assert sorted(there) == list(range(len(there))), f"seed {seed}"
        for view in views:
            found = seen(order, whole, view)
            assert sorted(found) == list(range(len(view)))
            assert np.array_equal(addresses(view, found), there), f"seed {seed}: {whole} as {view}"


def natural(order, shape):
    """The order with dimensions of one element where C has them."""
    wide = [dim for dim in order if shape[dim] > 1]
    if wide != sorted(wide, reverse=True):
        return order
    return tuple(reversed(range(len(shape))))


def test_without_views_every_order_is_open():
    orders = set(shared_orders((4, 1, 3, 2), ()))
    assert orders == {(*some, 1) for some in itertools.permutations((0, 2, 3))}
    assert {seen(order, (4, 1, 3, 2), (4, 1, 3, 2)) for order in orders} == orders


def test_heads_that_are_merged_stay_side_by_side():
    orders = set(shared_orders((1, 32, 4, 16), [(32, 64)]))
    assert orders == {(3, 2, 1, 0), (1, 3, 2, 0)}
    assert [seen(order, (1, 32, 4, 16), (32, 64)) for order in sorted(orders)] == [(0, 1), (1, 0)]
