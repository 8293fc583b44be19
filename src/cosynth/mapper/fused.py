"""The best fused nest of one group: shared loops, their order and tiles, depths, engines, overlap.

Every choice has a bound that no mapping below the meeting memory can beat: units that the tile can
use, what crosses into the meeting memory, and each operand read there once a run. Choices are
priced in the order of their bounds until the next bound is no better than the best price. Runs are
mapped by `cosynth.mapper.best` with everything at home in the meeting memory, equal runs once.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass

from cosynth.cost import Cost, objective
from cosynth.errors import InfeasibleError
from cosynth.mapper.nests import Runs, engines_of, meetings, priced_nests
from cosynth.mapper.shares import FIRST, grids, rank
from cosynth.mapping.group import Family, Fused

# a sum of the best runs is the best sum of energies; other goals may want runs mapped otherwise
_UNMIXED: dict[str, tuple[str, ...]] = {
    "energy": (),
    "latency": ("runs that are slower but leave the meeting memory's port to others",),
    "edp": ("runs of one nest mapped for different goals",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much to try: shared loops beside those that cut every operand, and exact prices."""

    loops: int = 3
    prices: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedMapped:
    """A fused nest, its exact cost, a bound on all nests of the space, and what was left out.

    The bound takes runs to be as good as `best` maps them; it is proof where `best` proves.
    """

    fused: Fused
    cost: Cost
    bound: float
    priced: int
    left_out: tuple[str, ...] = ()

    def gap(self, goal: str) -> float:
        """The objective over the bound, less one: 0 is proven."""
        return float(objective(self.cost, goal)) / self.bound - 1.0 if self.bound else 0.0


def best_fused(family: Family, runs: Runs, limits: Limits | None = None) -> FusedMapped:
    """Return the best fused nest of a group for the goal of `runs`.

    Raises InfeasibleError where no memory serves, or nothing fits the one that does.
    """
    chosen = limits or Limits()
    hardware = runs.hardware
    options = [engines_of(family, hardware, at) for at in range(len(family.members))]
    names = ", ".join(one.name for one in family.members)
    memories = meetings([engine for each in options for engine in each])
    if not memories:
        raise InfeasibleError(
            f"{names}: {hardware.name} has no memory on the chip that may hold both inputs and "
            "outputs of all its engines"
        )
    left_out = dict.fromkeys(_UNMIXED[runs.goal])
    spaces = [
        grid
        for memory in memories
        for grid in grids(family, runs, options, memory, chosen.loops, left_out)
    ]
    guesses = sorted((*grid.promising(), number) for number, grid in enumerate(spaces))
    first = [
        spaces[n].choice(at)
        for guess, _, at, n in guesses[: min(FIRST, chosen.prices)]
        if math.isfinite(guess)
    ]
    choices = heapq.merge(*(grid.choices() for grid in spaces), key=rank)
    found: tuple[float, Fused, Cost] | None = None
    priced = 0
    least = math.inf
    for number, choice in enumerate(itertools.chain(first, choices)):
        if number >= len(first):
            least = choice.bound
            if found and choice.bound >= found[0] * (1 - 1e-12):
                break
            if priced >= chosen.prices:
                left_out["prices beyond the number allowed"] = None
                break
        priced += 1
        for fused, cost in priced_nests(family, runs, options, choice):
            value = float(objective(cost, runs.goal))
            if found is None or value < found[0]:
                found = value, fused, cost
    else:
        least = math.inf  # all were priced
    if found is None:
        sizes = ", ".join(f"{memory.name} has {memory.size:.0f} bytes" for memory in memories)
        raise InfeasibleError(f"{names}: no tiles of the group fit; {sizes}")
    return FusedMapped(
        fused=found[1],
        cost=found[2],
        bound=min(least, found[0]),
        priced=priced,
        left_out=tuple(left_out),
    )
