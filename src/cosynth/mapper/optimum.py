"""The optimum of one problem: least bound, its price, and every mapping whose bound lies between.

The bound of a decided mapping is its price unless sizes do not divide each other. Then the price of
what was found is the limit below which every other mapping is priced too, so that what remains is
the optimum; where an interval of tiles is too wide to be priced size by size, the gap says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from cosynth.cost import Cost, Job, price
from cosynth.hardware import Engine, Hardware
from cosynth.mapper.branch import Found
from cosynth.mapper.exact import Search
from cosynth.mapper.objective import Objective
from cosynth.mapper.proof import Proof
from cosynth.mapping import Mapping, buffers_twice, overflows, problems, traffic

# bounds computed by default, and mappings priced beyond the one of least bound
NODES, PRICED = 1_000_000, 4_000
# relative difference of two orders of the same additions
ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """A mapping, its cost, and what is known of the optimum; objective values are of one copy."""

    mapping: Mapping
    cost: Cost
    value: float
    proof: Proof


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

    def consider(self, mapping: Mapping) -> float:
        """Price a mapping and keep it if it is the best; inf if it cannot run."""
        if mapping in self.seen:
            return math.inf
        self.seen.add(mapping)
        job, engine = self.job, self.engine
        if problems(job.einsum, job.workload, mapping, engine):
            return math.inf
        counts = traffic(job.einsum, job.workload, mapping, engine)
        doubled = {memory.name: buffers_twice(memory, mapping) for memory in engine.memories}
        if any(held > size for held, size in overflows(counts, engine, job.bits, doubled).values()):
            return math.inf
        cost = price(job, counts, mapping, engine, self.hardware)
        if float(cost.latency) > self.goal.latest * (1 + ROUNDING):
            return math.inf
        times = job.einsum.repeat ** (2 if self.goal.product else 1)
        value = float(self.goal.value(cost)) / times
        if value < self.value:
            self.value, self.best = value, (mapping, cost)
        return value


def optimum(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goal: Objective,
    nodes: int = NODES,
    priced: int = PRICED,
) -> Best | None:
    """Return the best mapping found; None if none fits, or none was found with `nodes` bounds."""
    search = Search.of(job, engine, hardware, goal)
    least, found, ended = search.least(nodes)
    best = _Incumbent(job, engine, hardware, goal)
    if found is not None:
        for mapping in search.mappings(found, 0):
            best.consider(mapping)
        if ended and best.value > least * (1 + ROUNDING):
            least = _between(search, best, least, nodes, priced)
    if best.best is None:
        return None
    mapping, cost = best.best
    return Best(
        mapping=mapping,
        cost=cost,
        value=best.value,
        proof=Proof(bound=min(least, best.value), nodes=search.nodes),
    )


def _between(
    search: Search, best: _Incumbent, least: float, nodes: int, priced: int
) -> float:
    """Price the mappings whose bound is below the best price; return the bound that is left."""
    limit = best.value
    if math.isinf(limit):
        # nothing that was found can run as it is: look a little further
        limit = least * 2
    found, ended = search.below(limit * (1 - ROUNDING), priced, nodes)
    left = math.inf if ended else least
    rows = np.argsort(found.value[: found.number[0]], kind="stable")
    for row in rows:
        bound = float(found.value[row])
        if bound >= best.value * (1 - ROUNDING):
            break
        value = min(best.consider(mapping) for mapping in search.mappings(found, int(row)))
        if value > bound * (1 + ROUNDING) and not search.pointed(found, int(row)):
            left = min(left, bound)
    if math.isinf(best.value) and ended:
        return _between_wider(search, best, limit, nodes, priced)
    return min(left, best.value)


def _between_wider(
    search: Search, best: _Incumbent, limit: float, nodes: int, priced: int
) -> float:
    if search.roots[-1] * 1e9 < limit:
        return math.inf
    return _between(search, best, limit, nodes, priced)
