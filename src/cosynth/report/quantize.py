"""A choice of formats as plain data: the contract of `cosynth quantize --json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cosynth.codesign.explore import rounding_error
from cosynth.codesign.quantize import Member, Quantised, decibels
from cosynth.report.chip import unlimited
from cosynth.report.contract import FigureData
from cosynth.report.contract_quantize import (
    CostData,
    MetricData,
    MixData,
    QuantisedLayerData,
    QuantizeData,
)
from cosynth.report.version import version


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the choice itself does not know: the data, the metrics, and the file written."""

    data: str
    samples: int
    engine: Sequence[str]
    metrics: Sequence[MetricData]
    written: str = ""
    size: int = 0
    notes: Sequence[str] = ()


def quantize_data(found: Quantised, told: Told) -> QuantizeData:
    """Return a choice of formats as data: the contract of `cosynth quantize --json`."""
    members = {each.picks: each for each in (*found.front, *found.uniform.values())}
    network = found.network
    weights = {layer.weight.tensor for layer in found.layers if layer.weight}
    left = sum(
        values.size
        for name, values in network.constants.items()
        if name not in weights and values.dtype.kind == "f"
    )
    return {
        "cosynth": "quantize",
        "model": network.source,
        "data": told.data,
        "samples": told.samples,
        "engine": list(told.engine),
        "options": [{"weights": o.weights, "activations": o.activations} for o in found.options],
        "minimize": found.wanted.minimize,
        "limits": dict(found.wanted.limits),
        "elements": found.elements,
        "left": left,
        "best": _mix(found.best, found),
        "front": [_mix(each, found) for each in _by_bits(list(members.values()))],
        "metrics": list(told.metrics),
        "layers": [_layer(found, row) for row in range(len(found.layers))],
        "cost": _cost(found),
        "refused": {found.table.options[at]: why for at, why in found.refused.items()},
        "written": told.written,
        "size": told.size,
        "notes": list(told.notes),
        "version": version(),
    }


def _by_bits(members: Sequence[Member]) -> list[Member]:
    return sorted(members, key=lambda each: (each.figures["bits"], each.noise))


def _mix(member: Member, found: Quantised) -> MixData:
    same = len(set(member.picks)) == 1
    data: MixData = {
        "bits": member.figures["bits"],
        "predicted": unlimited(member.figures["noise"]),
        "noise": unlimited(member.noise),
        "qsnr": unlimited(decibels(member.noise)),
        "chosen": member.picks == found.best.picks,
        "uniform": found.table.options[member.picks[0]] if same else "",
        "options": list(member.picks),
    }
    if "latency" in member.figures:
        data["latency"] = member.figures["latency"]
        data["energy"] = member.figures["energy"]
    return data


def _layer(found: Quantised, row: int) -> QuantisedLayerData:
    layer, pick = found.layers[row], found.best.picks[row]
    elements = layer.elements(found.network)
    noises = found.table.figures["noise"][row]
    return {
        "name": layer.name,
        "operator": layer.sites[0].operator,
        "elements": elements,
        "bits": float(found.table.figures["bits"][row, pick]) / elements if elements else 0.0,
        "weights": found.options[pick].weights if elements else "",
        "activations": found.options[pick].activations,
        "kept": layer.name in found.wanted.kept,
        "noise": unlimited(float(noises[pick])),
        "noises": [unlimited(float(value)) for value in noises],
    }


def _cost(found: Quantised) -> CostData | None:
    one = found.estimate
    if one is None:
        return None
    figures: FigureData = {
        "latency": unlimited(one.latency),
        "energy": unlimited(one.energy),
        "area": unlimited(one.area),
        "power": unlimited(one.power),
        "edp": unlimited(one.energy * one.latency),
        "error": unlimited(rounding_error(one.formats)),
    }
    return {"hardware": one.hardware.name, "figures": figures}
