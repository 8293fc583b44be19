"""Tiles over time: when each operand's tile enters a memory and how long it stays, step by step."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from cosynth.hardware import Engine
from cosynth.mapping import Loop, Mapping
from cosynth.workload import Einsum

MOST_STEPS = 32  # that a row draws


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A loop in time above a memory: it has `trips`, of which the first `shown` are drawn."""

    rank: str
    trips: int
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A tile of an operand in a memory for `length` steps; `again` if it has been there before."""

    start: int
    length: int
    tile: tuple[int, ...]
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One operand at one memory: its stays, in order; over the whole run there are `loads`."""

    tensor: str
    loads: int
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One memory: the loops in time above it, outermost first, and a lane for each operand."""

    level: str
    steps: tuple[Step, ...]
    lanes: tuple[Lane, ...]

    @property
    def length(self) -> int:
        """Steps that are drawn."""
        return math.prod(step.shown for step in self.steps)


def rows(mapping: Mapping, einsum: Einsum, engine: Engine) -> tuple[Row, ...]:
    """Return a row for each memory that keeps something, outermost first.

    Of each loop the first steps are drawn, so that a row has at most `MOST_STEPS`. A tile leaves
    when a loop over a rank of its operand advances; loops along arrays make copies, no steps.
    """
    memories = {memory.name for memory in engine.memories}
    ranks = {access.tensor: set(access.ranks) for access in (*einsum.inputs, einsum.output)}
    left = dict(einsum.sizes)
    outside: list[tuple[str, int]] = []
    found = []
    for level in mapping.levels:
        if level.name in memories and level.keep:
            steps = _shown(outside)
            lanes = tuple(_lane(name, ranks[name], steps) for name in level.keep if name in ranks)
            found.append(Row(level=level.name, steps=steps, lanes=lanes))
        for loop in level.loops:
            trips = _trips(loop, left)
            if loop.dimension is None and trips > 1:
                outside.append((loop.rank, trips))
    return tuple(found)


def _trips(loop: Loop, left: dict[str, int]) -> int:
    trips = -(-left[loop.rank] // int(loop.tile))
    left[loop.rank] = int(loop.tile)
    return trips


def _shown(loops: list[tuple[str, int]]) -> tuple[Step, ...]:
    """Two steps of each loop, the innermost first, then more of them while there is room."""
    shown = [1] * len(loops)
    for most in (2, MOST_STEPS):
        for at in reversed(range(len(loops))):
            room = MOST_STEPS * shown[at] // math.prod(shown)
            shown[at] = max(shown[at], min(loops[at][1], most, room))
    return tuple(
        Step(rank=rank, trips=trips, shown=drawn)
        for (rank, trips), drawn in zip(loops, shown, strict=True)
    )


def _lane(tensor: str, ranks: set[str], steps: tuple[Step, ...]) -> Lane:
    own = [at for at, step in enumerate(steps) if step.rank in ranks]
    inside = max(own, default=-1) + 1
    stays: list[Stay] = []
    seen: set[tuple[int, ...]] = set()
    before: tuple[int, ...] | None = None
    for start, point in enumerate(itertools.product(*(range(step.shown) for step in steps))):
        if point[:inside] == before:
            stays[-1] = replace(stays[-1], length=stays[-1].length + 1)
            continue
        before, tile = point[:inside], tuple(point[at] for at in own)
        stays.append(Stay(start=start, length=1, tile=tile, again=tile in seen))
        seen.add(tile)
    loads = math.prod(step.trips for step in steps[:inside])
    return Lane(tensor=tensor, loads=loads, stays=tuple(stays))
