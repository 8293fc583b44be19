"""How well a model does: against what it gave before, or against labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError, did_you_mean

Values = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure of the first output, [samples, ...]: `of(exact, found, labels)`."""

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
    signal = float(np.sum(np.square(exact, dtype=np.float64)))
    noise = _mse(exact, found, _) * exact.size
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def _mse(exact: Values, found: Values, _: Values) -> float:
    return float(np.mean(np.square(exact.astype(np.float64) - found)))


def _cosine(exact: Values, found: Values, _: Values) -> float:
    a, b = exact.ravel().astype(np.float64), found.ravel().astype(np.float64)
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 1.0


def _top1(exact: Values, found: Values, _: Values) -> float:
    return float(np.mean(exact.argmax(axis=-1) == found.argmax(axis=-1)))


def _accuracy(_: Values, found: Values, labels: Values) -> float:
    return float(np.mean(found.argmax(axis=-1) == labels))


def _loss(_: Values, found: Values, labels: Values) -> float:
    """Mean cross-entropy of logits, in nats."""
    scores = found.astype(np.float64)
    scores = scores - scores.max(axis=-1, keepdims=True)
    total = np.log(np.exp(scores).sum(axis=-1))
    chosen = np.take_along_axis(scores, labels[..., None], axis=-1)[..., 0]
    return float(np.mean(total - chosen))


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
