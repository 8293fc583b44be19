"""Sums in float32 one after the other, against rational arithmetic and another order."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.format.oracle import added, times

from cosynth.format.sequential import sequential

floats = st.floats(width=32, allow_nan=False)


@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=10))
def test_every_addition_is_rounded_once(pairs):
    x, y = (np.array([[pair[at] for pair in pairs]]) for at in (0, 1))
    total: object = Fraction(0)
    for pair in pairs:
        a, b = (Fraction(v) if np.isfinite(v) else v for v in pair)
        total = added(total, times(a, b))  # type: ignore[arg-type]
    np.testing.assert_equal(float(sequential(x, y)[0, 0]), float(total))  # type: ignore[arg-type]


def test_order_is_ascending():
    x = np.array([[1.0, *[2.0**-24] * 4]])
    assert float(sequential(x, np.ones((1, 5)))[0, 0]) == 1.0
    assert float(sequential(x[:, ::-1], np.ones((1, 5)))[0, 0]) == 1 + 2**-22


def test_narrow_products_take_the_short_way_to_the_same():
    rng = np.random.default_rng(1)
    x, y = (np.round(rng.standard_normal((4, 90)) * 8) for _ in "ab")
    wide = np.array([[1 + 2**-20]])  # one element of many bits sends all the long way
    both = sequential(np.hstack([x, 0 * x[:, :1]]), np.hstack([y, wide.repeat(4, 0)]))
    assert np.array_equal(sequential(x, y), both)
