"""Exact counts to time, energy and area."""

from cosynth.cost.job import Job, job
from cosynth.cost.layer import bounds, price, rate
from cosynth.cost.result import OBJECTIVES, Bound, Cost, Part, objective

__all__ = [
    "OBJECTIVES", "Bound", "Cost", "Job", "Part", "bounds", "job", "objective", "price", "rate",
]  # fmt: skip
