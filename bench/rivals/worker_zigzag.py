"""ZigZag's mapper on tables in its own language; runs in its own environment."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

LETTERS = {"I": "input", "W": "weight", "O": "output"}


def used() -> float:
    """CPU seconds of this process and its children since it began."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Map every layer of every call; print each result as soon as it is there."""
    given = json.loads(Path(sys.argv[1]).read_text())

    import yaml
    from zigzag.mapping.temporal_mapping import TemporalMappingType
    from zigzag.stages.evaluation.cost_model_evaluation import CostModelStage
    from zigzag.stages.main import MainStage
    from zigzag.stages.mapping.spatial_mapping_generation import SpatialMappingGeneratorStage
    from zigzag.stages.mapping.temporal_mapping_generator_stage import (
        TemporalMappingGeneratorStage,
    )
    from zigzag.stages.parser.accelerator_parser import AcceleratorParserStage
    from zigzag.stages.parser.workload_parser import WorkloadParserStage
    from zigzag.stages.results import reduce_stages
    from zigzag.stages.workload_iterator import WorkloadStage

    best = getattr(reduce_stages, given["stage"])
    links = {"O": "O", "W": "I2", "I": "I1"}
    Path("mapping.yaml").write_text(
        yaml.safe_dump([{"name": "default", "memory_operand_links": links}])
    )
    for call, accelerator in enumerate(given["accelerators"]):
        # memories are read in the order they are written
        Path("accelerator.yaml").write_text(yaml.safe_dump(accelerator, sort_keys=False))
        for number, layer in enumerate(given["layers"]):
            began = used()
            stages = MainStage(
                [
                    WorkloadParserStage,
                    AcceleratorParserStage,
                    WorkloadStage,
                    best,
                    SpatialMappingGeneratorStage,
                    best,
                    TemporalMappingGeneratorStage,
                    CostModelStage,
                ],
                workload=[layer],
                accelerator="accelerator.yaml",
                mapping="mapping.yaml",
                loma_lpf_limit=6,
                loma_show_progress_bar=False,
                nb_mappings_generated=3,
                enable_mix_spatial_mapping_generation=given["mixed"],
                access_same_data_considered_as_no_access=True,
                temporal_mapping_type=TemporalMappingType.UNEVEN,
            )
            ((found, _),) = stages.run()
            ended = used()
            energy, cycles = found.energy_total * 1e-12, found.latency_total2
            result = {
                "call": call,
                "work": number,
                "cpu": ended - began,
                "total": ended,
                "energy": energy,
                "cycles": cycles,
                "nest": _nest(found, list(accelerator["memories"])),
                "text": f"{found.layer.spatial_mapping}\n{found.temporal_mapping}",
            }
            print("@@" + json.dumps(result), flush=True)


def _nest(found: object, memories: list[str]) -> dict[str, object]:
    """Temporal loops outermost first, the depth of each memory's operands, and the unrolling."""
    levels = {
        LETTERS[str(operand)]: [
            [(str(dim).lower(), int(size)) for dim, size in loops] for loops in kept
        ]
        for operand, kept in found.temporal_mapping.mapping_dic_origin.items()  # type: ignore[attr-defined]
    }
    loops = [loop for kept in levels["output"] for loop in kept]
    depths = {}
    for part, kept in levels.items():
        inside = 0
        for memory, at in zip(memories, kept, strict=True):
            inside += len(at)
            # a memory holds the tile of its own loops and of those below
            depths[f"{memory} {part}"] = len(loops) - inside
    spatial = [
        (str(dimension), str(dim).lower(), float(size))
        for dimension, unrolled in found.layer.spatial_mapping.items()  # type: ignore[attr-defined]
        for dim, size in unrolled.items()
    ]
    return {"temporal": loops[::-1], "depths": depths, "spatial": spatial}


if __name__ == "__main__":
    main()
