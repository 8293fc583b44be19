"""Random search: every point drawn independently, none twice."""

from __future__ import annotations

from cosynth.search.optimiser import Optimiser
from cosynth.search.points import Points


class Random(Optimiser):
    """Draws from the whole space, without replacement."""

    def ask(self, count: int) -> Points:
        """Return up to `count` points that were never told."""
        return self.unseen(self.generator(), count)
