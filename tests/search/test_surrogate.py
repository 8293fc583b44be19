"""The surrogate: exact where it was fitted, useful beside it."""

import numpy as np

from cosynth.search import Space, category, integer
from cosynth.search.surrogate import features_of, fit


def sample(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    inputs = np.random.default_rng(seed).random((count, 3))
    outputs = np.stack([np.sin(4 * inputs[:, 0]) + inputs[:, 1], inputs[:, 1] ** 2], axis=1)
    return inputs, outputs


def test_fitted_points_are_met_and_others_near() -> None:
    inputs, outputs = sample(0, 80)
    model = fit(inputs, outputs)
    assert np.abs(model.mean(inputs) - outputs).max() < 0.01
    unseen, truth = sample(1, 200)
    error = np.abs(model.mean(unseen) - truth)
    assert error.mean(axis=0).max() < 0.05 * truth.std()


def test_doubt_grows_with_the_distance() -> None:
    inputs, outputs = sample(0, 40)
    model = fit(inputs, outputs)
    assert model.deviation(inputs).max() < model.deviation(inputs + 5.0).min()


def test_constant_outputs_and_equal_points_do_no_harm() -> None:
    model = fit(np.zeros((10, 2)), np.ones((10, 1)))
    assert np.allclose(model.mean(np.zeros((1, 2))), 1.0)


def test_categories_have_a_column_a_value() -> None:
    space = Space.of(integer("rows", 0, 4), category("order", ["row", "column", "tile"]))
    features = features_of(space, np.array([[2, 1]]), np.array([[7.0]]))
    assert features.tolist() == [[0.5, 0.0, 0.5, 0.0, 7.0]]
