"""The one place where search meets the models: estimates, goals, designs and their exploration."""

from cosynth.codesign.design import Design
from cosynth.codesign.estimate import Estimate, Layer, estimate
from cosynth.codesign.explore import ChipProblem, default_space, figures, chip_space
from cosynth.codesign.goal import FIGURES, Goal, Limit, goal

__all__ = [
    "FIGURES", "ChipProblem", "Design", "Estimate", "Goal", "Layer", "Limit", "default_space",
    "estimate", "figures", "goal", "chip_space",
]  # fmt: skip
