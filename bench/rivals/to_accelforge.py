"""A problem in AccelForge's language: its YAML of an architecture and a workload."""

from __future__ import annotations

import json
import math

from bench.rivals.problems import Problem, Work
from cosynth.hardware import Compute, Engine, Hardware, Memory, SpatialArray
from cosynth.workload import Access, Index, Term

METRICS = {"edp": "ENERGY_DELAY_PRODUCT", "energy": "ENERGY", "latency": "LATENCY"}
_RAGGED = (
    "mapper:",
    "  explore_imperfect_spatial_loops: true",
    "  explore_imperfect_temporal_loops: true",
)
# all tiles of ragged ranks take its memory; every second one is what its manual recommends
OPTIONS = {"": (), "ragged": _RAGGED, "coarse": (*_RAGGED, "  tiling_coarseness: 2")}


def given(problems: tuple[Problem, ...], *, more: str) -> dict[str, object]:
    """What the worker is given: one list of specifications for each call."""
    return {
        "metrics": METRICS[problems[0].objective],
        "calls": [specifications(problem, more=more) for problem in problems],
    }


def specifications(problem: Problem, *, more: str = "") -> list[str]:
    """One specification for each work of a problem, or one for all of them if they may fuse."""
    groups = [problem.works] if problem.fused else [(work,) for work in problem.works]
    (engine,) = problem.hardware.engines
    return [
        "\n".join(
            [
                *_architecture(engine, problem.hardware, fused=problem.fused),
                *OPTIONS[more],
                *_workload(group),
            ]
        )
        for group in groups
    ]


def _architecture(engine: Engine, hardware: Hardware, *, fused: bool) -> list[str]:
    """Nodes of the tree; YAML holds JSON, so each is a tag and a table."""
    lines = ["arch:", "  nodes:"]
    above: Memory | None = None
    for level in engine.levels:
        table: dict[str, object] = {"name": level.name, "leak_power": 0, "area": 0}
        if isinstance(level, Memory):
            assert level.read_energy is not None
            assert level.write_energy is not None
            table["size"] = "inf" if math.isinf(level.size) else round(float(level.size) * 8)
            table["tensors"] = _keeps(above, fused=fused)
            table["actions"] = [
                _action("read", level.read_energy / level.width, math.inf),
                _action("write", level.write_energy / level.width, math.inf),
            ]
            above = above or level
            lines.append(f"  - !Memory {json.dumps(table)}")
        elif isinstance(level, SpatialArray):
            dimensions = [
                {"name": dimension.name, "fanout": int(dimension.size), "may_reuse": "All"}
                for dimension in level.dimensions
            ]
            lines.append(
                f"  - !Container {json.dumps({'name': level.name, 'spatial': dimensions})}"
            )
        elif isinstance(level, Compute):
            assert level.energy is not None
            table["actions"] = [_action("compute", level.energy, hardware.frequency)]
            lines.append(f"  - !Compute {json.dumps(table)}")
    return lines


def _keeps(above: Memory | None, *, fused: bool) -> dict[str, str]:
    """The outermost memory keeps all, but what passes between fused einsums may stay below."""
    if above is None:
        return {"keep": "~Intermediates", "may_keep": "All"} if fused else {"keep": "All"}
    return {"keep": f"~{above.name}", "may_keep": "All"} if fused else {"may_keep": "All"}


def _action(name: str, energy: float, throughput: float) -> dict[str, object]:
    rate = "inf" if math.isinf(throughput) else throughput
    return {"name": name, "energy": float(energy), "throughput": rate}


def _workload(works: tuple[Work, ...]) -> list[str]:
    bits = {name: int(width) for work in works for name, width in work.job.bits.items()}
    return [
        "workload:",
        f"  bits_per_value: {json.dumps(bits)}",
        "  einsums:",
        *(f"  - {json.dumps(_einsum(work))}" for work in works),
    ]


def _einsum(work: Work) -> dict[str, object]:
    einsum = work.job.einsum
    accesses = [_access(access) for access in einsum.inputs]
    accesses.append(_access(einsum.output) | {"output": True})
    return {
        "name": work.job.name,
        "tensor_accesses": accesses,
        "iteration_space_shape": [f"0 <= {r} < {size}" for r, size in einsum.sizes.items()],
        "renames": {part: tensor for tensor, part in work.job.parts.items()},
    }


def _access(access: Access) -> dict[str, object]:
    """Dimensions are named by their rank, or by tensor and place where they are sums."""
    return {
        "name": access.tensor,
        "projection": {
            index.name.upper() if index.plain else f"{access.tensor}{place}": _sum(index)
            for place, index in enumerate(access.indices)
        },
    }


def _sum(index: Index) -> str:
    return " + ".join(_term(term) for term in index.terms)


def _term(term: Term) -> str:
    return term.rank if term.coefficient == 1 else f"{term.coefficient} * {term.rank}"
