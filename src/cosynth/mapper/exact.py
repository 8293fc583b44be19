"""The best mapping with its proof: the relaxation solved to the end, its solutions priced exactly.

The bound of `cosynth.mapper.bound` never exceeds the price. The search finds the mapping of least
bound; if its price is the bound, nothing can be better. If ragged pieces make it dearer, every
mapping whose bound lies between is priced as well.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cosynth.cost import Job
from cosynth.hardware import Engine, Hardware, Memory, SpatialArray
from cosynth.mapper.branch import Floats, Found, floors, nothing_found, planned, plans, walk
from cosynth.mapper.objective import Objective
from cosynth.mapper.orders import Integers, Orders, no_orders
from cosynth.mapper.table import Chip, Shape, chip, ranks_of, shape
from cosynth.mapping import Level, Loop, Mapping, operands

# the limit of the search grows by these factors over the bound at the root until a mapping is found
_GROWTH = (1.0 + 1e-9, 1.02, 1.05, 1.1, 1.2, 1.4, 1.7, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is kept where, and which memories hold two tiles: masks and flags per memory."""

    keeps: tuple[int, ...]
    doubled: tuple[int, ...]


def choices(job: Job, engine: Engine, goal: Objective) -> tuple[Choice, ...]:
    """Every set of kept operands at every memory, and every choice of holding two tiles."""
    uses = [(access.tensor, part) for access, part in operands(job.einsum, job.workload)]
    masks: list[list[int]] = []
    for memory in engine.memories:
        home = 0
        optional: dict[str, int] = {}
        for at, (tensor, part) in enumerate(uses):
            if part not in memory.keeps:
                continue
            if engine.levels[engine.home(part)] is memory:
                home |= 1 << at
            else:
                optional[tensor] = optional.get(tensor, 0) | 1 << at
        sets = itertools.chain.from_iterable(
            itertools.combinations(optional.values(), n) for n in range(len(optional), -1, -1)
        )
        masks.append([home | sum(chosen) for chosen in sets])
    found = []
    for keeps in itertools.product(*masks):
        streams = [
            any(
                mask >> at & 1 and engine.levels[engine.home(part)] is not memory
                for at, (_, part) in enumerate(uses)
            )
            for mask, memory in zip(keeps, engine.memories, strict=True)
        ]
        options = [
            (1,) if memory.double_buffered else (0, 1) if flows and goal.timed else (0,)
            for memory, flows in zip(engine.memories, streams, strict=True)
        ]
        found += [Choice(keeps=keeps, doubled=doubled) for doubled in itertools.product(*options)]
    return tuple(found)


# bounds computed for what one memory adds at least
_FLOOR = 20_000
# plans of one choice, at most
_PLANS = 20_000


@dataclass(slots=True)
class _Branch:
    """A choice and a plan of instances, with the bound of all its mappings."""

    choice: int
    cap: Integers
    floor: Floats
    least: float


