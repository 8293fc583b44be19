"""By what factor a prediction is off at points that were not measured, from those that were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

# widths that are tried, of a space whose sides are 1; the last is the mean of all
WIDTHS = (0.15, 0.3, 0.6, 1.2, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Residuals:
    """Kernel regression of the logarithm of measured over predicted (Nadaraya, Watson 1964).

    `width` of the Gaussian kernel is the one that tells each measured point best from the others;
    `error` is the root of the mean square of those tellings, as a factor less 1; None with one
    point, of which nothing can be told.
    """

    positions: Reals  # [measured, parameters]
    logarithms: Reals  # [measured]
    width: float
    error: float | None

    def factors(self, positions: Reals) -> Reals:
        """Measured over predicted at points of the unit cube, [points, parameters] -> [points]."""
        weights = _weights(positions, self.positions, self.width)
        found: Reals = np.exp(weights @ self.logarithms)
        return found


def residuals(positions: Reals, factors: Sequence[float]) -> Residuals:
    """Return the model of factors (all above 0) measured at points [measured, parameters]."""
    logarithms = np.log(np.asarray(factors, dtype=np.float64))
    if len(logarithms) == 1:
        return Residuals(positions=positions, logarithms=logarithms, width=math.inf, error=None)
    errors = {width: _left_out(positions, logarithms, width) for width in WIDTHS}
    width = min(reversed(WIDTHS), key=lambda one: errors[one])
    return Residuals(
        positions=positions,
        logarithms=logarithms,
        width=width,
        error=math.exp(errors[width]) - 1,
    )


def _weights(at: Reals, known: Reals, width: float) -> Reals:
    """Shares of the known points in each of others, [points, known]; rows add up to 1."""
    squares = ((at[:, None, :] - known[None, :, :]) ** 2).sum(axis=2)
    # taken from the nearest, so that far from all of them something is left
    exponents = -(squares - squares.min(axis=1, keepdims=True)) / (2 * width**2)
    weights = np.exp(exponents)
    found: Reals = weights / weights.sum(axis=1, keepdims=True)
    return found


def _left_out(positions: Reals, logarithms: Reals, width: float) -> float:
    """Root mean square error of each point, told from all others."""
    errors = []
    for at in range(len(logarithms)):
        others = np.arange(len(logarithms)) != at
        weights = _weights(positions[at : at + 1], positions[others], width)
        errors.append(float((weights @ logarithms[others])[0] - logarithms[at]))
    return math.sqrt(sum(error**2 for error in errors) / len(errors))
