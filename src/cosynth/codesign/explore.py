"""Hardware, formats and mappings searched together for some models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cosynth.hardware as hw
from cosynth.codesign.estimate import Estimate, Plan, estimate, prepare
from cosynth.codesign.goal import Goal
from cosynth.cost import silicon
from cosynth.errors import InfeasibleError
from cosynth.format import (
    Assignment,
    Format,
    accumulator,
    assignment,
    gaussian_qsnr,
    holding,
    known,
)
from cosynth.hardware import Hardware, Memory, compute_energy, families
from cosynth.mapper import FAST
from cosynth.mapping import distinct
from cosynth.search import Evaluation, Points, Space, Violation, read_space
from cosynth.workload import Workload
from cosynth.workload.load import load

Point = Mapping[str, object]
# parameters of a space that choose formats: of all tensors, or of those of one role
FORMATS = ("format", "weights", "activations")


def default_space() -> Path:
    """Path of the space that is searched when the user names none."""
    return Path(str(resources.files("cosynth.codesign").joinpath("spaces", "engine.toml")))


@dataclass(frozen=True, kw_only=True)
class ChipProblem:
    """Which chip of a space runs some models best: a problem for `cosynth.search`.

    `models` are requests as `cosynth.workload.load` reads them, so that workers can read them too,
    or names of workloads that are `given`.
    """

    models: tuple[str, ...]
    space: Space
    goal: Goal
    formats: str = "int8"
    family: str = "engine"
    dims: tuple[tuple[str, int], ...] = ()
    given: tuple[Workload, ...] = ()
    objectives: tuple[str, ...] = field(init=False)
    limits: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "objectives", self.goal.minimize)
        object.__setattr__(self, "limits", tuple(str(limit) for limit in self.goal.limits))
        accepted = {*families.arguments(self.family), *FORMATS, "family"}
        for name in self.space.names:
            if name not in accepted:
                families.make(self.family, {name: None})

    @property
    def name(self) -> str:
        """All that an answer depends on besides the space and the goal."""
        dims = "".join(f" {name}={size}" for name, size in self.dims)
        return f"{' '.join(self.models)}{dims} in {self.formats} on {self.family}"

    def evaluate(self, points: Points) -> list[Evaluation]:
        """Estimate every point; one that cannot run has infinite objectives and says why."""
        return [self._one(point) for point in points]

    def bounds(self, points: Points) -> NDArray[np.float64]:
        """Return what no mapping can beat, for all points at once, [points, objectives].

        Area is exact. Time is the larger of the compute roofline and compulsory off-chip traffic,
        energy that of the operations and of that traffic.
        """
        found = np.zeros((len(points), len(self.objectives)))
        columns = {name: points.column(name) for name in self.space.names}
        # what is no number decides the structure: one array evaluation for each combination
        texts = [n for n in columns if any(isinstance(v, str) for v in self.space.values(n))]
        keys = list(zip(*(columns[name].tolist() for name in texts), strict=True))
        for key in set(keys) or {()}:
            rows = [at for at, other in enumerate(keys or [()] * len(points)) if other == key]
            numbers = [name for name in columns if name not in texts]
            chosen: dict[str, object] = {n: columns[n][rows].astype(float) for n in numbers}
            chosen |= dict(zip(texts, key, strict=True))
            found[rows] = self._bounds(chosen, len(rows))
        return found

    def hardware(self, point: Point) -> Hardware:
        """The chip that a point describes, its accumulator wide enough for the formats."""
        values = {key: value for key, value in point.items() if key not in {*FORMATS, "family"}}
        family = str(point.get("family", self.family))
        if "accumulator" in families.arguments(family):
            values.setdefault("accumulator", _holding(self.assignment(point)))
        return families.make(family, values)

    def assignment(self, point: Point) -> Assignment:
        """The formats that a point describes."""
        chosen = assignment(str(point.get("format", self.formats)))
        return replace(
            chosen,
            weights=known(str(point.get("weights", chosen.weights))).name,
            activations=known(str(point.get("activations", chosen.activations))).name,
        )

    def estimates(self, point: Point) -> dict[str, Estimate]:
        """Estimate every model on the chip of a point, mapped as in the search."""
        chip, formats = self.hardware(point), self.assignment(point)
        return {
            name: estimate(model, chip, formats, self.goal.objective, FAST)
            for name, model in self.workloads.items()
        }

    @cached_property
    def workloads(self) -> dict[str, Workload]:
        """The models, read where they were not given."""
        known = {model.name: model for model in self.given}
        return {n: known[n] if n in known else load(n, dict(self.dims)) for n in self.models}

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "workloads"}

    def _one(self, point: Point) -> Evaluation:
        try:
            found = figures(list(self.estimates(point).values()))
        except InfeasibleError as error:
            why = {"why": str(error)}
            return Evaluation(objectives=(math.inf,) * len(self.objectives), payload=why)
        return Evaluation(
            objectives=tuple(found[name] for name in self.objectives),
            violations=tuple(
                Violation(limit=str(limit), amount=found[limit.figure] / limit.most - 1)
                for limit in self.goal.limits
                if found[limit.figure] > limit.most
            ),
            payload=found,
        )

    def _bounds(self, values: dict[str, object], count: int) -> NDArray[np.float64]:
        chip = hw.priced(self.hardware(values))
        formats = self.assignment(values)
        plans = [prepare(model, formats) for model in self.workloads.values()]
        area = sum(part.area for part in silicon(chip, plans[0].factors))
        static = sum(part.leakage for part in silicon(chip, plans[0].factors))
        latency = sum(_least_time(plan, chip) for plan in plans)
        energy = sum(_least_energy(plan, chip) for plan in plans) + static * latency
        exact = {"latency": latency, "energy": energy, "area": area, "edp": energy * latency}
        # a slower run may draw less power, so only what is drawn anyway bounds it
        exact["power"] = static
        exact["error"] = rounding_error(formats)
        return np.stack(
            [np.broadcast_to(exact[name], (count,)) for name in self.objectives], axis=-1
        )


def _holding(formats: Assignment) -> str:
    """The accumulator that holds products of weights and activations, and of two activations."""
    pairs = {(formats.weights, formats.activations), *((w, a) for _, w, a in formats.layers)}
    pairs |= {(a, a) for _, a in pairs}
    found = [holding(known(a), known(b)) for a, b in sorted(pairs)]
    return max(found, key=lambda name: accumulator(name).bits)


def figures(estimates: Sequence[Estimate]) -> dict[str, float]:
    """Figures of one run of every model: sums, and the average power over all of it."""
    latency = sum(one.latency for one in estimates)
    energy = sum(one.energy for one in estimates)
    return {
        "latency": latency,
        "energy": energy,
        "area": max(one.area for one in estimates),
        "power": energy / latency,
        "edp": energy * latency,
        "error": max(rounding_error(one.formats) for one in estimates),
    }


def rounding_error(formats: Assignment) -> float:
    """Relative root-mean-square error of a product of Gaussian tensors in these formats.

    The errors of both factors are independent, so their powers add up. Layers of their own, and
    formats that the model prescribes, are not counted.
    """
    factors = {formats.of("weight"), formats.of("activation")}
    if len(factors) == 1:
        return math.sqrt(2 * _noise(factors.pop()))
    return math.sqrt(sum(_noise(one) for one in factors))


def _noise(format: Format) -> float:
    return float(10.0 ** (-gaussian_qsnr(format) / 10))


def chip_space(path: Path | None, formats: str | None = None) -> Space:
    """Read a space file, or the default one; `formats` that are given are no choice any more."""
    space = read_space(path or default_space())
    if formats is None or not {*FORMATS} & {*space.names}:
        return space
    return Space.of(*(each for each in space.parameters if each.name not in FORMATS))


def precise(space: Space, goal: Goal) -> Space:
    """Leave out the formats that alone make a larger error than the goal's limit allows.

    InfeasibleError, naming the limit and the least error, where none is left.
    """
    limit = next((each for each in goal.limits if each.figure == "error"), None)
    if limit is None:
        return space
    kept = []
    for each in space.parameters:
        if each.name not in FORMATS:
            kept.append(each)
            continue
        errors = {value: _alone(each.name, str(value)) for value in each.values}
        fine = tuple(value for value, error in errors.items() if error <= limit.most)
        if not fine:
            raise InfeasibleError(
                f"{limit}: the least of {each.name} is {min(errors.values()):.4g}"
            )
        kept.append(replace(each, values=fine))
    return Space.of(*kept)


def _alone(role: str, name: str) -> float:
    if role == "format":
        return rounding_error(assignment(name))
    return math.sqrt(_noise(known(name)))


@lru_cache(maxsize=64)
def _work(plan: Plan) -> tuple[float, float, tuple[tuple[tuple[Format, Format], int], ...]]:
    """Operations, bytes of weights, and operations by the formats they multiply."""
    by_formats: dict[tuple[Format, Format], int] = {}
    for one in plan.jobs:
        if one.einsum.contraction:
            points = one.einsum.points * one.einsum.repeat
            by_formats[one.factors] = by_formats.get(one.factors, 0) + points
    return sum(by_formats.values()), _weights(plan), tuple(by_formats.items())


def _least_time(plan: Plan, chip: Hardware) -> Any:
    engine = next(engine for engine in chip.engines if engine.compute.does == "mac")
    fastest = max(rate for _, rate in engine.compute.rates)
    work, weights, _ = _work(plan)
    root = engine.levels[0]
    assert isinstance(root, Memory)
    return np.maximum(
        work / (engine.lanes * fastest * chip.frequency), weights / root.read_bandwidth
    )


def _least_energy(plan: Plan, chip: Hardware) -> Any:
    engine = next(engine for engine in chip.engines if engine.compute.does == "mac")
    root = engine.levels[0]
    assert isinstance(root, Memory)
    _, weights, by_formats = _work(plan)
    total = weights * 8 / root.width * root.read_energy
    for factors, operations in by_formats:
        total = total + operations * compute_energy(engine.compute, chip, *factors)
    return total


def _weights(plan: Plan) -> float:
    """Bytes of weights that contractions read: the traffic that no reuse between layers avoids."""
    seen: dict[str, float] = {}
    for one in plan.jobs:
        for access in one.einsum.inputs:
            tensor = plan.graph.tensor(access.tensor)
            indirect = any(index.lookup for index in access.indices)
            if tensor.role == "weight" and one.einsum.contraction and not indirect:
                size = distinct(access, one.einsum, tensor.shape)
                seen[access.tensor] = size * one.bits[access.tensor] / 8 * one.einsum.repeat
    return sum(seen.values())
