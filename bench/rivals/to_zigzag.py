"""A problem in ZigZag's language: its tables of an accelerator and of layers."""

from __future__ import annotations

import math

from bench.rivals.problems import Problem, Work
from cosynth.hardware import Engine, Memory, SpatialArray
from cosynth.workload import Access

STAGES = {
    "edp": "MinimalEDPStage",
    "energy": "MinimalEnergyStage",
    "latency": "MinimalLatencyStage",
}
OPERANDS = {"input": "I", "weight": "W", "output": "O"}
MEMORY_OPERANDS = {"input": "I1", "weight": "I2", "output": "O"}
# stands for unlimited: bits a cycle of shared memories, and of those in the array
WIDE, NARROW = 2**14, 2**9
# bits of a word; accesses are rounded up to words
WORD = 8
# an outermost memory without a limit needs a number
LARGE = 10**13


def given(problems: tuple[Problem, ...], *, mixed: bool) -> dict[str, object]:
    """What the worker is given: one accelerator for each call, and the layers."""
    first = problems[0]
    return {
        "stage": STAGES[first.objective],
        "mixed": mixed,
        "accelerators": [accelerator(*problem.hardware.engines) for problem in problems],
        "layers": [layer(number, work) for number, work in enumerate(first.works)],
    }


def accelerator(engine: Engine) -> dict[str, object]:
    """The table of an engine with one array; memories go from the innermost to the outermost."""
    (array,) = [level for level in engine.levels if isinstance(level, SpatialArray)]
    names = [f"D{number}" for number, _ in enumerate(array.dimensions, 1)]
    place = engine.levels.index(array)
    assert engine.compute.energy is not None
    return {
        "name": "chip",
        "memories": {
            memory.name: _memory(memory, names if engine.levels.index(memory) < place else [])
            for memory in reversed(engine.memories)
        },
        "operational_array": {
            "unit_energy": engine.compute.energy * 1e12,
            "unit_area": 1.0,
            "dimensions": names,
            "sizes": [int(dimension.size) for dimension in array.dimensions],
        },
    }


def _memory(memory: Memory, served: list[str]) -> dict[str, object]:
    assert memory.read_energy is not None
    assert memory.write_energy is not None
    bandwidth = WIDE if served else NARROW
    names = [MEMORY_OPERANDS[part] for part in memory.keeps]
    reads = [f"{name}, tl" for name in names]
    writes = [f"{name}, fh" for name in names]
    if "output" in memory.keeps:
        reads.append("O, th")
        writes.append("O, fl")
    return {
        "size": LARGE if math.isinf(memory.size) else round(float(memory.size) * 8),
        "r_cost": memory.read_energy / memory.width * bandwidth * 1e12,
        "w_cost": memory.write_energy / memory.width * bandwidth * 1e12,
        "area": 0.0,
        "latency": 1,
        "operands": names,
        "ports": [
            _port("r_port_1", "read", bandwidth, reads),
            _port("w_port_1", "write", bandwidth, writes),
        ],
        "served_dimensions": served,
    }


def _port(name: str, kind: str, bandwidth: int, allocation: list[str]) -> dict[str, object]:
    return {
        "name": name,
        "type": kind,
        "bandwidth_min": WORD,
        "bandwidth_max": bandwidth,
        "allocation": allocation,
    }


def layer(number: int, work: Work) -> dict[str, object]:
    """One layer; a sum of two ranks becomes a dimension of its own with a relation."""
    job, einsum = work.job, work.job.einsum
    bits = {OPERANDS[part]: int(job.bits[tensor]) for tensor, part in job.parts.items()}
    relations: list[str] = []
    extents: dict[str, int] = {}

    def written(access: Access) -> str:
        letter = OPERANDS[job.parts[access.tensor]]
        names = []
        for place, index in enumerate(access.indices):
            if index.plain:
                names.append(index.name)
                continue
            first, second = index.terms
            name = f"x{place}"
            relations.append(
                f"{name} = {first.coefficient}*{first.rank} + {second.coefficient}*{second.rank}"
            )
            extents[name.upper()] = 1 + sum(
                term.coefficient * (einsum.sizes[term.rank] - 1) for term in index.terms
            )
            names.append(name)
        return letter + "".join(f"[{name}]" for name in names)

    first, second = einsum.inputs
    found: dict[str, object] = {
        "id": number,
        "name": f"layer{number}",
        "operator_type": "Conv" if any(not i.plain for i in first.indices) else "Gemm",
        "equation": f"{written(einsum.output)} += {written(first)} * {written(second)}",
        "dimension_relations": relations,
        "loop_dims": [rank.upper() for rank in einsum.ranks],
        "loop_sizes": [einsum.sizes[rank] for rank in einsum.ranks],
        "operand_precision": bits | {"O_final": bits["O"]},
        "operand_source": {"I": number, "W": number},
    }
    if extents:
        found["pr_loop_dims"] = list(extents)
        found["pr_loop_sizes"] = list(extents.values())
        found["padding"] = [[0, 0] for _ in extents]
    return found
