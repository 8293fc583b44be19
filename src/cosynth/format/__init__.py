"""How numbers are stored and multiplied."""

from cosynth.format.number import Assignment, Format, assignment, known, names, widest
from cosynth.format.price import ACCUMULATORS, accumulator, mac_gates, multiply_gates

__all__ = [
    "ACCUMULATORS", "Assignment", "Format", "accumulator", "assignment", "known", "mac_gates",
    "multiply_gates", "names", "widest",
]  # fmt: skip
