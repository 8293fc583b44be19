"""The best mapping of a job on an engine, and the proof that it is."""

from cosynth.mapper.best import Mapped, best, held, priced_mapping
from cosynth.mapper.effort import FAST, PROVE, Effort
from cosynth.mapper.many import Many, map_many
from cosynth.mapper.objective import Objective, objective_of
from cosynth.mapper.proof import Proof

__all__ = [
    "FAST", "PROVE", "Effort", "Many", "Mapped", "Objective", "Proof", "best", "held", "map_many",
    "objective_of", "priced_mapping",
]  # fmt: skip
