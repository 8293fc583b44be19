"""The namespace follows the values."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.arrays import namespace


def test_numbers_and_numpy_stay_with_numpy():
    assert namespace(1, 2.0, np.ones(3)) is np


def test_one_jax_value_is_enough():
    jax = pytest.importorskip("jax")
    assert namespace(1.0, jax.numpy.ones(2)) is jax.numpy
