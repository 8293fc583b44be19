"""Temporary bridge until `best` answers with a proof."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosynth.cost import Cost, Job
from cosynth.errors import InfeasibleError
from cosynth.hardware import Engine, Hardware
from cosynth.mapper.best import best as heuristic
from cosynth.mapper.objective import Objective
from cosynth.mapper.optimum import optimum
from cosynth.mapper.proof import Proof
from cosynth.mapping import Mapping
from dataclasses import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    mapping: Mapping
    cost: Cost
    gap: float
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    nodes: int = 100_000
    seconds: float = math.inf


PROVE = Effort(nodes=1 << 60)


def best(
    job: Job, engine: Engine, hardware: Hardware, goal: Objective, effort: Effort | None = None
) -> Mapped:
    chosen = effort or Effort()
    name = (
        "edp" if goal.product else "latency" if goal.latency or goal.latest < math.inf else "energy"
    )
    first = heuristic(job, engine, hardware, name).mapping
    found = optimum(job, engine, hardware, goal, nodes=chosen.nodes, known=[first])
    if found is None:
        raise InfeasibleError(f"{job.name}: no mapping on {engine.name} fits")
    times = job.einsum.repeat ** (2 if goal.product else 1)
    return Mapped(
        mapping=found.mapping,
        cost=found.cost,
        gap=found.value / found.proof.bound - 1,
        proof=replace(found.proof, bound=found.proof.bound * times),
    )
