"""Results as plain data: the documented contract of `--json`, `front.json` and the HTML report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import chain

from cosynth.codesign import Estimate, Layer
from cosynth.codesign.estimate import prepare
from cosynth.codesign.front import Front, identity
from cosynth.cost import Bound, Part
from cosynth.format import Assignment
from cosynth.mapping import write as write_mapping
from cosynth.report.chip import law_citations, roof, tree, unlimited
from cosynth.report.contract import (
    BoundData,
    EstimateData,
    EvaluationData,
    ExploreData,
    FigureData,
    FormatData,
    LayerData,
    MemberData,
    ParameterData,
    PartData,
    Value,
    VolumeData,
)
from cosynth.report.version import version
from cosynth.search import Parameter, Record, Space, hypervolume_over, reference_point

MOST_DESIGNS = 40  # members of a front that are described in full
_MOST_VALUES = 64  # of a parameter, that are listed
_PRICE = (
    "Gates of multiply-accumulate units: fit to 20 units synthesised with Yosys on FreePDK45 cells"
    " (cosynth.format.price)"
)


def estimate_data(estimate: Estimate) -> EstimateData:
    """Return an estimate as data: the contract of `cosynth estimate --json`."""
    hardware = estimate.hardware
    factors = prepare(estimate.model, estimate.formats).factors
    return {
        "cosynth": "estimate",
        "model": estimate.model.name,
        "hardware": hardware.name,
        "formats": formats_data(estimate.formats),
        "objective": estimate.goal,
        "latency": float(estimate.latency),
        "energy": float(estimate.energy),
        "dynamic_energy": float(estimate.dynamic_energy),
        "area": float(estimate.area),
        "power": float(estimate.power),
        "static_power": float(estimate.static_power),
        "edp": float(estimate.energy * estimate.latency),
        "operations": estimate.model.operations,
        "vector_operations": estimate.model.vector_operations,
        "parameters": estimate.model.parameters,
        "bytes": estimate.bytes(),
        "bound": _whole_bound(estimate),
        "limit": estimate.limit,
        "utilisation": _utilisation(estimate),
        "roof": roof(hardware),
        "parts": _parts(estimate),
        "layers": [_layer(layer, estimate) for layer in estimate.layers],
        "tree": tree(hardware, factors),
        "sources": list(hardware.sources),
        "assumed": list(hardware.assumed),
        "notes": list(hardware.notes),
        "citations": list(citations(estimate)),
        "version": version(),
    }


def explore_data(found: Front, designs: Mapping[str, Mapping[str, Estimate]]) -> ExploreData:
    """Return a search as data: the contract of `cosynth explore --json` and of `front.json`.

    `designs` are the estimates, by model, of those `members` that are to be described in full.
    """
    problem, records = found.problem, found.records
    answers = [record.evaluation for record in records]
    chosen = found.members
    ends = reference_point(answers) if chosen else ()
    volume: VolumeData = {
        "reference": list(ends),
        "values": hypervolume_over(answers, ends) if chosen else [],
    }
    estimates = list(chain.from_iterable(models.values() for models in designs.values()))
    return {
        "cosynth": "exploration",
        "models": list(problem.models),
        "formats": problem.formats,
        "family": problem.family,
        "objectives": list(problem.objectives),
        "limits": [
            {"text": str(limit), "figure": limit.figure, "most": limit.most}
            for limit in problem.goal.limits
        ],
        "space": space_data(problem.space),
        "seed": found.seed,
        "optimiser": found.optimiser,
        "elapsed": max((record.elapsed for record in records), default=0.0),
        "evaluations": [evaluation_data(record) for record in records],
        "front": [_member(record) for record in chosen],
        "knee": identity(found.knee_record()) if chosen else None,
        "hypervolume": volume,
        "designs": {
            name: {model: estimate_data(one) for model, one in models.items()}
            for name, models in designs.items()
        },
        "citations": _unique(chain.from_iterable(map(citations, estimates))),
        "version": version(),
    }


def members(found: Front, most: int = MOST_DESIGNS) -> list[Record]:
    """Return the members of the front to describe in full: all, or `most` spread evenly.

    They come in the order of the first objective; the knee is always among them.
    """
    chosen = found.members
    if len(chosen) <= most:
        return list(chosen)
    middle = chosen.index(found.knee_record())
    spread = [at * (len(chosen) - 1) // (most - 1) for at in range(most)]
    if middle not in spread:
        nearest = min(range(1, most - 1), key=lambda place: abs(spread[place] - middle))
        spread[nearest] = middle
    return [chosen[at] for at in spread]


def space_data(space: Space) -> list[ParameterData]:
    """Return the parameters of a space, in order."""
    return [_parameter(each, space) for each in space.parameters]


def evaluation_data(record: Record) -> EvaluationData:
    """Return one evaluation: its figures, or why it cannot run."""
    answer = record.evaluation
    why = answer.payload.get("why")
    return {
        "number": record.number,
        "point": dict(record.point),
        "feasible": answer.feasible,
        "elapsed": float(record.elapsed),
        "figures": _figures(answer.payload) if answer.finite else None,
        "why": None if why is None else str(why),
        "broken": {each.limit: float(each.amount) for each in answer.violations},
    }


def citations(estimate: Estimate) -> tuple[str, ...]:
    """Return the papers behind an estimate: its model, its hardware, and the laws that price it."""
    own = (*estimate.model.citations, *estimate.hardware.sources)
    return tuple(_unique([*own, *law_citations(estimate.hardware), _PRICE]))


def formats_data(formats: Assignment) -> FormatData:
    """Return number formats by role of a tensor."""
    return {
        "weights": formats.weights,
        "activations": formats.activations,
        "states": formats.states or formats.activations,
        "layers": {name: [weights, others] for name, weights, others in formats.layers},
    }


def _whole_bound(estimate: Estimate) -> BoundData:
    compute = sum(float(layer.cost.bound.compute) * layer.count for layer in estimate.layers)
    traffic = sum(float(layer.cost.bound.traffic) * layer.count for layer in estimate.layers)
    return {
        "latency": float(estimate.bound_latency),
        "energy": float(estimate.bound_energy),
        "area": float(estimate.area),
        "power": float(estimate.static_power),
        "compute": compute,
        "traffic": traffic,
    }


def _utilisation(estimate: Estimate) -> float:
    """Work of the multiply-accumulate units over what they could have done in that time."""
    busy = sum(
        float(layer.cost.bound.compute) * layer.count
        for layer in estimate.layers
        if layer.job.einsum.contraction
    )
    units = sum(engine.compute.does == "mac" for engine in estimate.hardware.engines)
    return busy / (estimate.latency * max(units, 1)) if estimate.latency else 0.0


def _parts(estimate: Estimate) -> list[PartData]:
    """Each resource over the whole run, with its silicon; the chip's order."""
    found: dict[str, PartData] = {}
    for layer in estimate.layers:
        for part in layer.cost.parts:
            data = found.setdefault(part.name, _part(part, 0))
            more = _part(part, layer.count)
            for key in ("time", "energy", "read", "written"):
                data[key] += more[key]
            if part.kind == "compute":  # a vector unit has layers of its own and those of others
                data["kind"] = part.kind
    for each in estimate.silicon:
        blank = Part(name=each.name, kind="overhead" if each.name == "overhead" else "memory")
        data = found.setdefault(each.name, _part(blank, 0))
        data["area"], data["leakage"] = float(each.area), float(each.leakage)
    order = {node.component.name: at for at, node in enumerate(estimate.hardware.nodes)}
    return sorted(found.values(), key=lambda part: order.get(part["name"], len(order)))


