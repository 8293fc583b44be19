"""AccelForge's mapper on specifications in its own language; runs in its own environment."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time


def used() -> float:
    """CPU seconds of this process and its children since it began."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Map every specification of every call; print each result as soon as it is there."""
    with open(sys.argv[1]) as file:  # noqa: PTH123 nothing but what it needs
        given = json.load(file)

    import accelforge
    from accelforge.frontend.mapper.metrics import Metrics
    from accelforge.mapper.FFM.main import map_workload_to_arch

    accelforge.set_n_parallel_jobs(1)
    for call, texts in enumerate(given["calls"]):
        for number, text in enumerate(texts):
            began = used()
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(text)
                file.flush()
                spec = accelforge.Spec.from_yaml(file.name)
            spec.mapper.metrics = Metrics[given["metrics"]]
            found = map_workload_to_arch(spec, print_progress=False, eval_in_detail=False)
            ended = used()
            best = found.data.iloc[0]
            cost = float(best[f"Total<SEP>{given['metrics'].lower()}"])
            nodes = list(best["Total<SEP>mapping"]().nodes)
            result = {
                "call": call,
                "work": number,
                "cpu": ended - began,
                "total": ended,
                "cost": cost,
                "nest": _nest(nodes),
                "text": "\n".join(str(node) for node in nodes),
            }
            print("@@" + json.dumps(result), flush=True)


def _nest(nodes: list[object]) -> list[dict[str, object]] | None:
    """Storages and loops in order, or None where the nest forks."""
    found: list[dict[str, object]] = []
    for node in nodes:
        kind = type(node).__name__
        if kind == "Storage":
            found.append({"memory": node.component, "tensors": list(node.tensors)})  # type: ignore[attr-defined]
        elif kind in {"Temporal", "Spatial"}:
            loop = {"rank": str(node.rank_variable), "tile": int(node.tile_shape)}  # type: ignore[attr-defined]
            if kind == "Spatial":
                loop["dimension"] = str(node.name)  # type: ignore[attr-defined]
            found.append(loop)
        elif kind not in {"Reservation", "Compute"}:
            return None
    return found


if __name__ == "__main__":
    main()
