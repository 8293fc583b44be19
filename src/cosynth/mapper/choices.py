"""What may be kept where: every choice of operands per memory, and of holding two tiles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from cosynth.cost import Job
from cosynth.hardware import Engine
from cosynth.mapper.objective import Objective
from cosynth.mapping import operands


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is kept where, and which memories hold two tiles: masks and flags per memory."""

    keeps: tuple[int, ...]
    doubled: tuple[int, ...]


def choices(job: Job, engine: Engine, goal: Objective) -> tuple[Choice, ...]:
    """Every set of kept operands at every memory, and every choice of holding two tiles."""
    uses = [(access.tensor, part) for access, part in operands(job.einsum, job.workload)]
    masks: list[list[int]] = []
    for memory in engine.memories:
        home = 0
        optional: dict[str, int] = {}
        for at, (tensor, part) in enumerate(uses):
            if part not in memory.keeps:
                continue
            if engine.levels[engine.home(part)] is memory:
                home |= 1 << at
            else:
                optional[tensor] = optional.get(tensor, 0) | 1 << at
        fewest = 0 if memory.bypass else len(optional)
        sets = itertools.chain.from_iterable(
            itertools.combinations(optional.values(), n)
            for n in range(len(optional), fewest - 1, -1)
        )
        masks.append([home | sum(chosen) for chosen in sets])
    found = []
    for keeps in itertools.product(*masks):
        streams = [
            any(
                mask >> at & 1 and engine.levels[engine.home(part)] is not memory
                for at, (_, part) in enumerate(uses)
            )
            for mask, memory in zip(keeps, engine.memories, strict=True)
        ]
        options = [
            (1,) if memory.double_buffered else (0, 1) if flows and goal.timed else (0,)
            for memory, flows in zip(engine.memories, streams, strict=True)
        ]
        found += [Choice(keeps=keeps, doubled=doubled) for doubled in itertools.product(*options)]
    return tuple(found)
