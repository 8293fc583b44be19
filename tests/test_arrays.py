"""The namespace follows the values."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.arrays import either, namespace


def test_numbers_and_numpy_stay_with_numpy():
    assert namespace(1, 2.0, np.ones(3)) is np


def test_one_jax_value_is_enough():
    jax = pytest.importorskip("jax")
    assert namespace(1.0, jax.numpy.ones(2)) is jax.numpy


def test_a_choice_is_the_same_for_plain_numbers_and_arrays():
    flags = np.array([True, False])
    assert either(flags, 2, 3).tolist() == [either(True, 2, 3), either(False, 2, 3)] == [2, 3]


def test_a_plain_choice_makes_no_array():
    assert isinstance(either(True, 2, 3.0), int)
