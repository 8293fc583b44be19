"""Our mapper on a problem by name; runs in a process of its own, like the rivals."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path


def used() -> float:
    """CPU seconds of this process and its children since it began."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Map every work of every call; print each result as soon as it is there."""
    given = json.loads(Path(sys.argv[1]).read_text())

    from bench.rivals.problems import dearer, problem
    from cosynth.hardware import priced
    from cosynth.mapper import Effort, best
    from cosynth.mapping import write

    first = problem(given["problem"])
    for call, asked in enumerate((first, dearer(first))):
        for number, work in enumerate(asked.works):
            began = used()
            hardware = priced(asked.hardware)
            (engine,) = hardware.engines
            found = best(work.job, engine, hardware, asked.objective, Effort(nodes=3_000_000))
            ended = used()
            result = {
                "call": call,
                "work": number,
                "cpu": ended - began,
                "total": ended,
                "energy": float(found.cost.energy),
                "latency": float(found.cost.latency),
                "gap": found.gap,
                "text": write(found.mapping, work.job.einsum),
            }
            print("@@" + json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
