"""Clipping where the squared error is least: rounding gets finer, the largest values lose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.calibrate import Seen, best_threshold, one_scale, scale_for
from cosynth.compress.change import Change
from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.compress.step import Factors, Step
from cosynth.compress.storage import laid_out, scaled, stored
from cosynth.format import Format, blocks

# shares of a block's peak that are tried
_SHARES = np.linspace(1.0, 0.4, 25, dtype=np.float32)


class ClipMse(Step):
    """Searches a clip for every block of a weight, and one scale for an activation.

    An activation in blocks is left alone: its peaks are not known beforehand. No option.
    """

    most = 0

    def change(self, factors: Factors) -> Change | None:
        """Clip both factors."""
        return Best(seen=factors.seen)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Best(Change):
    """The best clip for whatever format comes; what was found for activations is kept."""

    seen: Mapping[int, Seen]
    found: dict[tuple[int, str], float] = field(default_factory=dict)

    def applied(self, values: Array, operand: Operand, format: Format | None) -> Array:
        """Clip a factor that is to be stored, a weight block by block."""
        if format is None:
            return values
        if operand.constant:
            return clipped(values, format, operand)
        if not one_scale(format, operand):
            return values
        top = self._top(operand, format)
        return np.clip(values, -top, top)

    def spelt(self, x: str, operand: Operand, format: Format | None, nodes: Nodes) -> str:
        """Clip an activation under one scale."""
        if format is None or not one_scale(format, operand):
            return x
        return nodes.clipped(x, self._top(operand, format))

    def scale(self, operand: Operand, format: Format) -> float | None:
        """Return the scale of an activation with one for the whole."""
        if operand.constant or not one_scale(format, operand):
            return None
        return scale_for(self._top(operand, format), format)

    def _top(self, operand: Operand, format: Format) -> float:
        key = (operand.at, format.name)
        if key not in self.found:
            self.found[key] = best_threshold(self.seen[operand.at].sample, format, operand)
        return self.found[key]


def clipped(values: Array, format: Format, operand: Operand) -> Array:
    """Return a factor with every block clipped where it then has the least squared error.

    As it was where no clip helps, or where the blocks' scales hang together and the whole loses.
    """
    ready = scaled(format, operand)
    if ready.scale is None or not values.size:
        return values
    shape, axis = laid_out(tuple(values.shape), ready, operand)
    block = min(ready.block, shape[axis])

    def lines(x: Array) -> Array:
        return blocks.rows(x.reshape(shape), block, axis, np)

    def whole(rows: Array) -> Array:
        return blocks.tensor(rows, shape, block, axis, np).reshape(values.shape)

    def lost(x: Array) -> Array:
        kept = stored(x.astype(np.float32), format, operand)
        error = np.square(kept.astype(np.float64) - values)
        return lines(error).sum(axis=1, keepdims=True)

    rows = lines(values)
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    if not ready.zero:
        high = np.maximum(-low, high)
        low = -high
    first = least = lost(values)
    best = np.ones_like(high)
    for share in _SHARES[1:].astype(values.dtype):
        error = lost(whole(np.clip(rows, share * low, share * high)))
        best = np.where(error < least, share, best)
        least = np.minimum(error, least)
    found = whole(np.clip(rows, best * low, best * high))
    return found if lost(found).sum() < first.sum() else values
