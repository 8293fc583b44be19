"""The best mapping of a job: a quick search first, then branch and bound from what it found."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

from cosynth.arrays import Array
from cosynth.cost import Cost, Job, bounds, price, rate
from cosynth.errors import InfeasibleError
from cosynth.format import takes
from cosynth.hardware import Engine, Hardware
from cosynth.mapper.effort import Effort
from cosynth.mapper.layout import layout, rounded
from cosynth.mapper.objective import Objective, objective_of
from cosynth.mapper.optimum import Best, counted, optimum
from cosynth.mapper.proof import Proof
from cosynth.mapper.search import mappings, whole
from cosynth.mapper.stages import keeps
from cosynth.mapping import Mapping, Traffic, buffers_twice, overflows, traffic
from cosynth.units import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping of plain numbers, its exact cost, and how far it may be from the optimum.

    `gap` is the objective divided by the bound of `proof`, less one: the optimum lies between.
    """

    mapping: Mapping
    cost: Cost
    gap: float
    proof: Proof


def best(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goal: str | Objective = "latency",
    effort: Effort | None = None,
) -> Mapped:
    """Return the best mapping found for a goal, with what is known of the optimum.

    `hardware` must be `priced` and of plain numbers. Raises InfeasibleError, naming the limit,
    when the engine cannot run the job at all or not within `Objective.latest`.
    """
    _check(job, engine)
    wanted = _wanted(goal, engine)
    chosen = effort or Effort()
    key = _key(job, engine, hardware, wanted, chosen)
    cost: Cost | None = None
    if key not in _known:
        found = _searched(job, engine, hardware, wanted, chosen)
        _known[key] = None if found is None else (found.mapping, found.proof, found.value)
        cost = found.cost if found else None
        while len(_known) > _MOST:
            _known.popitem(last=False)
    known = _known[key]
    if known is None:
        raise InfeasibleError(_why(job, engine, wanted))
    mapping, proof, value = known
    mapping = _named(mapping, job)
    if cost is None:
        cost = price(job, counted(job, mapping, layout(engine)), mapping, engine, hardware)
    return Mapped(
        mapping=mapping,
        cost=cost,
        gap=value / proof.bound - 1.0 if proof.bound > 0 else 0.0,
        proof=replace(proof, bound=proof.bound * _times(job, wanted)),
    )


# mappings found in this process: equal layers and equal chips are searched once
_known: OrderedDict[Hashable, tuple[Mapping, Proof, float] | None] = OrderedDict()
_MOST = 1 << 15


def _wanted(goal: str | Objective, engine: Engine) -> Objective:
    if isinstance(goal, Objective):
        return goal
    return objective_of(goal, [memory.name for memory in engine.memories])


def _key(job: Job, engine: Engine, hardware: Hardware, goal: Objective, effort: Effort) -> Hashable:
    """What the best mapping depends on; a quick one is shared by engines that differ little."""
    speed = float(rate(engine.compute, job))
    if effort.nodes:
        return (job.head, engine, hardware, job.factors, speed, goal, effort)
    return (
        job.head,
        rounded(engine),
        _sizes(engine),
        float(hardware.frequency),
        speed,
        goal,
        effort,
    )


def _sizes(engine: Engine) -> tuple[float, ...]:
    return tuple(float(memory.size) for memory in engine.memories)


def _times(job: Job, goal: Objective) -> int:
    """The objective of all copies of a job, in that of one."""
    times = job.einsum.repeat
    return times * times if goal.product else times


def _searched(
    job: Job, engine: Engine, hardware: Hardware, goal: Objective, effort: Effort
) -> Best | None:
    """The best of a quick search, then of the whole space as far as the effort goes."""
    name = "edp" if goal.product else "energy" if goal.energy or goal.traffic else "latency"
    clock = float(hardware.frequency)
    pace = clock * float(rate(engine.compute, job))
    asked = engine if effort.beam.all_orders else rounded(engine)
    found: Best | None = None
    for beam in dict.fromkeys((effort.beam, replace(effort.beam, careful=True))):
        known = [_named(one, job) for one in mappings(job.head, asked, pace, clock, name, beam)]
        found = optimum(job, engine, hardware, goal, effort, known)
        if found is not None:
            break
    if found is None and not effort.nodes:
        # a quick search fills the arrays, and where only less of them fits, it finds nothing
        found = optimum(job, engine, hardware, goal, replace(effort, nodes=Effort().nodes), ())
    if found is None:
        return found
    times = job.einsum.repeat
    limit = bounds(job, engine, hardware)
    latency, energy = float(limit.latency) / times, float(limit.energy) / times
    physical = latency * energy if goal.product else goal.latency * latency + goal.energy * energy
    bound = min(max(physical, found.proof.bound), found.value)
    return replace(found, proof=replace(found.proof, bound=bound))