def _part(part: Part, count: int) -> PartData:
    return {
        "name": part.name,
        "kind": part.kind,
        "time": float(part.time) * count,
        "energy": float(part.energy) * count,
        "read": float(part.read) * count,
        "written": float(part.written) * count,
        "area": 0.0,
        "leakage": 0.0,
    }


def _layer(layer: Layer, estimate: Estimate) -> LayerData:
    job, cost, count = layer.job, layer.cost, layer.count
    latency = float(cost.latency) * count
    dynamic = float(cost.energy) * count
    busy = sum(float(each.cost.latency) * each.count for each in estimate.layers)
    static = estimate.static_power * estimate.latency
    energy = dynamic + (static * latency / busy if busy else 0.0)
    operands = _operands(layer)
    return {
        "name": job.name,
        "operators": list(job.operators),
        "count": count,
        "repeat": job.einsum.repeat,
        "engine": layer.engine,
        "einsum": str(job.einsum),
        "sizes": job.einsum.sizes,
        "formats": {name: format.name for name, format in job.formats},
        "latency": latency,
        "energy": energy,
        "dynamic_energy": dynamic,
        "area": float(estimate.area),
        "power": energy / latency if latency else 0.0,
        "operations": job.einsum.operations * count,
        "vector_operations": job.vector_operations * count,
        "parameters": sum(size for role, size, _ in operands if role == "weight"),
        "bytes": {
            role: sum(stored for other, _, stored in operands if other == role)
            for role in dict.fromkeys(role for role, _, _ in operands)
        },
        "bound": _bound(cost.bound, count, estimate),
        "limit": cost.limit,
        "utilisation": float(cost.utilisation),
        "gap": unlimited(layer.mapped.gap),
        "mapping": write_mapping(layer.mapped.mapping, job.einsum).splitlines(),
        "parts": [_part(part, count) for part in cost.parts],
    }


