"""What a model costs on given hardware: every layer mapped, priced and placed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cosynth.hardware as hw
from cosynth.cost import Cost, Job, Silicon, Slot, earliest_finish, job, makespan, sequence, silicon
from cosynth.errors import InfeasibleError, MappingError, did_you_mean
from cosynth.format import Assignment, Format, known, widest
from cosynth.hardware import Engine, Hardware
from cosynth.mapper import Effort, Mapped, best, held, priced_mapping
from cosynth.mapping import Mapping, overflow_problems, problems
from cosynth.workload import Workload
from cosynth.workload.passes import fold, groups, prune
from cosynth.workload.passes.merge import content


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One class of equal execution groups: `count` of them, each priced as `mapped` says."""

    job: Job
    count: int
    engine: str
    mapped: Mapped

    @property
    def cost(self) -> Cost:
        """Cost of one group of the class."""
        return self.mapped.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A priced model: SI units throughout; `area` and static power come from `silicon`.

    `bound_latency` s is what no mapping and no placement on these engines can beat.
    """

    model: Workload
    hardware: Hardware
    formats: Assignment
    goal: str
    layers: tuple[Layer, ...]
    slots: tuple[Slot, ...]
    silicon: tuple[Silicon, ...]
    bound_latency: float

    @property
    def latency(self) -> float:
        """Seconds of one run."""
        return makespan(self.slots)

    @property
    def dynamic_energy(self) -> float:
        """Joules of all accesses and operations."""
        return sum(float(layer.cost.energy) * layer.count for layer in self.layers)

    @property
    def static_power(self) -> float:
        """Watts drawn whatever runs."""
        return float(sum(part.leakage for part in self.silicon))

    @property
    def energy(self) -> float:
        """Joules of one run, static power included."""
        return self.dynamic_energy + self.static_power * self.latency

    @property
    def area(self) -> float:
        """Square metres of silicon."""
        return float(sum(part.area for part in self.silicon))

    @property
    def power(self) -> float:
        """Average watts over one run."""
        return self.energy / self.latency

    @property
    def bound_energy(self) -> float:
        """Joules no mapping beats: operations, compulsory traffic, static power meanwhile."""
        moved = sum(float(layer.cost.bound.energy) * layer.count for layer in self.layers)
        return moved + self.static_power * self.bound_latency

    @property
    def limit(self) -> str:
        """The resource that is busy longest over the whole run."""
        busy: dict[str, float] = {}
        for layer in self.layers:
            for part in layer.cost.parts:
                busy[part.name] = busy.get(part.name, 0.0) + float(part.time) * layer.count
        return max(busy, key=lambda name: busy[name])

    def bytes(self) -> dict[str, int]:
        """Whole bytes of the model's tensors by role, in their formats; views own nothing."""
        total: dict[str, int] = {}
        for tensor in self.model.tensors:
            if not tensor.view_of:
                stored = known(tensor.format) if tensor.format else self.formats.of(tensor.role)
                data = stored.size(tensor.size) * tensor.repeat
                total[tensor.role] = total.get(tensor.role, 0) + data
        return total