def _named(mapping: Mapping, job: Job) -> Mapping:
    """A mapping of a job's head or of a twin of it, under the job's own names."""
    if mapping.einsum == job.name:
        return mapping
    held = {name for level in mapping.levels for name in level.keep}
    if held <= set(job.parts):
        return replace(mapping, einsum=job.name)
    own = {name: job.renamed(name) for name in job.head.parts}
    levels = (replace(lv, keep=tuple(own[name] for name in lv.keep)) for lv in mapping.levels)
    return replace(mapping, einsum=job.name, levels=tuple(levels))


def priced_mapping(
    job: Job, mapping: Mapping, engine: Engine, hardware: Hardware, goal: str | Objective
) -> Mapped | None:
    """Return a mapping of plain numbers with its exact cost, or None if a memory overflows.

    Its bound is the physical one: compute roofline and compulsory traffic.
    """
    counts = traffic(job.einsum, job.workload, mapping, engine)
    if any(needed > size for needed, size in _needs(job, counts, mapping, engine).values()):
        return None
    cost = price(job, counts, mapping, engine, hardware)
    wanted = _wanted(goal, engine)
    bound = float(wanted.value(replace(cost, latency=cost.bound.latency, energy=cost.bound.energy)))
    if wanted.traffic:
        bound = 0.0
    value = float(wanted.value(cost))
    gap = value / bound - 1.0 if bound > 0 else 0.0
    return Mapped(mapping=mapping, cost=cost, gap=gap, proof=Proof(bound=bound))


def held(job: Job, mapping: Mapping, engine: Engine) -> dict[str, tuple[Array, Array]]:
    """Memory name -> (bytes that a mapping needs there, bytes there are)."""
    return _needs(job, traffic(job.einsum, job.workload, mapping, engine), mapping, engine)


def _needs(
    job: Job, counts: Traffic, mapping: Mapping, engine: Engine
) -> dict[str, tuple[Array, Array]]:
    doubled = {memory.name: buffers_twice(memory, mapping) for memory in engine.memories}
    return overflows(counts, engine, job.bits, doubled)


def _check(job: Job, engine: Engine) -> None:
    if not rate(engine.compute, job):
        formats = " x ".join(format.name for format in job.factors)
        known = ", ".join(name for name, _ in engine.compute.rates)
        unit = engine.compute.unit
        if not takes(*job.factors, unit):
            raise InfeasibleError(
                f"{job.name}: {engine.name} is a {unit} unit, which does not multiply {formats}"
            )
        raise InfeasibleError(
            f"{job.name}: {engine.name} has no rate for {formats}; it runs {known}"
        )
    for tensor, part in job.parts.items():
        if engine.home(part) < 0:
            raise InfeasibleError(f"{job.name}: no memory may hold {tensor!r}, the {part} operand")


def _why(job: Job, engine: Engine, goal: Objective) -> str:
    """The memory that cannot hold what must live in it, in words."""
    for memory in engine.memories:
        _, home = keeps(job, engine, memory)
        bytes_needed = whole(job, home)
        if bytes_needed > memory.size:
            names = ", ".join(sorted(home))
            return (
                f"{job.name}: {memory.name} is the outermost memory that may hold {names}: "
                f"they need {show(bytes_needed, 'bytes')}, it has {show(memory.size, 'bytes')}"
            )
    if goal.latest < math.inf:
        limit = show(goal.latest, "time")
        return f"{job.name}: no mapping on {engine.name} was found to end within {limit}"
    return f"{job.name}: no tile fits the memories of {engine.name}"