@dataclass(slots=True)
class Search:
    """One problem under search: its arrays, and what is known of its optimum."""

    job: Job
    engine: Engine
    chip: Chip
    shape: Shape
    orders: Orders
    choices: tuple[Choice, ...]
    roots: list[float]
    branches: dict[tuple[int, bytes], _Branch]
    nodes: int = 0

    @classmethod
    def of(
        cls, job: Job, engine: Engine, hardware: Hardware, goal: Objective, *, strict: bool = True
    ) -> Search:
        """Lay the problem out and bound every choice of what is kept where."""
        side, form = chip(job, engine, hardware, goal), shape(job.head)
        made = choices(job, engine, goal)
        table = no_orders(len(side.stored), len(form.sizes), strict=strict)
        open_cap = np.full((len(side.memory), len(form.sizes)), -1, dtype=np.int64)
        nothing = np.zeros(len(side.capacity) + 1)
        roots = [
            planned(side, form, np.array(c.keeps), np.array(c.doubled), open_cap, nothing)
            for c in made
        ]
        order = sorted(range(len(made)), key=roots.__getitem__)
        return cls(
            job=job,
            engine=engine,
            chip=side,
            shape=form,
            orders=table,
            choices=tuple(made[at] for at in order),
            roots=[roots[at] for at in order],
            branches={},
        )

    def least(self, budget: int = 1 << 62) -> tuple[float, Found | None, bool]:
        """(least bound of any mapping, that mapping, whether the search came to its end)."""
        found = self._room(1)
        if not self.roots or math.isinf(self.roots[0]):
            return math.inf, None, True
        proven = self.roots[0]
        for factor in _GROWTH if proven > 0 else (math.inf,):
            limit = factor * self.roots[0] if math.isfinite(factor) else math.inf
            end = self._below(limit, budget, True, found)
            if end < 0:
                return proven, found if found.number[0] else None, False
            if found.number[0]:
                return float(found.value[0]), found, True
            proven = limit
        return math.inf, None, True

    def below(self, limit: float, room: int, budget: int = 1 << 62) -> tuple[Found, bool]:
        """All mappings with a bound below a limit, and whether these are all."""
        found = self._room(room)
        end = self._below(limit, budget, False, found)
        return found, end >= 0

    def _room(self, room: int) -> Found:
        return nothing_found(len(self.chip.memory), len(self.shape.sizes), room)

    def _below(self, limit: float, budget: int, best: bool, found: Found) -> float:
        for branch in self._branches(limit):
            if branch.least >= limit:
                break
            self._deepened(branch)
            if branch.least >= limit:
                continue
            choice = self.choices[branch.choice]
            limit = walk(
                self.chip, self.shape, self.orders, np.array(choice.keeps),
                np.array(choice.doubled), branch.choice, branch.cap, branch.floor, 1, limit,
                budget, best, found,
            )  # fmt: skip
            if limit < 0:
                break
        self.nodes += int(found.nodes[0])
        found.nodes[0] = 0
        return limit

    def _branches(self, limit: float) -> list[_Branch]:
        """Choices and plans with a bound below a limit, least first."""
        nothing = np.zeros(len(self.chip.capacity) + 1)
        room = self._room(1)
        found = []
        for at, (choice, least) in enumerate(zip(self.choices, self.roots, strict=True)):
            if least >= limit:
                break
            keeps, doubled = np.array(choice.keeps), np.array(choice.doubled)
            caps, values = plans(
                self.chip, self.shape, keeps, doubled, nothing, limit,
                self.orders.strict > 0, _PLANS,
            )  # fmt: skip
            for cap, value in zip(caps, values, strict=True):
                key = at, cap.tobytes()
                if key not in self.branches:
                    self.branches[key] = _Branch(at, cap.copy(), nothing, float(value))
                found.append(self.branches[key])
        return sorted(found, key=lambda branch: branch.least)

    def _deepened(self, branch: _Branch) -> None:
        """Bound a branch by what every memory adds at least."""
        if branch.floor.any():
            return
        choice = self.choices[branch.choice]
        keeps, doubled = np.array(choice.keeps), np.array(choice.doubled)
        branch.floor = floors(
            self.chip, self.shape, self.orders, keeps, doubled, branch.cap, _FLOOR, self._room(1)
        )
        branch.least = planned(
            self.chip, self.shape, keeps, doubled, branch.cap, branch.floor
        )

    def pointed(self, found: Found, row: int) -> bool:
        """Whether all intervals of a mapping hold one size."""
        at = found.tile[row]
        ranks = np.arange(at.shape[1])
        return bool((self.shape.low[ranks, at] == self.shape.high[ranks, at]).all())

    def mappings(self, found: Found, row: int) -> Iterator[Mapping]:
        """Mappings of plain tiles inside the intervals of one that was found."""
        choice = self.choices[int(found.choice[row])]
        for tiles in self._tiles(found.tile[row]):
            yield self._nest(tiles, found.order[row], choice)

    def _tiles(self, intervals: Integers) -> Iterator[Integers]:
        """Sizes per stage and rank: multiples of what stands below where the interval has one."""
        low, high = self.shape.low, self.shape.high
        stages, ranks = intervals.shape
        tiles = np.ones((stages, ranks), dtype=np.int64)
        for rank in range(ranks):
            below = 1
            inside = int(intervals[-1, rank])
            for stage in reversed(range(stages)):
                at = int(intervals[stage, rank])
                if at != inside or stage == stages - 1:
                    least = int(low[rank, at])
                    multiple = -(-least // below) * below
                    below = multiple if multiple <= high[rank, at] else least
                    inside = at
                tiles[stage, rank] = below
        yield tiles

    def _nest(self, tiles: Integers, order: Integers, choice: Choice) -> Mapping:
        names = ranks_of(self.job)
        uses = [access.tensor for access, _ in operands(self.job.einsum, self.job.workload)]
        left = [int(size) for size in self.shape.sizes]
        memories = [memory.name for memory in self.engine.memories]
        levels = []
        stage = 0
        for level in self.engine.levels:
            loops: list[Loop] = []
            if isinstance(level, Memory):
                row = int(order[stage])
                ranks: Iterable[int] = range(len(names))
                if row >= 0:
                    inward = [int(rank) for rank in self.orders.sequence[row] if rank >= 0]
                    ranks = reversed(inward)
                loops = self._loops(ranks, tiles[stage], left, None)
                at = memories.index(level.name)
                kept = [t for i, t in enumerate(uses) if choice.keeps[at] >> i & 1]
                levels.append(
                    Level(
                        name=level.name,
                        keep=tuple(dict.fromkeys(kept)),
                        loops=tuple(loops),
                        double_buffered=bool(choice.doubled[at]) and not level.double_buffered,
                    )
                )
                stage += 1
            elif isinstance(level, SpatialArray):
                for dimension in level.dimensions:
                    loops += self._loops(range(len(names)), tiles[stage], left, dimension.name)
                    stage += 1
                levels.append(Level(name=level.name, loops=tuple(loops)))
        return Mapping(einsum=self.job.name, engine=self.engine.name, levels=tuple(levels))

    def _loops(
        self, ranks: Iterable[int], tiles: Integers, left: list[int], dimension: str | None
    ) -> list[Loop]:
        names = ranks_of(self.job)
        loops = []
        for rank in ranks:
            tile = int(tiles[rank])
            if tile < left[rank]:
                loops.append(Loop(rank=names[rank], tile=tile, dimension=dimension))
                left[rank] = tile
        return loops
