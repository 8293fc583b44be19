"""Mappings as plain data: the contract of `cosynth map --json` and of its report."""

from __future__ import annotations

from cosynth.codesign.mapping import Fusion, MappedLayer, MappedModel
from cosynth.codesign.use import Use, uses
from cosynth.hardware import Hardware
from cosynth.mapper.cuts import PlannedGroup
from cosynth.mapping import write
from cosynth.mapping.group import write_fused
from cosynth.report.chip import unlimited
from cosynth.report.contract_mapping import (
    FusionData,
    GroupData,
    MapData,
    MappedLayerData,
    TimelineData,
    TradeData,
    UseData,
)
from cosynth.report.data import formats_data
from cosynth.report.timeline import Row, rows
from cosynth.report.version import version
from cosynth.workload import Workload

# relative difference of two sums of the same numbers in another order
_ROUNDING = 1e-9


def map_data(found: MappedModel) -> MapData:
    """Return mappings as data: the contract of `cosynth map --json`."""
    data: MapData = {
        "cosynth": "mapping",
        "model": found.model.name,
        "hardware": found.hardware.name,
        "formats": formats_data(found.formats),
        "objective": found.objective,
        "limits": [str(limit) for limit in found.limits],
        "value": found.value,
        "bound": found.bound,
        "gap": gap(found.value, found.bound),
        "latency": found.latency,
        "energy": found.energy,
        "layers": [_layer(layer, found.priced) for layer in found.layers],
        "version": version(),
    }
    if found.fusion is not None:
        data["fusion"] = _fusion(found.fusion, found.graph)
    return data


def gap(value: float, bound: float) -> float | None:
    """Return how far a value may be from the optimum, as a share; 0 where it is proven.

    >>> gap(1.5, 1.0), gap(1.0 + 1e-12, 1.0), gap(1.0, 0.0)
    (0.5, 0.0, None)
    """
    if bound <= 0:
        return None
    over = value / bound - 1.0
    return 0.0 if over < _ROUNDING else unlimited(over)


def nests(found: MappedModel) -> str:
    """Return every nest as text, one after the other, as `estimate --mapping` reads them."""
    return "\n".join(write(one.mapped.mapping, one.job.einsum) for one in found.layers)


def _layer(layer: MappedLayer, whole: Hardware) -> MappedLayerData:
    job, mapped = layer.job, layer.mapped
    cost, proof = mapped.cost, mapped.proof
    # shares are those of the memories as they are, not as a limit leaves them
    engine = next(engine for engine in whole.engines if engine.name == layer.engine.name)
    return {
        "name": job.name,
        "operators": list(job.operators),
        "count": layer.count,
        "repeat": job.einsum.repeat,
        "engine": engine.name,
        "einsum": str(job.einsum),
        "sizes": job.einsum.sizes,
        "formats": {name: format.name for name, format in job.formats},
        "value": layer.value,
        "latency": float(cost.latency),
        "energy": float(cost.energy),
        "utilisation": float(cost.utilisation),
        "limit": cost.limit,
        "proof": {
            "bound": proof.bound,
            "gap": gap(layer.value, proof.bound),
            "nodes": proof.nodes,
            "cuts": list(proof.cuts),
            "left_out": list(proof.left_out),
        },
        "mapping": write(mapped.mapping, job.einsum).splitlines(),
        "uses": [_use(use) for use in uses(job, mapped.mapping, engine, whole)],
        "timeline": [_row(row) for row in rows(mapped.mapping, job.einsum, engine)],
        "front": [_trade(layer, at) for at in range(len(layer.front))],
    }


def _use(use: Use) -> UseData:
    return {
        "level": use.level,
        "tensor": use.tensor,
        "part": use.part,
        "read": use.read,
        "written": use.written,
        "held": use.held,
        "share": use.share,
        "double_buffered": use.doubled,
    }


def _row(row: Row) -> TimelineData:
    return {
        "level": row.level,
        "steps": [
            {"rank": step.rank, "trips": step.trips, "shown": step.shown} for step in row.steps
        ],
        "lanes": [
            {
                "tensor": lane.tensor,
                "loads": lane.loads,
                "stays": [
                    {
                        "start": stay.start,
                        "length": stay.length,
                        "tile": list(stay.tile),
                        "again": stay.again,
                    }
                    for stay in lane.stays
                ],
            }
            for lane in row.lanes
        ],
    }


def _trade(layer: MappedLayer, at: int) -> TradeData:
    one = layer.front[at]
    energy = float(one.cost.energy)
    return {
        "latency": float(one.cost.latency),
        "energy": energy,
        "utilisation": float(one.cost.utilisation),
        "gap": gap(energy, one.proof.bound),
        "mapping": write(one.mapping, layer.job.einsum).splitlines(),
    }


def _fusion(fusion: Fusion, graph: Workload) -> FusionData:
    plan = fusion.plan
    return {
        "latency": plan.latency,
        "energy": plan.energy,
        "alone": list(plan.alone),
        "groups": [
            _group(group, alone, graph)
            for group, alone in zip(plan.groups, fusion.alone, strict=True)
        ],
        "left_out": list(plan.left_out),
    }


def _group(group: PlannedGroup, alone: tuple[float, float], graph: Workload) -> GroupData:
    nest = ""
    if group.fused is not None:
        nest = write_fused(group.fused)
    elif group.mapped is not None:
        nest = write(group.mapped.mapping, graph.einsums[group.positions[0]])
    return {
        "names": list(group.names),
        "latency": float(group.cost.latency),
        "energy": float(group.cost.energy),
        "alone": [unlimited(each) for each in alone],
        "fused": group.fused is not None,
        "block": group.block,
        "nest": nest.splitlines(),
    }
