"""Whole numbers of a format: those of its codec."""

import numpy as np
import pytest

from cosynth.format import decode, encode, known
from cosynth.rtl.grid import peak, to_grid
from cosynth.rtl.operands import operand


@pytest.mark.parametrize("name", ["int8", "int4", "fp8_e4m3fn", "fp6_e2m3", "fp4_e2m1"])
def test_the_grid_is_the_codecs(name):
    format = known(name)
    rng = np.random.default_rng(0)
    largest = min(format.element.largest, -format.element.lowest)
    values = np.float32(rng.normal(0, largest / 3, 5000).clip(-largest, largest))
    step = 2.0 ** operand(format).step
    found = to_grid(values.astype(np.float64), step, format) * step
    np.testing.assert_array_equal(found, np.asarray(decode(encode(values, format))))


def test_the_largest_sum_is_counted_in_its_channels_unit():
    sums = np.array([[1.0, -8.0], [3.0, 4.0]])
    assert peak(sums, np.array([0.5, 4.0]), 1) == 6.0
    assert peak(sums, np.array([0.5, 4.0]), 0) == 16.0
    assert peak(sums, np.array([0.5]), None) == 16.0
