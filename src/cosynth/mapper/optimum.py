"""The optimum of one problem: least bound, its price, and every mapping whose bound lies between.

The bound of a decided mapping is its price unless sizes do not divide each other. Then the price of
what was found is the limit below which every other mapping is priced too, so that what remains is
the optimum; where an interval of tiles is too wide to be priced size by size, the gap says so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from cosynth.cost import Cost, Job, price
from cosynth.hardware import Engine, Hardware
from cosynth.mapper.effort import Effort
from cosynth.mapper.exact import PACE, Search
from cosynth.mapper.improve import improved
from cosynth.mapper.layout import layout
from cosynth.mapper.objective import Objective
from cosynth.mapper.proof import Proof
from cosynth.mapper.table import TooLargeError
from cosynth.mapping import Mapping, Traffic, buffers_twice, overflows, problems, traffic

# steps of the first improvement, at most
_STEPS = 240_000
LEFT_OUT = (
    "more than one loop over a rank in the block of one memory",
    "loops over a rank on several array dimensions in another order than that of the dimensions",
    "operands of one memory kept at different depths of the loops above it",
    "loops of arrays that split a tile of a rank beyond 12 and save no step of it",
)
# relative difference of two orders of the same additions
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """A mapping, its cost, and what is known of the optimum; objective values are of one copy."""

    mapping: Mapping
    cost: Cost
    value: float
    proof: Proof


@lru_cache(maxsize=1 << 14)
def counted(job: Job, mapping: Mapping, structure: Engine) -> Traffic:
    """Traffic of a mapping on all engines of one structure; twins are counted together."""
    if job.twin is None:
        return traffic(job.einsum, job.workload, mapping, structure)
    own = {name: job.renamed(name) for name in job.head.parts}
    theirs = {name: other for other, name in own.items()}
    levels = (replace(lv, keep=tuple(theirs[name] for name in lv.keep)) for lv in mapping.levels)
    alike = replace(mapping, einsum=job.head.name, levels=tuple(levels))
    found = counted(job.head, alike, structure)
    counts = (replace(count, tensor=own[count.tensor]) for count in found.counts)
    return replace(found, counts=tuple(counts))


@dataclass(slots=True)
class _Incumbent:
    """The best mapping priced so far."""

    job: Job
    engine: Engine
    hardware: Hardware
    goal: Objective
    value: float = math.inf
    best: tuple[Mapping, Cost] | None = None
    seen: set[Mapping] = field(default_factory=set)

    def consider(self, mapping: Mapping, *, legal: bool = False) -> float:
        """Price a mapping and keep it if it is the best; inf if it cannot run.

        One that is known to be `legal` is asked for its room only.
        """
        if mapping in self.seen:
            return math.inf
        self.seen.add(mapping)
        job, engine = self.job, self.engine
        if not legal and problems(job.einsum, job.workload, mapping, engine):
            return math.inf
        counts = counted(job, mapping, layout(engine))
        doubled = {memory.name: buffers_twice(memory, mapping) for memory in engine.memories}
        if any(held > size for held, size in overflows(counts, engine, job.bits, doubled).values()):
            return math.inf
        cost = price(job, counts, mapping, engine, self.hardware)
        if float(cost.latency) > self.goal.latest * (1 + ROUNDING):
            return math.inf
        times = job.einsum.repeat ** (2 if self.goal.product else 1)
        value = float(self.goal.value(cost)) / times
        # of mappings as good, the one of least energy
        known = self.best[1].energy if self.best else math.inf
        alike = value <= self.value * (1 + ROUNDING)
        if value < self.value or (alike and cost.energy < known):
            self.value, self.best = min(value, self.value), (mapping, cost)
        return value


def optimum(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goal: Objective,
    effort: Effort,
    known: Iterable[Mapping] = (),
) -> Best | None:
    """Return the best mapping found; None if none fits, or the effort was spent before one was.

    `known` mappings are priced first: what they reach need not be searched.
    """
    best = _Incumbent(job, engine, hardware, goal)
    for mapping in known:
        best.consider(mapping, legal=True)
    state = _Progress(budget=effort.nodes, deadline=time.monotonic() + effort.seconds)
    if effort.nodes:
        try:
            _search(best, state, effort)
        except TooLargeError as error:
            state.cuts = (f"not searched beyond the quick mappings: {error}",)
    if best.best is None:
        return None
    mapping, cost = best.best
    return Best(
        mapping=mapping,
        cost=cost,
        value=best.value,
        proof=Proof(
            bound=min(state.bound, best.value),
            nodes=state.nodes,
            cuts=state.cuts,
            left_out=LEFT_OUT,
        ),
    )


@dataclass(slots=True)
class _Progress:
    """What a search has spent and what it has shown."""

    budget: int
    deadline: float
    nodes: int = 0
    bound: float = 0.0
    cuts: tuple[str, ...] = ()


def _search(best: _Incumbent, state: _Progress, effort: Effort) -> None:
    """Improve on what is known, then search all of the space as far as the effort goes."""
    job, engine, hardware, goal = best.job, best.engine, best.hardware, best.goal
    steps = int(min(state.budget // 2, _STEPS, effort.seconds * PACE))
    if best.best is not None and steps:
        state.nodes += improved(job, engine, hardware, goal, best.best, steps, best.consider)
    # first whole choices of what is kept, then, where intervals do not tell, plan by plan
    for eager in (False, True):
        search = Search.of(job, engine, hardware, goal, eager=eager)
        search.deadline = state.deadline
        left = max(state.budget - state.nodes, 0)
        least, found, ended = search.least(best.value * (1 - ROUNDING), left)
        state.nodes += search.nodes
        state.cuts = search.cuts()
        if found.number[0]:
            best.consider(search.mapping(found, 0))
        state.bound = max(state.bound, min(least, best.value))
        if not ended:
            state.cuts += ("stopped before the end: the effort was spent",)
            return
        if best.value <= least * (1 + ROUNDING):
            return
    state.bound = max(state.bound, _between(search, best, least, effort))


def _between(search: Search, best: _Incumbent, least: float, effort: Effort) -> float:
    """Price the mappings whose bound is below the best price; return the bound that is left."""
    unresolved = math.inf
    for _ in range(20):
        limit = best.value * (1 - ROUNDING)
        if math.isinf(limit) and least > 0:
            limit = 2 * least
        found, ended = search.below(limit, effort.priced, effort.nodes + search.nodes)
        number = int(found.number[0])
        unresolved = math.inf
        for row in np.argsort(found.value[:number], kind="stable"):
            bound = float(found.value[row])
            if bound >= best.value * (1 - ROUNDING):
                break
            value = best.consider(search.mapping(found, int(row)))
            if value > bound * (1 + ROUNDING) and not search.pointed(found, int(row)):
                unresolved = min(unresolved, bound)
        if ended and math.isfinite(best.value):
            return min(unresolved, best.value)
        if ended:
            # nothing found can run as it is: look further
            least = limit
        elif best.value * (1 - ROUNDING) >= limit:
            return least
    return min(least, best.value)
