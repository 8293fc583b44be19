"""The formula's parts against rational arithmetic, in NumPy and compiled."""

from __future__ import annotations

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.format import rounding
from cosynth.testing import rational as oracle


def as_bits(x) -> np.ndarray:
    return np.asarray(x, dtype=np.float32).view(np.int32)


@pytest.mark.parametrize("value", [1, 3, 6, 7, 127, 448, 2688, 32767, 12345677])
def test_long_division_rounds_as_rational_numbers_do(value):
    rng = np.random.default_rng(value)
    peaks = np.exp2(rng.uniform(-90, 127, 500)).astype(np.float32)
    twos = (value & -value).bit_length() - 1
    found = rounding.quotient(as_bits(peaks), value >> twos, twos, np).view(np.float32)
    for peak, one in zip(peaks, found, strict=True):
        assert Fraction(float(one)) == oracle.float32(Fraction(float(peak)) / value)
    compiled = jax.jit(lambda size: rounding.quotient(size, value >> twos, twos, jnp))
    assert np.array_equal(compiled(as_bits(peaks)), found.view(np.int32))


def test_division_by_a_shared_divisor_stays_a_division_when_compiled():
    """XLA makes it a product with the reciprocal unless it is kept from seeing the broadcast."""
    rng = np.random.default_rng(1)
    size = as_bits(np.exp2(rng.uniform(-20, 20, (4096, 16))))
    divisor = as_bits(np.exp2(rng.uniform(-5, 5, (4096, 1))))
    expected = (size.view(np.float32) / divisor.view(np.float32)).view(np.int32)
    compiled = jax.jit(lambda a, b: rounding.divided(a, b, jnp))
    assert np.array_equal(compiled(size, divisor), expected)


def test_scaling_by_a_power_of_two_is_exact_down_to_the_last_subnormal():
    size = as_bits(np.random.default_rng(2).integers(1, 256, 400) / 8)
    for exponent in (-127, -126, -120, 0, 100):
        with np.errstate(all="ignore"):
            expected = size.view(np.float32).astype(np.float64) * 2.0**exponent
        found = rounding.scaled(size, exponent, np).view(np.float32)
        assert np.array_equal(found, expected)
    huge = rounding.scaled(as_bits([1.5]), 200, np)
    assert huge[0] == rounding.LARGEST
