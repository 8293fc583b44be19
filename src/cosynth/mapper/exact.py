"""The mapping of least bound: best first over what is kept where and plans, depth first below.

All that is not looked at yet stands in one queue, by the least that any mapping of it can cost. The
head of the queue is therefore a bound of the whole problem at any time.
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cosynth.cost import Job
from cosynth.hardware import Engine, Hardware
from cosynth.mapper.branch import Floats, Found, States, nothing_found, raise_floor, walk
from cosynth.mapper.choices import Choice, choices
from cosynth.mapper.nested import nested, pointed, sizes
from cosynth.mapper.objective import Objective
from cosynth.mapper.orders import Integers, Orders, no_orders
from cosynth.mapper.plans import decisions, planned, refined, unplanned
from cosynth.mapper.sizes import Partition
from cosynth.mapper.state import STATE
from cosynth.mapper.table import Chip, Shape, chip, shape
from cosynth.mapping import Mapping

# how far above its bound a plan is searched, each time it comes up again
_STEPS = (1e-9, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
# bounds computed for what one memory and all further in add at least
_FLOOR = 5_000
# bounds computed under a plan before it gets floors of its own
_FIRST = 20_000, 400_000
# bounds a second, for searches with a limit of time
PACE = 500_000


@dataclass(slots=True, eq=False)
class _Branch:
    """A choice, the instances decided so far, and the least that any such mapping can cost."""

    choice: int
    cap: Integers
    taken: int
    floor: Floats
    least: float
    entered: bool = False  # whether its floors were raised
    tries: int = 0
    own: bool = False  # whether its floors are those of its plan


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
    listed: Integers
    eager: bool
    scratch: States
    queue: list[tuple[float, int, _Branch]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=itertools.count)
    known: dict[tuple[object, ...], float] = field(default_factory=dict)
    entered: int = 0
    plans: int = 0
    walked: int = 0
    nodes: int = 0
    deadline: float = math.inf

    @classmethod
    def of(
        cls,
        job: Job,
        engine: Engine,
        hardware: Hardware,
        goal: Objective,
        *,
        eager: bool = False,
        parts: tuple[Partition, ...] | None = None,
    ) -> Search:
        """Lay the problem out and bound every choice of what is kept where.

        With `eager`, plans are decided before any tile. Ranks are cut as `parts` says.
        """
        side, form = chip(job, engine, hardware, goal), shape(job.head, parts)
        found = cls(
            job=job,
            engine=engine,
            goal=goal,
            chip=side,
            shape=form,
            orders=no_orders(side.operands, form.ranks, strict=staying_can_cost(side)),
            choices=choices(job, engine, goal),
            listed=decisions(side, form),
            eager=eager,
            scratch=np.zeros(2, dtype=STATE),
        )
        cap = np.full((side.stages, form.ranks), -1, dtype=np.int64)
        floor = np.zeros((side.memories + 1, 2))
        keeps = np.array([choice.keeps for choice in found.choices])
        doubled = np.array([choice.doubled for choice in found.choices])
        bounds = unplanned(found.scratch, side, form, keeps, doubled)
        for at, least in enumerate(bounds.tolist()):
            found._push(_Branch(at, cap, 0, floor, least))
        return found

    def least(self, limit: float = math.inf, budget: int = 1 << 62) -> tuple[float, Found, bool]:
        """(bound of all mappings, the mapping of least bound below a limit, whether at the end).

        At the end, nothing below the limit is left but what was found.
        """
        found = nothing_found(self.chip.stages, self.shape.ranks, 1)
        # a branch is gone for good only if it is no better than what is known
        priced = limit
        first = min(max(budget // 8, _FIRST[0]), _FIRST[1])
        while self.queue and self.queue[0][0] < limit:
            if self._spent(budget):
                return self.queue[0][0], found, False
            branch = self._head(priced, budget)
            if branch is None:
                continue
            step = _STEPS[branch.tries] if branch.tries < len(_STEPS) else math.inf
            bar = min(limit, branch.least * (1 + step)) if branch.least > 0 else limit
            most = budget if branch.own else min(budget, self.nodes + first)
            before = found.number[0], float(found.value[0])
            end = self._walk(branch, bar, most, True, found)
            if (found.number[0], float(found.value[0])) != before:
                # better ones are of interest only from here on
                limit = float(found.value[0])
            if end >= 0:
                branch.tries += 1
                branch.least = max(branch.least, end)
                self._push(branch)
            elif self._spent(budget) or branch.own:
                self._push(branch)
            elif branch.taken < len(self.listed):
                self._split(branch, priced, budget)
            else:
                self._deepen(branch)
                self._push(branch)
        return limit, found, True

    def below(self, limit: float, room: int, budget: int = 1 << 62) -> tuple[Found, bool]:
        """All mappings with a bound below a limit, and whether these are all."""
        found = nothing_found(self.chip.stages, self.shape.ranks, room)
        ready: list[_Branch] = []
        ended = True
        while ended and self.queue and self.queue[0][0] < limit:
            if self._spent(budget):
                ended = False
                break
            branch = self._head(limit, budget)
            if branch is None:
                continue
            ready.append(branch)
            ended = self._walk(branch, limit, budget, False, found) >= 0
        for branch in ready:
            self._push(branch)
        return found, ended

    def cuts(self) -> tuple[str, ...]:
        """By which argument how much was not looked at, in words."""
        total = len(self.choices)
        return (
            f"{total - self.entered} of {total} choices of what is kept where: bounded before any "
            "loop is placed",
            f"{self.plans - self.walked} of {self.plans} ways to fill the arrays: bounded by the "
            "steps and what instances share",
            f"{self.nodes:,} bounds of partial mappings decided the rest",
        )

    def pointed(self, found: Found, row: int) -> bool:
        """Whether all intervals of a mapping hold one size."""
        return pointed(self.shape, found.tile[row])

    def mapping(self, found: Found, row: int) -> Mapping:
        """A mapping of plain tiles inside the intervals of one that was found."""
        choice = self.choices[int(found.choice[row])]
        tiles = sizes(self.shape, found.tile[row])
        return nested(self.job, self.engine, tiles, found.order[row], self.orders, choice)

    def _head(self, limit: float, budget: int) -> _Branch | None:
        """Take the head of the queue if it can be searched; else take it a step further: None."""
        _, _, branch = heapq.heappop(self.queue)
        if not branch.entered:
            self._enter(branch)
            self._push(branch)
        elif self.eager and branch.taken < len(self.listed):
            self._split(branch, limit, budget)
        else:
            return branch
        return None

    def _push(self, branch: _Branch) -> None:
        heapq.heappush(self.queue, (branch.least, next(self.number), branch))

    def _spent(self, budget: int) -> bool:
        return self.nodes > budget or time.monotonic() > self.deadline

    def _masks(self, branch: _Branch) -> tuple[Integers, Integers]:
        choice = self.choices[branch.choice]
        return np.array(choice.keeps), np.array(choice.doubled)

    def _bounded(self, branch: _Branch) -> float:
        """Bound of a branch by its instances and floors."""
        keeps, doubled = self._masks(branch)
        return float(
            planned(self.scratch, self.chip, self.shape, keeps, doubled, branch.cap, branch.floor)
        )

    def _enter(self, branch: _Branch) -> None:
        """Raise the floors of a choice."""
        self.entered += 1
        self._raise(branch)
        branch.entered = True

    def _split(self, branch: _Branch, limit: float, budget: int) -> None:
        """Decide one more number of instances, each way a branch of its own."""
        keeps, doubled = self._masks(branch)
        stage, rank = self.listed[branch.taken]
        ways, values, computed = refined(
            self.scratch, self.chip, self.shape, keeps, doubled, branch.floor, branch.cap,
            self.listed, branch.taken, limit, max(1, budget - self.nodes),
        )  # fmt: skip
        self.nodes += computed
        if self.nodes > budget:
            self._push(branch)
            return
        for way, value in zip(ways.tolist(), values.tolist(), strict=True):
            cap = branch.cap.copy()
            cap[stage, rank] = way
            least = max(branch.least, value)
            child = _Branch(branch.choice, cap, branch.taken + 1, branch.floor, least, True)
            child.tries = branch.tries
            self.plans += 1
            self._push(child)

    def _walk(self, branch: _Branch, limit: float, budget: int, best: bool, found: Found) -> float:
        """Search under a plan; return the limit at the end, -1 if the budget was spent first."""
        self.walked += branch.taken > 0 and not branch.own
        keeps, doubled = self._masks(branch)
        found.nodes[0] = self.nodes
        if self.deadline < math.inf:
            left = max(self.deadline - time.monotonic(), 0.0)
            budget = min(budget, self.nodes + int(left * PACE))
        end = walk(
            self.scratch, self.chip, self.shape, self.orders, keeps, doubled, branch.choice,
            branch.cap, branch.floor, 1, False, branch.least, limit, budget, best, found,
        )  # fmt: skip
        self.nodes = int(found.nodes[0])
        return float(end)

    def _deepen(self, branch: _Branch) -> None:
        """Give a plan floors of its own."""
        branch.floor = branch.floor.copy()
        branch.own = True
        self._raise(branch)

    def _raise(self, branch: _Branch) -> None:
        """Bound a branch by what its inner memories add at least.

        Seconds follow from instances: they are bounded under a whole plan only.
        """
        keeps, doubled = self._masks(branch)
        floor = branch.floor.copy()
        memories = self.chip.memories
        room = nothing_found(self.chip.stages, self.shape.ranks, 1)
        room.nodes[0] = self.nodes
        for since in range(memories, 0, -1):
            for timed in (False, True) if self.goal.timed and branch.own else (False,):
                if since == 1 and not timed:
                    continue
                # one tile at a time leaves more room: what is added then is a bound for two
                held = doubled if timed else np.zeros_like(doubled)
                key = self._inner(branch, since, held, timed)
                if key not in self.known:
                    raise_floor(
                        self.scratch, self.chip, self.shape, self.orders, keeps, held,
                        branch.cap, floor, since, timed, _FLOOR, room,
                    )  # fmt: skip
                    self.known[key] = float(floor[since, int(timed)])
                floor[since, int(timed)] = max(branch.floor[since, int(timed)], self.known[key])
        self.nodes = int(room.nodes[0])
        branch.floor = floor
        branch.least = max(branch.least, self._bounded(branch))

    def _inner(
        self, branch: _Branch, since: int, doubled: Integers, timed: bool
    ) -> tuple[object, ...]:
        """What the optimum of a memory and all further in depends on."""
        choice = self.choices[branch.choice]
        above = [
            max(
                (memory for memory in range(since) if choice.keeps[memory] >> operand & 1),
                default=-1,
            )
            for operand in range(self.chip.operands)
        ]
        first = int(self.chip.start[max(min(above), 0)])
        return (
            since,
            timed,
            choice.keeps[since:],
            tuple(doubled[since:].tolist()),
            tuple(above),
            branch.cap[first:].tobytes(),
        )


def staying_can_cost(chip: Chip) -> bool:
    """Whether sums that stay longer can cost more: not where time and links do not matter.

    A tile of sums that enters a memory more often is added to less often there. What that saves
    there, leaving takes; but transfers take time one by one, and links carry additions only.
    """
    return bool(chip.weight_time > 0 or chip.latest < np.inf or np.any(chip.weight_link > 0))
