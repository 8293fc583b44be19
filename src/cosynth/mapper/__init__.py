"""The best mapping of a job on an engine."""

from cosynth.mapper.search import FAST, Effort, Mapped, best, held, priced_mapping

__all__ = ["FAST", "Effort", "Mapped", "best", "held", "priced_mapping"]
