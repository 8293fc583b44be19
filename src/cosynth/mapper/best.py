"""The best mapping of a job: what the search proposes, priced exactly, and its gap to the bound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from cosynth.arrays import Array
from cosynth.cost import Cost, Job, objective, price, rate
from cosynth.errors import InfeasibleError
from cosynth.hardware import Engine, Hardware
from cosynth.mapper.layout import layout, rounded
from cosynth.mapper.search import Effort, mappings, whole
from cosynth.mapper.stages import keeps
from cosynth.mapping import Mapping, Traffic, buffers_twice, overflows, traffic
from cosynth.units import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping of plain numbers, its exact cost, and how far it may be from the optimum.

    `gap` is the objective divided by its physical bound, less one: the optimum lies between.
    """

    mapping: Mapping
    cost: Cost
    gap: float


def best(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goal: str = "latency",
    effort: Effort | None = None,
) -> Mapped:
    """Return the best mapping found for `goal` (latency, energy or edp).

    `hardware` must be `priced` and of plain numbers. Raises InfeasibleError, naming the limit,
    when the engine cannot run the job at all.
    """
    _check(job, engine)
    chosen = effort or Effort()
    for tried in dict.fromkeys((chosen, replace(chosen, careful=True))):
        found = [
            mapped
            for mapping in _proposed(job, engine, float(hardware.frequency), goal, tried)
            if (mapped := _priced(job, mapping, engine, hardware, goal))
        ]
        if found:
            return min(found, key=lambda mapped: float(objective(mapped.cost, goal)))
    raise InfeasibleError(_why(job, engine))


def _proposed(
    job: Job, engine: Engine, frequency: float, goal: str, effort: Effort
) -> tuple[Mapping, ...]:
    """Mappings of a job's head; a quick search is shared by engines that differ little."""
    # a unit that is slower in the twin's formats may want other tiles
    clock = frequency * float(rate(engine.compute, job))
    asked = engine if effort.all_orders else rounded(engine)
    return mappings(job.head, asked, clock, goal, effort)


def priced_mapping(
    job: Job, mapping: Mapping, engine: Engine, hardware: Hardware, goal: str
) -> Mapped | None:
    """Return a mapping of plain numbers with its exact cost, or None if a memory overflows."""
    counts = traffic(job.einsum, job.workload, mapping, engine)
    return _with_cost(job, mapping, counts, engine, hardware, goal)


def held(job: Job, mapping: Mapping, engine: Engine) -> dict[str, tuple[Array, Array]]:
    """Memory name -> (bytes that a mapping needs there, bytes there are)."""
    return _needs(job, traffic(job.einsum, job.workload, mapping, engine), mapping, engine)


def _priced(
    job: Job, mapping: Mapping, engine: Engine, hardware: Hardware, goal: str
) -> Mapped | None:
    """Price a mapping of a job's head, under the job's own names."""
    counts = _counted(job.head, mapping, layout(engine))
    if job.twin:
        own = {name: job.renamed(name) for name in job.twin.parts}
        named = (replace(count, tensor=own[count.tensor]) for count in counts.counts)
        counts = replace(counts, counts=tuple(named))
        levels = (replace(lv, keep=tuple(own[name] for name in lv.keep)) for lv in mapping.levels)
        mapping = replace(mapping, einsum=job.name, levels=tuple(levels))
    return _with_cost(job, mapping, counts, engine, hardware, goal)


def _with_cost(
    job: Job, mapping: Mapping, counts: Traffic, engine: Engine, hardware: Hardware, goal: str
) -> Mapped | None:
    if any(needed > size for needed, size in _needs(job, counts, mapping, engine).values()):
        return None
    cost = price(job, counts, mapping, engine, hardware)
    bound = {"latency": cost.bound.latency, "energy": cost.bound.energy}
    bound["edp"] = bound["latency"] * bound["energy"]
    return Mapped(mapping=mapping, cost=cost, gap=float(objective(cost, goal) / bound[goal]) - 1.0)


@lru_cache(maxsize=1 << 14)
def _counted(job: Job, mapping: Mapping, layout: Engine) -> Traffic:
    return traffic(job.einsum, job.workload, mapping, layout)


def _needs(
    job: Job, counts: Traffic, mapping: Mapping, engine: Engine
) -> dict[str, tuple[Array, Array]]:
    doubled = {memory.name: buffers_twice(memory, mapping) for memory in engine.memories}
    return overflows(counts, engine, job.bits, doubled)


def _check(job: Job, engine: Engine) -> None:
    if not rate(engine.compute, job):
        formats = " x ".join(format.name for format in job.factors)
        known = ", ".join(name for name, _ in engine.compute.rates)
        raise InfeasibleError(
            f"{job.name}: {engine.name} has no rate for {formats}; it runs {known}"
        )
    for tensor, part in job.parts.items():
        if engine.home(part) < 0:
            raise InfeasibleError(f"{job.name}: no memory may hold {tensor!r}, the {part} operand")


def _why(job: Job, engine: Engine) -> str:
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
    return f"{job.name}: no tile fits the memories of {engine.name}"
