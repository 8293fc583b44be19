"""How well a model does: against what it gave before, or against labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError, did_you_mean
from cosynth.format import decibels

Values = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure of an output, [samples, ..., classes]: `of(exact, found, labels)`.

    `exact` is what the model gives as it is; `better` says which way. Raises SpecError where
    labels do not fit the output.
    """

    name: str
    of: Callable[[Values, Values, Values], float]
    better: str
    labelled: bool = False


def metric(name: str) -> Metric:
    """Return a metric by name; SpecError with the nearest.

    >>> metric("top1").better
    'higher'
    """
    if name not in METRICS:
        near = did_you_mean(name, METRICS) or f"; known: {', '.join(METRICS)}"
        raise SpecError(f"no metric {name!r}{near}")
    return METRICS[name]


def _qsnr(exact: Values, found: Values, _: Values) -> float:
    """Signal over error in dB."""
    return float(decibels(exact, found))


def _mse(exact: Values, found: Values, _: Values) -> float:
    """Mean square error."""
    return float(np.mean(np.square(exact.astype(np.float64) - found)))


def _cosine(exact: Values, found: Values, _: Values) -> float:
    """Cosine of the angle between the two; 1 where one of them is zero throughout."""
    a, b = exact.ravel().astype(np.float64), found.ravel().astype(np.float64)
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 1.0


def _top1(exact: Values, found: Values, _: Values) -> float:
    """Share of samples whose largest score stays where it is."""
    return float(np.mean(exact.argmax(axis=-1) == found.argmax(axis=-1)))


def _accuracy(_: Values, found: Values, labels: Values) -> float:
    """Share of samples whose largest score is the label's."""
    _check(found, labels)
    return float(np.mean(found.argmax(axis=-1) == labels))


def _loss(_: Values, found: Values, labels: Values) -> float:
    """Mean cross-entropy of logits, in nats; infinite for what is not finite."""
    _check(found, labels)
    scores = found.astype(np.float64)
    if not np.isfinite(scores).all():
        return math.inf
    scores = scores - scores.max(axis=-1, keepdims=True)
    total = np.log(np.exp(scores).sum(axis=-1))
    chosen = np.take_along_axis(scores, labels[..., None], axis=-1)[..., 0]
    return float(np.mean(total - chosen))


def _check(found: Values, labels: Values) -> None:
    if found.ndim < 1 or labels.shape != found.shape[:-1]:
        said, own = (" x ".join(map(str, each.shape)) for each in (labels, found))
        raise SpecError(f"labels are {said or 'one value'}; the output is {own}, classes last")
    classes = found.shape[-1]
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise SpecError(
            f"labels run from {labels.min()} to {labels.max()}; the output has {classes} classes"
        )


METRICS = {
    each.name: each
    for each in (
        Metric(name="qsnr", of=_qsnr, better="higher"),
        Metric(name="mse", of=_mse, better="lower"),
        Metric(name="cosine", of=_cosine, better="higher"),
        Metric(name="top1", of=_top1, better="higher"),
        Metric(name="accuracy", of=_accuracy, better="higher", labelled=True),
        Metric(name="loss", of=_loss, better="lower", labelled=True),
    )
}
