"""Exact sums: limbs, windows and their sticky bit, against whole numbers of Python."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.format.oracle import nearest

from cosynth.format.exact import exact, whole

numbers = st.one_of(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.integers(-8, 8).map(float),
    st.sampled_from([2.0**e for e in (-149, -126, -24, 0, 24, 48, 127)]),
)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12))
def test_any_numbers_are_summed_and_rounded_once(pairs):
    x, y = (np.array([[pair[at] for pair in pairs]]) for at in (0, 1))
    right = nearest(sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(0)))
    assert Fraction(float(exact(x, y)[0, 0])) == right if isinstance(right, Fraction) else True
    assert float(exact(x, y)[0, 0]) == float(right)


@pytest.mark.parametrize("bit", [1, 2, 20, 30, 60, 100, 140])
def test_a_bit_far_below_a_tie_decides_it(bit):
    """1 + 2^-24 is a tie: it goes to even, up with anything more, down with anything less."""
    for sign, right in ((1, 1 + 2**-23), (-1, 1.0)):
        x = np.array([[1.0, 2.0**-24, sign * 2.0 ** (-24 - bit)]])
        assert float(exact(x, np.ones((1, 3)))[0, 0]) == right
    assert float(exact(np.array([[1.0, 2.0**-24]]), np.ones((1, 2)))[0, 0]) == 1.0


def test_what_cancels_is_exact():
    x = np.array([[2.0**100, 2.0**-40, -(2.0**100)]])
    assert float(exact(x, np.ones((1, 3)))[0, 0]) == 2.0**-40


def test_many_limbs_equal_few():
    rng = np.random.default_rng(3)
    x = rng.integers(-(2**11), 2**11, (30, 64)).astype(float)
    far = np.ldexp(x, rng.integers(-3, 4, (30, 1)))
    assert np.array_equal(exact(far, x), (far @ x.T).astype(np.float32))


@pytest.mark.parametrize("bits", [10, 40, 52])
def test_whole_sums_equal_python(bits):
    rng = np.random.default_rng(bits)
    half = 1 << (bits // 2 - 1)
    x, y = (rng.integers(-half, half, (3, 500)) for _ in "ab")
    right = [[sum(int(p) * int(q) for p, q in zip(r, s, strict=True)) for s in y] for r in x]
    assert whole(x.astype(float), y.astype(float), bits).tolist() == right
