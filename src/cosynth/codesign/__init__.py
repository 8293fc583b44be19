"""The one place where search meets the models: estimates, goals, designs and their exploration."""

from cosynth.codesign.design import Design
from cosynth.codesign.estimate import Estimate, Layer, estimate
from cosynth.codesign.explore import ChipProblem, chip_space, default_space, figures, precise
from cosynth.codesign.goal import FIGURES, Goal, Limit, goal

__all__ = [
    "FIGURES",
    "ChipProblem",
    "Design",
    "Estimate",
    "Goal",
    "Layer",
    "Limit",
    "chip_space",
    "default_space",
    "estimate",
    "figures",
    "goal",
    "precise",
]  # fmt: skip
