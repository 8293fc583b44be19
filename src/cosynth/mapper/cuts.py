"""Which einsums of a graph run fused: the best way to cut its order of execution into groups.

Groups run one after the other, so the best plan of the first n parts is the best of: a plan of
fewer parts, and one group of the rest. Equal groups are mapped once. Where a group holds a whole
softmax with its weighted sum, the form in one pass is tried besides, in blocks of every divisor.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from cosynth.cost import Cost, job, objective
from cosynth.cost.tile import Words
from cosynth.errors import InfeasibleError
from cosynth.format import Assignment
from cosynth.hardware import Hardware
from cosynth.mapper.best import Mapped, best
from cosynth.mapper.fused import FusedMapped, Limits, best_fused
from cosynth.mapper.nests import Runs
from cosynth.mapping.group import Family, Fused, family
from cosynth.workload import Workload
from cosynth.workload.passes.fuse import groups
from cosynth.workload.passes.merge import content
from cosynth.workload.passes.online import Softmax, divisors, online, softmaxes

Part = tuple[int, ...]
# what a plan of a whole graph may spend on each group
QUICK = Limits(loops=2, prices=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """Einsums that run as one: `mapped` where they are one part alone, else `fused`.

    `block` is the block of positions where a softmax runs in one pass; 0 where none does.
    """

    names: tuple[str, ...]
    positions: tuple[int, ...]
    cost: Cost
    mapped: Mapped | None = None
    fused: Fused | None = None
    block: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionPlan:
    """Groups in the order they run; latency and energy are their sums. `alone` is without fusion.

    `left_out` says in words what was not tried.
    """

    groups: tuple[PlannedGroup, ...]
    latency: float
    energy: float
    alone: tuple[float, float]
    left_out: tuple[str, ...] = ()


def fused(
    workload: Workload,
    hardware: Hardware,
    formats: Assignment | None = None,
    goal: str = "latency",
    limits: Limits | None = None,
    longest: int = 8,
) -> FusionPlan:
    """Return the best plan of a graph's groups on a chip; `hardware` must be `priced`.

    `longest` limits the parts of a group. Raises InfeasibleError where a part cannot run at all.
    """
    words = Words(formats=formats or Assignment(), functions={})
    planner = _Planner(
        workload=workload,
        runs=Runs(hardware=hardware, goal=goal, words=words),
        limits=limits or QUICK,
    )
    cuts = parts(workload)
    alone = [planner.alone(part) for part in cuts]
    plans: list[list[_Plan]] = [[_Plan(latency=0.0, energy=0.0, groups=())]]
    for end in range(1, len(cuts) + 1):
        found: list[_Plan] = []
        for start in range(max(0, end - longest), end):
            group = alone[start] if end - start == 1 else planner.group(cuts[start:end])
            if group is not None:
                found += [plan.then(group) for plan in plans[start]]
        plans.append(_kept(found, goal))
    last = min(plans[-1], key=lambda plan: plan.value(goal))
    left_out = dict.fromkeys(text for group in last.groups for text in group.left_out)
    if len(cuts) > longest:
        left_out[f"groups of more than {longest} parts"] = None
    left_out["groups whose parts do not stand next to each other in the order of execution"] = None
    return FusionPlan(
        groups=last.groups,
        latency=last.latency,
        energy=last.energy,
        alone=(
            sum(float(group.cost.latency) for group in alone),
            sum(float(group.cost.energy) for group in alone),
        ),
        left_out=tuple(left_out),
    )


def parts(workload: Workload) -> tuple[Part, ...]:
    """Execution groups; what reads its own last step drains nothing and into nothing."""
    found: list[Part] = []
    for group in groups(workload):
        scans = any(
            workload.einsums[at].output.tensor in {a.tensor for a in workload.einsums[at].inputs}
            for at in group
        )
        found += [(at,) for at in group] if scans else [group]
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    latency: float
    energy: float
    groups: tuple[PlannedGroup, ...]

    def then(self, group: PlannedGroup) -> _Plan:
        return _Plan(
            latency=self.latency + float(group.cost.latency),
            energy=self.energy + float(group.cost.energy),
            groups=(*self.groups, group),
        )

    def value(self, goal: str) -> float:
        known = {"latency": self.latency, "energy": self.energy}
        return known[goal] if goal in known else self.latency * self.energy


def _kept(plans: list[_Plan], goal: str) -> list[_Plan]:
    """The best plan; for a product, every plan that none beats in both."""
    if goal in {"latency", "energy"}:
        return [min(plans, key=lambda plan: plan.value(goal))]
    kept: list[_Plan] = []
    for plan in sorted(plans, key=lambda plan: (plan.latency, plan.energy)):
        if not kept or plan.energy < kept[-1].energy:
            kept.append(plan)
    return kept


@dataclass(frozen=True, kw_only=True, eq=False)
class _Planner:
    """Maps groups of one graph, equal ones once."""

    workload: Workload
    runs: Runs
    limits: Limits
    known: dict[Hashable, tuple[FusedMapped, int] | None] = field(default_factory=dict)
    single: dict[Hashable, Mapped] = field(default_factory=dict)

    def alone(self, part: Part) -> PlannedGroup:
        """One part as it runs without fusion, on its best engine."""
        key = content(self.workload, part)
        if key not in self.single:
            self.single[key] = self._mapped(part)
        mapped = self.single[key]
        return PlannedGroup(
            names=self._names(part), positions=part, cost=mapped.cost, mapped=mapped
        )

    def _mapped(self, part: Part) -> Mapped:
        one = job(self.workload, part, self.runs.words.formats)
        wanted = "mac" if one.einsum.contraction else "vector"
        engines = self.runs.hardware.engines
        fitting = [engine for engine in engines if engine.compute.does == wanted]
        found: list[Mapped] = []
        reasons: dict[str, None] = {}
        for engine in fitting or engines:
            try:
                found.append(best(one, engine, self.runs.hardware, self.runs.goal))
            except InfeasibleError as error:
                reasons[str(error)] = None
        if not found:
            raise InfeasibleError("\n".join(reasons))
        return min(found, key=lambda mapped: _value(mapped.cost, self.runs.goal))

    def group(self, cuts: tuple[Part, ...]) -> PlannedGroup | None:
        """Several parts fused, in whichever form of softmax is best; None where they cannot be."""
        shared = family(self.workload, cuts)
        if shared is None or not _connected(shared):
            return None
        positions = tuple(at for part in cuts for at in part)
        leaving = tuple(sorted(shared.writer[name] for name in shared.leaves))
        key = content(self.workload, positions), tuple(map(len, cuts)), leaving
        if key not in self.known:
            self.known[key] = min(
                self._forms(shared, positions),
                key=lambda found: _value(found[0].cost, self.runs.goal),
                default=None,
            )
        found = self.known[key]
        if found is None:
            return None
        mapped, block = found
        return PlannedGroup(
            names=self._names(positions),
            positions=positions,
            cost=mapped.cost,
            fused=mapped.fused,
            block=block,
            left_out=mapped.left_out,
        )

    def _forms(self, shared: Family, positions: Part) -> Iterator[tuple[FusedMapped, int]]:
        """The group as it stands, and with its softmax in one pass over blocks of each size."""
        tried = [(shared, 0)]
        for softmax in softmaxes(self.workload):
            places = {softmax.top, softmax.powers, softmax.total, softmax.shares, softmax.mixed}
            if places <= set(positions):
                for block in divisors(softmax.size)[:-1]:
                    found = _in_one_pass(self.workload, softmax, block, positions)
                    if found is not None:
                        tried.append((found, block))
        for one, block in tried:
            try:
                yield best_fused(one, self.runs, self.limits), block
            except InfeasibleError:
                continue

    def _names(self, positions: Part) -> tuple[str, ...]:
        return tuple(self.workload.einsums[at].name for at in positions)


def _value(cost: Cost, goal: str) -> float:
    return float(objective(cost, goal))


def _connected(shared: Family) -> bool:
    """Whether inside tensors link all members."""
    reached, pending = {0}, [0]
    links: dict[int, set[int]] = {at: set() for at in range(len(shared.members))}
    for tensor in shared.inside:
        for reader in shared.readers[tensor]:
            links[reader].add(shared.writer[tensor])
            links[shared.writer[tensor]].add(reader)
    while pending:
        for other in links[pending.pop()] - reached:
            reached.add(other)
            pending.append(other)
    return len(reached) == len(shared.members)


def _in_one_pass(
    workload: Workload, softmax: Softmax, block: int, positions: Part
) -> Family | None:
    """What the same group shares once its softmax runs in one pass."""
    changed = online(workload, softmax, block)
    sizes = {softmax.top: 3, softmax.total: 2, softmax.shares: 0, softmax.mixed: 3}
    wanted: set[int] = set()
    at = 0
    for old in range(len(workload.einsums)):
        count = sizes.get(old, 1)
        if old in positions:
            wanted.update(range(at, at + count))
        at += count
    cuts = [part for part in parts(changed) if wanted.issuperset(part)]
    return family(changed, cuts) if sum(map(len, cuts)) == len(wanted) else None