def _operands(layer: Layer) -> list[tuple[str, int, int]]:
    """Role, elements and bytes of each operand of a layer, over all its copies."""
    job, graph = layer.job, layer.job.workload
    found = []
    for name, format in job.formats:
        tensor = graph.tensor(name)
        copies = tensor.repeat * layer.count
        found.append((tensor.role, tensor.size * copies, format.size(tensor.size) * copies))
    for name, elements, format in job.extras:
        copies = graph.tensor(name).repeat * layer.count
        stored = format.size(elements) * copies
        found.append((graph.tensor(name).role, elements * copies, stored))
    return found


def _bound(bound: Bound, count: int, estimate: Estimate) -> BoundData:
    return {
        "latency": float(bound.latency) * count,
        "energy": float(bound.energy) * count,
        "area": float(estimate.area),
        "power": float(estimate.static_power),
        "compute": float(bound.compute) * count,
        "traffic": float(bound.traffic) * count,
    }


def _member(record: Record) -> MemberData:
    return {
        "id": identity(record),
        "number": record.number,
        "point": dict(record.point),
        "figures": _figures(record.evaluation.payload),
    }


def _figures(payload: Mapping[str, object]) -> FigureData:
    return {
        "latency": unlimited(payload["latency"]),
        "energy": unlimited(payload["energy"]),
        "area": unlimited(payload["area"]),
        "power": unlimited(payload["power"]),
        "edp": unlimited(payload["edp"]),
        "error": unlimited(payload.get("error", math.inf)),
    }


def _parameter(parameter: Parameter, space: Space) -> ParameterData:
    values = space.tables[space.parameters.index(parameter)].values
    numbers = [value for value in values.tolist() if isinstance(value, (int, float))]
    ordered = len(numbers) == len(values)
    listed: list[Value] = values.tolist() if len(values) <= _MOST_VALUES else []
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "dimension": parameter.dimension,
        "count": len(values),
        "low": float(min(numbers)) if ordered else None,
        "high": float(max(numbers)) if ordered else None,
        "scale": "log" if parameter.kind == "power" else parameter.scale,
        "values": listed,
        "doc": parameter.doc,
    }


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
