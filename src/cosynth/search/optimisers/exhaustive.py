"""Exhaustive search: every point of the space in order, the last parameter varying fastest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cosynth.search.optimiser import Optimiser
from cosynth.search.parameter import Codes
from cosynth.search.points import Points
from cosynth.search.problem import Evaluation, Problem


class Exhaustive(Optimiser):
    """Walks the grid; the budget decides how far."""

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        super().__init__(problem, seed)
        self._blocks: Iterator[Codes] = self.space.blocks()
        self._next: Codes = np.empty((0, len(self.space.parameters)), dtype=np.int64)

    def ask(self, count: int) -> Points:
        """Return the `count` points after those that were told."""
        self._reach(count)
        return Points(self.space, self._next[:count])

    def tell(self, points: Points, evaluations: Sequence[Evaluation]) -> None:
        """Walk past the points that were told."""
        super().tell(points, evaluations)
        self._reach(len(points))
        self._next = self._next[len(points) :]

    def _reach(self, count: int) -> None:
        while len(self._next) < count:
            block = next(self._blocks, None)
            if block is None:
                return
            self._next = np.concatenate([self._next, block])
