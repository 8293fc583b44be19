"""An operand that passes a memory by on its way further in: how often its tile is loaded there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosynth.arrays import Array
from cosynth.hardware import Memory


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Onward:
    """What does not depend on the order of loops, for every candidate tile of the memory.

    `fits` says whether the operand's tile of `elements` fits where it goes; `once` are its
    elements if it is an output. `trips` are the steps over each rank that the memory's loops split;
    loops chosen before them step over its ranks `changing` times, over others `idle` times.
    `steps` are all of these together.
    """

    ranks: tuple[str, ...]
    bits: float
    output: bool
    above: Memory
    fits: Array
    elements: Array
    once: float
    changing: int
    idle: int
    steps: Array
    trips: dict[str, Array]

    def loads(self, order: Sequence[str]) -> Array:
        """Times that a tile is loaded if it can stay, in an order of loops, outermost first."""
        stays: Array = True
        loads: Array = 1.0
        for rank in reversed(order):
            if rank not in self.trips:
                continue
            trips = self.trips[rank]
            if rank in self.ranks:
                stays = stays & (trips == 1)
            elif stays is True:
                continue
            loads = loads * np.where(stays, 1.0, trips)
        if self.changing > 1:
            return loads * self.changing * self.idle
        return loads * self.changing * np.where(stays, 1.0, self.idle)
