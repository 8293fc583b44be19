"""Exact counts to time, energy and area."""

from cosynth.cost.area import Silicon, silicon
from cosynth.cost.cycles import Timeline, cycles
from cosynth.cost.job import Job, job
from cosynth.cost.layer import bounds, byte_energies, price, rate
from cosynth.cost.orders import Machine, Order
from cosynth.cost.result import OBJECTIVES, Bound, Cost, Part, objective
from cosynth.cost.schedule import Slot, earliest_finish, makespan, sequence

__all__ = [
    "OBJECTIVES", "Bound", "Cost", "Job", "Machine", "Order", "Part", "Silicon", "Slot", "Timeline",
    "bounds", "byte_energies", "cycles", "earliest_finish", "job", "makespan", "objective",
    "price", "rate", "sequence", "silicon",
]  # fmt: skip
