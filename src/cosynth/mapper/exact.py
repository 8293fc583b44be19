"""The best mapping with its proof: the relaxation solved to the end, its solutions priced exactly.

The bound of `cosynth.mapper.bound` never exceeds the price. The search finds the mapping of least
bound; if its price is the bound, nothing can be better. If ragged pieces make it dearer, every
mapping whose bound lies between is priced as well.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from cosynth.cost import Job
from cosynth.hardware import Engine, Hardware, Memory, SpatialArray
from cosynth.mapper.branch import (
    Floats,
    Found,
    States,
    nothing_found,
    planned,
    plans,
    raise_floor,
    walk,
)
from cosynth.mapper.choices import Choice, choices
from cosynth.mapper.objective import Objective
from cosynth.mapper.orders import Integers, Orders, no_orders
from cosynth.mapper.state import STATE
from cosynth.mapper.table import Chip, Shape, chip, ranks_of, shape
from cosynth.mapping import Level, Loop, Mapping, operands

# the limit of the search grows by these factors over the least bound until a mapping is found
_GROWTH = (1.0 + 1e-9, 1.01, 1.03, 1.07, 1.15, 1.3, 1.6, 2.0, 3.0, 6.0, 20.0, 100.0, math.inf)
# bounds computed for what one memory and all further in add at least
_FLOOR = 30_000
# plans of one choice, at most
_PLANS = 20_000
# bounds computed to list the plans of one choice, at least
_LISTED = 15_000
# bounds a second, for searches with a limit of time
_PACE = 500_000


@dataclass(slots=True)
class _Branch:
    """A choice and a plan of instances, with the bound of all its mappings."""

    choice: int
    cap: Integers
    floor: Floats | None
    least: float
    done: bool = False


@dataclass(slots=True)
class Search:
    """One problem under search: its arrays, and what is known of its optimum."""

    job: Job
    engine: Engine
    goal: Objective
    chip: Chip
    shape: Shape
    orders: Orders
    choices: tuple[Choice, ...]
    roots: list[float]
    branches: dict[tuple[int, bytes], _Branch]
    known: dict[tuple[object, ...], tuple[float, float]]
    scratch: States
    nodes: int = 0
    deadline: float = math.inf
    unlisted: float = math.inf
    listed: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, job: Job, engine: Engine, hardware: Hardware, goal: Objective, *, strict: bool = True
    ) -> Search:
        """Lay the problem out and bound every choice of what is kept where."""
        side, form = chip(job, engine, hardware, goal), shape(job.head)
        made = choices(job, engine, goal)
        scratch = np.zeros(2, dtype=STATE)
        open_cap = np.full((side.stages, form.ranks), -1, dtype=np.int64)
        nothing = np.zeros((side.memories + 1, 2))
        roots = [
            planned(scratch, side, form, np.array(c.keeps), np.array(c.doubled), open_cap, nothing)
            for c in made
        ]
        order = sorted(range(len(made)), key=roots.__getitem__)
        return cls(
            job=job,
            engine=engine,
            goal=goal,
            chip=side,
            shape=form,
            orders=no_orders(side.operands, form.ranks, strict=strict),
            choices=tuple(made[at] for at in order),
            roots=[roots[at] for at in order],
            branches={},
            known={},
            scratch=scratch,
        )

    def least(self, limit: float = math.inf, budget: int = 1 << 62) -> tuple[float, Found, bool]:
        """(bound of all mappings, the mapping of least bound below a limit, whether at the end).

        At the end, nothing below the limit is left but what was found.
        """
        found = self._room(1)
        if not self.roots or self.roots[0] >= limit:
            return limit, found, True
        base = self.roots[0]
        for factor in _GROWTH if base > 0 else (math.inf,):
            bar = min(limit, factor * base) if math.isfinite(factor) else limit
            branches = self._branches(bar, budget)
            if branches and not any(branch.done for branch in self.branches.values()):
                # floors lift the first bounds a good way: grow from there
                base = max(base, min(self._deepened(branch) for branch in branches[:1]))
            top = bar
            for branch in branches:
                if self._spent(budget):
                    return self._open(limit, top), found, False
                if self._deepened(branch) >= bar:
                    continue
                bar = self._walk(branch, bar, budget, True, found)
                if bar < 0:
                    return self._open(limit, top), found, False
            if found.number[0]:
                least = min(float(found.value[0]), self.unlisted)
                return least, found, least == float(found.value[0])
            for branch in branches:
                branch.least = max(branch.least, bar)
            if bar >= limit:
                return min(limit, self.unlisted), found, self.unlisted >= limit
        return limit, found, True

    def _open(self, limit: float, top: float) -> float:
        """Bound of all that was not looked at; branches below `top` are known."""
        left = [branch.least for branch in self.branches.values()]
        return min([limit, top, self.unlisted, *left])

    def _spent(self, budget: int) -> bool:
        return self.nodes > budget or time.monotonic() > self.deadline

    def cuts(self, limit: float) -> tuple[str, ...]:
        """By which argument how much was not looked at, in words."""
        total = len(self.choices)
        far = sum(root >= limit for root in self.roots)
        listed = len(self.branches)
        deep = sum(
            branch.floor is not None and branch.least >= limit for branch in self.branches.values()
        )
        return (
            f"{far} of {total} choices of what is kept where: bounded before any loop is placed",
            f"{deep} of {listed} ways to fill the arrays: bounded by the optimum of the inner "
            f"memories",
            f"{self.nodes:,} bounds of partial mappings decided the rest",
        )

    def below(self, limit: float, room: int, budget: int = 1 << 62) -> tuple[Found, bool]:
        """All mappings with a bound below a limit, and whether these are all."""
        found = self._room(room)
        for branch in self._branches(limit, budget):
            if self._spent(budget):
                return found, False
            if self._deepened(branch) >= limit:
                continue
            if self._walk(branch, limit, budget, False, found) < 0:
                return found, False
        return found, self.unlisted >= limit

    def _room(self, room: int) -> Found:
        return nothing_found(self.chip.stages, self.shape.ranks, room)

    def _masks(self, branch: _Branch) -> tuple[Integers, Integers]:
        choice = self.choices[branch.choice]
        return np.array(choice.keeps), np.array(choice.doubled)

    def _walk(self, branch: _Branch, limit: float, budget: int, best: bool, found: Found) -> float:
        keeps, doubled = self._masks(branch)
        assert branch.floor is not None
        found.nodes[0] = self.nodes
        if self.deadline < math.inf:
            left = max(self.deadline - time.monotonic(), 0.0)
            budget = min(budget, self.nodes + int(left * _PACE))
        limit = walk(
            self.scratch, self.chip, self.shape, self.orders, keeps, doubled, branch.choice,
            branch.cap, branch.floor, 1, False, limit, budget, best, found,
        )  # fmt: skip
        self.nodes = int(found.nodes[0])
        return limit

    def _branches(self, limit: float, budget: int, wider: float = 1.3) -> list[_Branch]:
        """Choices and plans with a bound below a limit, least first.

        Plans are listed up to a `wider` limit, for the next time.
        """
        nothing = np.zeros((self.chip.memories + 1, 2))
        for at, (choice, least) in enumerate(zip(self.choices, self.roots, strict=True)):
            if least >= limit:
                break
            if self.listed.get(at, 0.0) >= limit:
                continue
            self.listed[at] = ahead = min(wider * limit, math.inf)
            keeps, doubled = np.array(choice.keeps), np.array(choice.doubled)
            caps, values, complete = plans(
                self.scratch, self.chip, self.shape, keeps, doubled, nothing, ahead,
                self.orders.strict > 0, _PLANS, max(_LISTED, budget // 8),
            )  # fmt: skip
            if not complete:
                self.unlisted = min(self.unlisted, least)
            if not self.orders.strict:
                caps, values = self._told_apart(caps, values)
            for cap, value in zip(caps, values, strict=True):
                key = at, cap.tobytes()
                if key not in self.branches:
                    self.branches[key] = _Branch(at, cap.copy(), None, float(value))
        found = [branch for branch in self.branches.values() if branch.least < limit]
        return sorted(found, key=lambda branch: branch.least)

    def _told_apart(self, caps: Integers, values: Floats) -> tuple[Integers, Floats]:
        """One plan of those that give every rank as many instances on dimensions of each kind."""
        chip = self.chip
        kinds: dict[tuple[int, ...], list[int]] = {}
        for stage in range(chip.stages):
            if chip.memory[stage] < 0:
                # dimensions next to each other that share alike: all between two memories
                above = int((chip.memory[:stage] >= 0).sum())
                kinds.setdefault((above, int(chip.united[stage])), []).append(stage)
        if not kinds or not len(caps):
            return caps, values
        whole = [np.abs(caps[:, stages]).prod(axis=1) for stages in kinds.values()]
        _, first = np.unique(np.concatenate(whole, axis=1), axis=0, return_index=True)
        return caps[np.sort(first)], values[np.sort(first)]

    def _deepened(self, branch: _Branch) -> float:
        """Bound a branch by what its inner memories add at least."""
        if branch.floor is not None:
            return branch.least
        keeps, doubled = self._masks(branch)
        memories = self.chip.memories
        floor = np.zeros((memories + 1, 2))
        room = self._room(1)
        room.nodes[0] = self.nodes
        timed = self.goal.timed
        for since in range(memories, 0, -1):
            key = self._inner(branch, since)
            if key not in self.known:
                for seconds in (False, True) if timed else (False,):
                    if since > 1 or seconds:
                        raise_floor(
                            self.scratch, self.chip, self.shape, self.orders, keeps, doubled,
                            branch.cap, floor, since, seconds, _FLOOR, room,
                        )  # fmt: skip
                self.known[key] = float(floor[since, 0]), float(floor[since, 1])
            floor[since] = self.known[key]
        self.nodes = int(room.nodes[0])
        branch.floor = floor
        branch.least = max(
            branch.least,
            planned(self.scratch, self.chip, self.shape, keeps, doubled, branch.cap, floor),
        )
        branch.done = True
        return branch.least

    def _inner(self, branch: _Branch, since: int) -> tuple[object, ...]:
        """What the optimum of a memory and all further in depends on."""
        choice = self.choices[branch.choice]
        memories = self.chip.memories
        above = [
            max(memory for memory in range(since) if choice.keeps[memory] >> operand & 1)
            if any(choice.keeps[memory] >> operand & 1 for memory in range(since))
            else -1
            for operand in range(self.chip.operands)
        ]
        first = int(self.chip.start[max(min(above), 0)])
        return (
            since,
            choice.keeps[since:],
            choice.doubled[since:] if since < memories else (),
            tuple(above),
            branch.cap[first:].tobytes(),
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
        left = [int(size) for size in self.shape.sizes[: self.shape.ranks]]
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
