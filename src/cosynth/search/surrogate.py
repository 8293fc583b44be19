"""What unevaluated points will probably say: kriging over the points that were evaluated.

A linear trend plus a Gaussian process with one of a few length scales, chosen by its
leave-one-out error: R. M. Jones, D. R. Schonlau, W. J. Welch, "Efficient Global Optimization of
Expensive Black-Box Functions", 1998, sections 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosynth.search.parameter import Codes, Reals
from cosynth.search.space import Space

_LENGTHS = (0.3, 1.0, 3.0)  # times the typical distance of two points
_RIDGE = 1e-3  # of the trend, against features that say the same
_NUGGET = 1e-4  # share of the variance that is not smooth


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrogate:
    """A fitted model of several outputs; they share the kernel."""

    features: Reals  # of the fitted points, scaled, [points, features]
    scale: Reals  # of each feature, [features]
    length: float
    trend: Reals  # [features + 1, outputs]
    weights: Reals  # [points, outputs]
    inverse: Reals  # of the kernel matrix, [points, points]
    spread: Reals  # standard deviation of what the trend leaves, [outputs]

    def mean(self, features: Reals) -> Reals:
        """Return the expected outputs, [candidates, outputs]."""
        return _lined(features) @ self.trend + self._kernel(features) @ self.weights

    def deviation(self, features: Reals) -> Reals:
        """Return the standard deviation of each output, [candidates, outputs]."""
        near = self._kernel(features)
        variance = 1.0 + _NUGGET - np.sum((near @ self.inverse) * near, axis=1)
        deviation: Reals = np.sqrt(np.maximum(variance, 0.0))[:, None] * self.spread
        return deviation

    def _kernel(self, features: Reals) -> Reals:
        return _matern(_distances(features * self.scale, self.features) / self.length)


def features_of(space: Space, codes: Codes, extra: Reals) -> Reals:
    """Return ordered parameters as numbers, categories one column a value, then `extra`."""
    units = space.units(codes)
    columns = []
    for index, each in enumerate(space.parameters):
        if each.ordered:
            columns.append(units[:, index : index + 1])
        else:
            count = len(space.tables[index].values)
            columns.append(0.5 * (codes[:, index : index + 1] == np.arange(count)))
    return np.concatenate([*columns, extra], axis=1)


def fit(features: Reals, outputs: Reals) -> Surrogate:
    """Return the model of `outputs` at the points `features`."""
    lined = _lined(features)
    ridge = _RIDGE * len(lined) * np.eye(lined.shape[1])
    ridge[-1, -1] = 1e-9  # the constant is free
    trend: Reals = np.linalg.solve(lined.T @ lined + ridge, lined.T @ outputs).astype(float)
    rest = outputs - lined @ trend
    spread = np.maximum(rest.std(axis=0), 1e-12)
    scale = _relevance(features, trend[:-1], outputs)
    scaled = features * scale
    distances = _distances(scaled, scaled)
    typical = float(np.median(distances)) or 1.0
    least, length, inverse = np.inf, typical, np.eye(len(features))
    for share in _LENGTHS:
        kernel = _matern(distances / (share * typical))
        tried: Reals = np.linalg.inv(kernel + _NUGGET * np.eye(len(kernel))).astype(float)
        missed = (tried @ (rest / spread)) / np.diag(tried)[:, None]  # leave-one-out errors
        error = float(np.sum(missed**2))
        if error < least:
            least, length, inverse = error, share * typical, tried
    return Surrogate(
        features=scaled,
        scale=scale,
        length=length,
        trend=trend,
        weights=inverse @ rest,
        inverse=inverse,
        spread=spread,
    )


def _relevance(features: Reals, trend: Reals, outputs: Reals) -> Reals:
    """Return a factor per feature: those that move the outputs matter for the distance."""
    effect = np.abs(trend) * features.std(axis=0)[:, None] / np.maximum(outputs.std(axis=0), 1e-12)
    strongest = effect.max(axis=1)
    scale: Reals = np.sqrt(0.1 + strongest / max(float(strongest.max()), 1e-12))
    return scale


def _lined(features: Reals) -> Reals:
    return np.concatenate([features, np.ones((len(features), 1))], axis=1)


def _distances(one: Reals, other: Reals) -> Reals:
    squares = np.sum(one**2, axis=1)[:, None] + np.sum(other**2, axis=1) - 2.0 * one @ other.T
    distances: Reals = np.sqrt(np.maximum(squares, 0.0))
    return distances


def _matern(distance: Reals) -> Reals:
    """Return the Matern kernel of smoothness 3/2."""
    scaled = np.sqrt(3.0) * distance
    kernel: Reals = (1.0 + scaled) * np.exp(-scaled)
    return kernel
