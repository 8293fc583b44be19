"""Clipping at a percentile of the magnitudes: the few largest no longer set the scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.calibrate import one_scale, scale_for
from cosynth.compress.change import Change
from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.compress.step import Factors, Step
from cosynth.format import Format


class ClipPercentile(Step):
    """Clips activations at a percentile of what was seen, weights at that of each output.

    An activation in a format of one scale takes the percentile's, found beforehand.
    """

    default = 99.9
    least = 50
    most = 100

    def change(self, factors: Factors) -> Change | None:
        """Clip both factors."""
        tops = {at: seen.percentile(self.option) for at, seen in factors.seen.items()}
        return Clipped(share=self.option, tops=tops)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clipped(Change):
    """`tops` are magnitudes for activations, by position among the inputs."""

    share: float
    tops: Mapping[int, float]

    def applied(self, values: Array, operand: Operand, format: Format | None) -> Array:
        """Clip a factor that is to be stored."""
        if format is None:
            return values
        if not operand.constant:
            top = self.tops[operand.at]
            return np.clip(values, -top, top)
        axes = tuple(range(1, values.ndim)) if operand.window else operand.axis
        tops = np.percentile(np.abs(values), self.share, axis=axes, keepdims=True)
        tops = tops.astype(values.dtype)
        return np.clip(values, -tops, tops)

    def spelt(self, x: str, operand: Operand, format: Format | None, nodes: Nodes) -> str:
        """Clip an activation that is to be stored."""
        return x if format is None else nodes.clipped(x, float(self.tops[operand.at]))

    def scale(self, operand: Operand, format: Format) -> float | None:
        """Return the scale of an activation with one for the whole."""
        if operand.constant or not one_scale(format, operand):
            return None
        return scale_for(self.tops[operand.at], format)
