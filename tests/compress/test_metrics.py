"""What each metric says of outputs worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cosynth.compress.metrics import METRICS, metric
from cosynth.errors import SpecError

EXACT = np.float32([[3, 4], [0, 0]])
FOUND = np.float32([[3, 4.5], [0, 0]])
LABELS = np.array([1, 1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("qsnr", 20.0), ("mse", 0.0625), ("cosine", 27 / (5 * math.hypot(3, 4.5))), ("top1", 1.0),
        ("accuracy", 0.5), ("loss", (math.log1p(math.exp(-1.5)) + math.log(2)) / 2),
    ],
)  # fmt: skip
def test_values_by_hand(name: str, value: float):
    assert metric(name).of(EXACT, FOUND, LABELS) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_nothing_lost_is_the_best(name: str):
    one = metric(name)
    rng = np.random.default_rng(0)
    exact = rng.standard_normal((8, 5, 4)).astype(np.float32)
    labels = exact.argmax(axis=-1)
    worse = exact + rng.standard_normal(exact.shape).astype(np.float32)
    sign = 1 if one.better == "higher" else -1
    assert sign * one.of(exact, exact, labels) > sign * one.of(exact, worse, labels)


def test_scores_that_are_not_finite_are_an_infinite_loss():
    assert metric("loss").of(EXACT, np.float32([[np.nan, 1], [0, 1]]), LABELS) == math.inf


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([1], "labels are 1; the output is 2 x 2, classes last"),
        ([[0, 1], [1, 1]], "labels are 2 x 2; the output is 2 x 2"),
        ([0, 2], "labels run from 0 to 2; the output has 2 classes"),
        ([-1, 0], "labels run from -1 to 0"),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "loss"])
def test_labels_that_do_not_fit_wrong(name, labels, said):
    with pytest.raises(SpecError, match=said):
        metric(name).of(EXACT, FOUND, np.array(labels))


def test_an_unknown_metric_wrong():
    with pytest.raises(SpecError, match="no metric 'acuracy'; did you mean 'accuracy'"):
        metric("acuracy")
    with pytest.raises(SpecError, match="no metric 'x'; known: qsnr, mse"):
        metric("x")
