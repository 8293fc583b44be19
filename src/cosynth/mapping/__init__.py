"""Where each piece runs, and the exact traffic that follows."""

from cosynth.mapping.footprint import distinct
from cosynth.mapping.legality import (
    buffers_twice,
    overflow_problems,
    overflows,
    problems,
    rank_kinds,
    unrolls,
)
from cosynth.mapping.nest import Level, Loop, Mapping
from cosynth.mapping.text import read, write
from cosynth.mapping.traffic import Counts, Inflow, Traffic, inflow, operands, part_of, traffic

__all__ = [
    "Counts",
    "Inflow",
    "Level",
    "Loop",
    "Mapping",
    "Traffic",
    "buffers_twice", "distinct",
    "inflow",
    "operands",
    "overflow_problems",
    "overflows",
    "part_of",
    "problems",
    "rank_kinds",
    "read",
    "traffic",
    "unrolls",
    "write",
]  # fmt: skip
