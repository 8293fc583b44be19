"""Where each piece runs, and the exact traffic that follows."""

from cosynth.mapping.nest import Level, Loop, Mapping
from cosynth.mapping.traffic import Counts, Traffic, operands, part_of, traffic

__all__ = ["Counts", "Level", "Loop", "Mapping", "Traffic", "operands", "part_of", "traffic"]