def estimate(
    model: Workload,
    hardware: Hardware,
    formats: Assignment | None = None,
    goal: str = "latency",
    effort: Effort | None = None,
    mappings: dict[str, Mapping] | None = None,
    on_layer: Callable[[int, int], None] | None = None,
) -> Estimate:
    """Map and price every execution group of a model on some hardware.

    `mappings` prescribes mappings by the name of a layer, for all layers equal to it. `on_layer`
    hears of progress as (done, total). Raises InfeasibleError, naming layer and limit, when a
    layer cannot run at all.
    """
    chosen = formats or Assignment()
    plan = prepare(model, chosen)
    priced = hw.priced(hardware)
    choices: list[dict[str, Mapped]] = [{} for _ in plan.parts]
    given = {_position(name, plan.jobs): mapping for name, mapping in (mappings or {}).items()}
    for number, same in enumerate(plan.kinds):
        if on_layer:
            on_layer(number, len(plan.kinds))
        told = [at for at in same if at in given]
        if told:
            mapping = given[told[-1]]
            one = plan.jobs[told[-1]]
            found = {mapping.engine: _prescribed(one, mapping, priced, goal)}
        else:
            found = _mapped(plan.jobs[same[0]], priced, goal, effort)
        for at in same:
            choices[at] = found
    slots = _placed(plan, choices)
    return Estimate(
        model=model,
        hardware=hardware,
        formats=chosen,
        goal=goal,
        layers=_layers(plan.kinds, plan.jobs, choices, slots),
        slots=slots,
        silicon=silicon(priced, plan.factors),
        bound_latency=_bound(choices, priced),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What does not depend on the hardware: groups, their jobs, and which groups are equal.

    Normalisation by constants is folded into weights, and what nothing reads is left out.
    """

    graph: Workload
    parts: tuple[tuple[int, ...], ...]
    jobs: tuple[Job, ...]
    kinds: tuple[tuple[int, ...], ...]

    @property
    def factors(self) -> tuple[Format, Format]:
        """The widest pair of formats that the units must multiply."""
        pairs = [one.factors for one in self.jobs if one.einsum.contraction]
        pairs = pairs or [one.factors for one in self.jobs]
        return widest(a for a, _ in pairs), widest(b for _, b in pairs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Ground:
    """What does not depend on the formats either; `heads` are jobs that others are twins of."""

    graph: Workload
    parts: tuple[tuple[int, ...], ...]
    kinds: tuple[tuple[int, ...], ...]
    heads: dict[Hashable, Job]


@lru_cache(maxsize=64)
def _ground(model: Workload) -> _Ground:
    graph = prune(fold(model))
    parts = groups(graph)
    kinds: dict[Hashable, list[int]] = {}
    for at, group in enumerate(parts):
        kinds.setdefault(content(graph, group), []).append(at)
    return _Ground(
        graph=graph, parts=parts, kinds=tuple(tuple(same) for same in kinds.values()), heads={}
    )


@lru_cache(maxsize=64)
def prepare(model: Workload, formats: Assignment) -> Plan:
    """Group, merge and format a model once for all hardware.

    Equal heads whose operands have equal widths are twins, in whatever formats: they map alike.
    """
    ground = _ground(model)
    jobs = []
    for group in ground.parts:
        one = job(ground.graph, group, formats)
        widths = tuple(format.bits for _, format in one.formats)
        twin = ground.heads.setdefault((content(ground.graph, group[:1]), widths), one)
        jobs.append(one if twin is one else replace(one, twin=twin))
    return Plan(graph=ground.graph, parts=ground.parts, jobs=tuple(jobs), kinds=ground.kinds)


def engines_of(one: Job, hardware: Hardware) -> list[Engine]:
    """Engines that may run a job: vector work goes to vector units, where there are any."""
    wanted = "mac" if one.einsum.contraction else "vector"
    fitting = [engine for engine in hardware.engines if engine.compute.does == wanted]
    return fitting or [e for e in hardware.engines if e.compute.does == "mac"]


def _mapped(one: Job, hardware: Hardware, goal: str, effort: Effort | None) -> dict[str, Mapped]:
    found: dict[str, Mapped] = {}
    reasons = []
    for engine in engines_of(one, hardware):
        try:
            found[engine.name] = best(one, engine, hardware, goal, effort)
        except InfeasibleError as error:
            reasons.append(str(error))
    if not found:
        raise InfeasibleError(
            "\n".join(dict.fromkeys(reasons)) or f"{hardware.name} computes nothing"
        )
    return found


def _position(name: str, jobs: Sequence[Job]) -> int:
    names = [one.name for one in jobs]
    if name not in names:
        raise MappingError(f"mapping of {name!r}: no such layer{did_you_mean(name, names)}")
    return names.index(name)


def broken_rules(one: Job, mapping: Mapping, hardware: Hardware) -> tuple[str, ...]:
    """Every rule that a mapping breaks, capacity included; MappingError if it has no engine."""
    engine = _engine(one, mapping, hardware)
    wrong = problems(one.einsum, one.workload, mapping, engine)
    return tuple(wrong or overflow_problems(held(one, mapping, engine)))


def _engine(one: Job, mapping: Mapping, hardware: Hardware) -> Engine:
    engines = {engine.name: engine for engine in hardware.engines}
    if mapping.engine not in engines:
        near = did_you_mean(mapping.engine, engines)
        raise MappingError(f"mapping of {one.name!r}: no engine {mapping.engine!r}{near}")
    return engines[mapping.engine]


def _prescribed(one: Job, mapping: Mapping, hardware: Hardware, goal: str) -> Mapped:
    """Price a mapping that a person wrote; MappingError lists every rule it breaks."""
    engine = _engine(one, mapping, hardware)
    wrong = broken_rules(one, mapping, hardware)
    if wrong:
        raise MappingError("\n".join(f"mapping of {one.name!r}: {problem}" for problem in wrong))
    mapped = priced_mapping(one, mapping, engine, hardware, goal)
    assert mapped is not None
    return mapped


def _placed(plan: Plan, choices: Sequence[dict[str, Mapped]]) -> tuple[Slot, ...]:
    """One after the other on a single engine of each kind; else where each group ends first."""
    times = [{name: float(m.cost.latency) for name, m in found.items()} for found in choices]
    if all(len(found) == 1 for found in times):
        return sequence(times)
    group_of = {member: at for at, group in enumerate(plan.parts) for member in group}
    pairs = {(group_of[a], group_of[b]) for a, b in plan.graph.edges()}
    return earliest_finish(times, [pair for pair in pairs if pair[0] != pair[1]])


def _layers(
    kinds: Iterable[Sequence[int]],
    jobs: Sequence[Job],
    choices: Sequence[dict[str, Mapped]],
    slots: Sequence[Slot],
) -> tuple[Layer, ...]:
    """Equal groups on equal engines with equal mappings, counted."""
    found: list[Layer] = []
    for same in kinds:
        by_engine: dict[tuple[str, int], list[int]] = {}
        for at in same:
            engine = slots[at].engine
            by_engine.setdefault((engine, id(choices[at][engine])), []).append(at)
        found += [
            Layer(
                job=jobs[members[0]],
                count=len(members),
                engine=engine,
                mapped=choices[members[0]][engine],
            )
            for (engine, _), members in by_engine.items()
        ]
    return tuple(found)


def _bound(choices: Sequence[dict[str, Mapped]], hardware: Hardware) -> float:
    """Each group at its bound on its best engine, and no more groups at once than engines."""
    least = [min(float(m.cost.bound.latency) for m in found.values()) for found in choices]
    at_once = len(hardware.engines) if any(len(found) > 1 for found in choices) else 1
    return max(max(least, default=0.0), sum(least) / at_once)
