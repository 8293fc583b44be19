"""The best mapping of a job on an engine."""

from cosynth.mapper.best import Mapped, best, held, priced_mapping
from cosynth.mapper.search import FAST, Effort

__all__ = ["FAST", "Effort", "Mapped", "best", "held", "priced_mapping"]
