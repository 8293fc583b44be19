"""How a model, or one layer of it, runs best on some hardware: mappings, proofs, trade-offs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import cosynth.hardware as hw
from cosynth.codesign.estimate import Plan, engines_of, prepare
from cosynth.codesign.share import Share, limited, share
from cosynth.cost import OBJECTIVES, Job, bounds
from cosynth.errors import InfeasibleError, SpecError, did_you_mean
from cosynth.format import Assignment
from cosynth.hardware import Engine, Hardware, Memory
from cosynth.mapper import Effort, Mapped, Objective, best, objective_of
from cosynth.mapper.cuts import FusionPlan, fused
from cosynth.workload import Workload

# relative room for rounding where a mapping must be as fast as one that was found
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRequest:
    """What is wanted of mappings: `objective`, limits as text, and how hard to look.

    `layer` names one layer instead of all; `seconds` is for all of them together; `front` is how
    many trade-offs of latency against energy to find for each; `fuse` asks for groups, too.
    """

    objective: str = "latency"
    limits: tuple[str, ...] = ()
    effort: Effort | None = None
    seconds: float = math.inf
    layer: str | None = None
    front: int = 0
    fuse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedLayer:
    """One class of equal execution groups, `count` of them, mapped on its best engine.

    `value` is what was minimised, for all copies of one group; `front` holds mappings that none
    beats in both latency and energy, fastest first.
    """

    job: Job
    count: int
    engine: Engine
    mapped: Mapped
    value: float
    front: tuple[Mapped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """A plan of groups; `alone` are seconds and joules of the layers of each group without it.

    They are infinite where the plan cuts what otherwise runs as one.
    """

    plan: FusionPlan
    alone: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedModel:
    """The layers of a model, mapped; `priced` is the hardware with its energies, limits aside.

    `objective` is the text that was asked for; `fusion` the plan of groups of `graph`, if it was.
    """

    model: Workload
    graph: Workload
    hardware: Hardware
    priced: Hardware
    formats: Assignment
    objective: str
    limits: tuple[Share, ...]
    layers: tuple[MappedLayer, ...]
    fusion: Fusion | None = None

    @property
    def latency(self) -> float:
        """Seconds of all layers, one after the other."""
        return sum(float(layer.mapped.cost.latency) * layer.count for layer in self.layers)

    @property
    def energy(self) -> float:
        """Joules of all accesses and operations."""
        return sum(float(layer.mapped.cost.energy) * layer.count for layer in self.layers)

    @property
    def value(self) -> float:
        """What was minimised, summed over layers."""
        return sum(layer.value * layer.count for layer in self.layers)

    @property
    def bound(self) -> float:
        """What no mappings of these layers can beat, summed over layers."""
        return sum(layer.mapped.proof.bound * layer.count for layer in self.layers)


def map_model(
    model: Workload,
    hardware: Hardware,
    formats: Assignment | None = None,
    request: MapRequest | None = None,
    on_layer: Callable[[int, int], None] | None = None,
) -> MappedModel:
    """Map every distinct layer of a model, or the one that is named.

    `on_layer` hears of progress as (done, total). Raises InfeasibleError, naming layer and limit,
    where nothing that keeps the limits can run.
    """
    wanted = request or MapRequest()
    chosen = formats or Assignment()
    plan = prepare(model, chosen)
    kinds = _kinds(plan, wanted.layer)
    whole = hw.priced(hardware)
    memories = [n.component.name for n in whole.nodes if isinstance(n.component, Memory)]
    limits = tuple(share(text, memories) for text in wanted.limits)
    if wanted.fuse:
        _check_fusion(wanted, limits)
    mapper = _Mapper(
        hardware=whole,
        limits=limits,
        goal=objective_of(wanted.objective, memories),
        effort=wanted.effort or Effort(),
        until=time.monotonic() + wanted.seconds,
    )
    layers = []
    for done, (at, count) in enumerate(kinds):
        if on_layer:
            on_layer(done, len(kinds) + wanted.fuse)
        layers.append(mapper.layer(plan.jobs[at], count, wanted.front, len(kinds) - done))
    fusion = None
    if wanted.fuse:
        if on_layer:
            on_layer(len(kinds), len(kinds) + 1)
        found = fused(plan.graph, limited(whole, limits), chosen, wanted.objective.strip())
        fusion = Fusion(plan=found, alone=_alone(found, plan, layers))
    return MappedModel(
        model=model,
        graph=plan.graph,
        hardware=hardware,
        priced=whole,
        formats=chosen,
        objective=wanted.objective.strip(),
        limits=limits,
        layers=tuple(layers),
        fusion=fusion,
    )


def _kinds(plan: Plan, layer: str | None) -> list[tuple[int, int]]:
    """Of each class of equal layers one, or the one that is named; and how many there are."""
    if layer is None:
        return [(same[0], len(same)) for same in plan.kinds]
    names = [one.name for one in plan.jobs]
    if layer not in names:
        near = did_you_mean(layer, names) or f"; there are {_some(names)}"
        raise SpecError(f"--layer {layer!r}: no such layer{near}")
    at = names.index(layer)
    return [(at, next(len(same) for same in plan.kinds if at in same))]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _within(one: Job, engine: Engine, chip: Hardware, goal: Objective, effort: Effort) -> Mapped:
    """The best mapping; where none was found that is early enough, the fastest may be."""
    try:
        return best(one, engine, chip, goal, effort)
    except InfeasibleError:
        if math.isinf(goal.latest):
            raise
        fastest = best(one, engine, chip, Objective(latency=1.0), effort)
        if float(fastest.cost.latency) > goal.latest:
            raise
        # what nothing can beat at any time, nothing can beat in time
        anytime = best(one, engine, chip, replace(goal, latest=math.inf), effort)
        return replace(fastest, proof=anytime.proof)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mapper:
    """Maps layers for one goal under limits; all end by `until`, a time of the monotonic clock."""

    hardware: Hardware
    limits: tuple[Share, ...]
    goal: Objective
    effort: Effort
    until: float

    def layer(self, one: Job, count: int, points: int, left: int) -> MappedLayer:
        """The best mapping of a layer; `left` layers share the time that is left."""
        allowed = self._shared(left)
        if not math.isinf(allowed.seconds):
            # two ends and the points between
            allowed = replace(allowed, seconds=allowed.seconds / (1 + (points and points + 1)))
        mapped = self._best(one, self.limits, allowed)
        front = self._front(one, points, allowed) if points else ()
        for other in front:
            # where a search was cut short, one for something else may have found better
            if float(self.goal.value(other.cost)) < float(self.goal.value(mapped.cost)):
                mapped = replace(other, proof=mapped.proof)
        value = float(self.goal.value(mapped.cost))
        engines = {engine.name: engine for engine in self.hardware.engines}
        bound = mapped.proof.bound
        return MappedLayer(
            job=one,
            count=count,
            engine=engines[mapped.mapping.engine],
            mapped=replace(mapped, gap=value / bound - 1.0 if bound > 0 else math.inf),
            value=value,
            front=front,
        )

    def _shared(self, left: int) -> Effort:
        if math.isinf(self.until):
            return self.effort
        seconds = max(self.until - time.monotonic(), 0.0) / left
        return replace(self.effort, seconds=min(seconds, self.effort.seconds))

    def _best(self, one: Job, limits: tuple[Share, ...], effort: Effort) -> Mapped:
        try:
            return _on_best_engine(one, self.hardware, limits, self.goal, effort)
        except InfeasibleError as error:
            if not limits:
                raise
            raise InfeasibleError(self._why(one, limits, effort, str(error))) from None

    def _why(self, one: Job, limits: tuple[Share, ...], effort: Effort, reason: str) -> str:
        """Which limit, if one alone, leaves nothing that can run."""
        broken = []
        for limit in limits:
            rest = tuple(other for other in limits if other is not limit)
            try:
                _on_best_engine(one, self.hardware, rest, self.goal, effort)
            except InfeasibleError:
                continue
            broken.append(limit)
        if not broken:
            try:
                _on_best_engine(one, self.hardware, (), self.goal, effort)
            except InfeasibleError as error:
                return str(error)
        names = ", ".join(map(str, broken or limits))
        several = "limits" if len(broken or limits) > 1 else "limit"
        said = f"{one.name}: nothing keeps the {several} {names}"
        least = broken[0] if len(broken) == 1 else None
        if least is None or least.kind != "utilisation":
            return f"{said}; {reason}"
        rest = tuple(other for other in limits if other is not least)
        fastest = _on_best_engine(one, self.hardware, rest, Objective(latency=1.0), effort)
        reached = float(fastest.cost.utilisation)
        most = reached * float(fastest.cost.latency) / fastest.proof.bound
        if most < least.share:
            return f"{said}; none can reach more than {most:.3g}"
        return (
            f"{said} among those looked at; the fastest reaches {reached:.3g}, the bound leaves "
            f"room up to {min(most, 1.0):.3g}: prove it, or allow more seconds"
        )

    def _front(self, one: Job, points: int, effort: Effort) -> tuple[Mapped, ...]:
        """Least energy under ever earlier ends, between the fastest and the most frugal mapping."""
        chip = self.limits
        fastest = _on_best_engine(one, self.hardware, chip, Objective(latency=1.0), effort)
        first = float(fastest.cost.latency)
        frugal = Objective(energy=1.0)
        found = [_on_best_engine(one, self.hardware, chip, frugal, effort)]
        last = float(found[0].cost.latency)
        steps = max(points - 1, 1)
        for step in range(1, points):
            latest = last * (first / last) ** (step / steps) * (1 + _ROUNDING)
            if float(found[-1].cost.latency) <= latest and step < points - 1:
                continue
            goal = replace(frugal, latest=latest)
            found.append(_on_best_engine(one, self.hardware, chip, goal, effort))
        return _undominated(found)


def _undominated(found: Iterable[Mapped]) -> tuple[Mapped, ...]:
    """Mappings that none beats in both latency and energy, fastest first."""
    kept: list[Mapped] = []
    for one in sorted(found, key=lambda m: (float(m.cost.latency), float(m.cost.energy))):
        if not kept or float(one.cost.energy) < float(kept[-1].cost.energy) * (1 - _ROUNDING):
            kept.append(one)
    return tuple(kept)


def _on_best_engine(
    one: Job, hardware: Hardware, limits: tuple[Share, ...], goal: Objective, effort: Effort
) -> Mapped:
    """The best mapping over the engines that may run a job, within limits."""
    chip = limited(hardware, limits)
    use = max((limit.share for limit in limits if limit.kind == "utilisation"), default=0.0)
    found: list[Mapped] = []
    reasons: dict[str, None] = {}
    for engine in engines_of(one, chip):
        asked = goal
        if use:
            latest = float(bounds(one, engine, hardware).compute) / use * (1 + _ROUNDING)
            asked = replace(goal, latest=min(goal.latest, latest))
        try:
            found.append(_within(one, engine, chip, asked, effort))
        except InfeasibleError as error:
            reasons[str(error)] = None
    if not found:
        raise InfeasibleError("\n".join(reasons) or f"{hardware.name} computes nothing")
    return min(found, key=lambda mapped: float(goal.value(mapped.cost)))


def _check_fusion(wanted: MapRequest, limits: Iterable[Share]) -> None:
    name = wanted.objective.strip()
    if name not in OBJECTIVES:
        raise SpecError(f"--fuse: groups are chosen for {', '.join(OBJECTIVES)}, not {name!r}")
    if wanted.layer is not None:
        raise SpecError("--fuse: groups are of a whole model; leave --layer out")
    if any(limit.kind == "utilisation" for limit in limits):
        raise SpecError("--fuse: a least utilisation is of one layer, not of groups")


def _alone(
    found: FusionPlan, plan: Plan, layers: Sequence[MappedLayer]
) -> tuple[tuple[float, float], ...]:
    """Seconds and joules of the layers of each group, one after the other."""
    costs = [
        (set(plan.parts[at]), layer.mapped.cost)
        for same, layer in zip(plan.kinds, layers, strict=True)
        for at in same
    ]
    alone = []
    for group in found.groups:
        inside = [(part, cost) for part, cost in costs if part <= set(group.positions)]
        whole = set().union(*(part for part, _ in inside)) == set(group.positions)
        total = [
            sum(float(one) for one in each)
            for each in zip(*((cost.latency, cost.energy) for _, cost in inside), strict=True)
        ]
        alone.append((total[0], total[1]) if whole else (math.inf, math.inf))
    return tuple(alone)
