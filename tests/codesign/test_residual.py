"""Residuals: exact where they were measured, between them elsewhere, and an honest error."""

import math

import numpy as np
import pytest

from cosynth.codesign.residual import WIDTHS, residuals


def test_one_point_tells_all_others_and_nothing_of_its_error():
    model = residuals(np.array([[0.2, 0.4]]), [1.5])
    assert model.error is None
    np.testing.assert_allclose(model.factors(np.random.default_rng(0).random((5, 2))), 1.5)


def test_equal_factors_are_told_without_error():
    places = np.random.default_rng(1).random((6, 3))
    model = residuals(places, [0.8] * 6)
    assert model.error == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(model.factors(np.random.default_rng(2).random((9, 3))), 0.8)


@pytest.mark.parametrize("seed", range(10))
def test_factors_lie_among_those_that_were_measured(seed):
    rng = np.random.default_rng(seed)
    factors = rng.uniform(0.5, 3.0, 7)
    model = residuals(rng.random((7, 4)), factors.tolist())
    found = model.factors(rng.random((50, 4)))
    assert (found >= factors.min() - 1e-12).all()
    assert (found <= factors.max() + 1e-12).all()


def test_what_depends_on_the_place_is_told_by_neighbours():
    line = np.linspace(0, 1, 9)[:, None]
    smooth = residuals(line, np.exp(line[:, 0]).tolist())
    assert smooth.width < math.inf
    assert smooth.factors(np.array([[0.0]]))[0] < smooth.factors(np.array([[1.0]]))[0]
    mean = math.exp(np.std(line)) - 1
    assert smooth.error < mean


def test_noise_is_told_by_the_mean():
    rng = np.random.default_rng(3)
    model = residuals(rng.random((40, 6)), np.exp(rng.normal(0, 0.3, 40)).tolist())
    assert model.width == max(WIDTHS)
    assert model.error == pytest.approx(math.exp(0.3) - 1, rel=0.3)
