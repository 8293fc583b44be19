"""What a mapping does with each memory: bytes of every tensor in and out, and the room it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cosynth.cost import Job, price
from cosynth.hardware import Engine, Hardware
from cosynth.mapping import Mapping, buffers_twice, overflows, traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One tensor at one memory: bytes `read` and `written` by all copies of the job.

    `held` are the bytes in one instance, two tiles where it is `doubled`; `share` is that of its
    size, 0 where the size is unlimited.
    """

    level: str
    tensor: str
    part: str
    read: float
    written: float
    held: float
    share: float
    doubled: bool


def uses(job: Job, mapping: Mapping, engine: Engine, hardware: Hardware) -> tuple[Use, ...]:
    """Return what every memory does for every tensor it keeps, outermost first.

    `hardware` must be `priced`. Tensors that only pass, as those added to the output do, come
    last under the part `passing`.
    """
    counts = traffic(job.einsum, job.workload, mapping, engine)
    doubled = {memory.name: buffers_twice(memory, mapping) for memory in engine.memories}
    blank = replace(counts, counts=())
    passing = {part.name: part for part in price(job, blank, mapping, engine, hardware).parts}
    found = []
    for tensor in job.parts:
        own = tuple(count for count in counts.counts if count.tensor == tensor)
        alone = replace(counts, counts=own)
        cost = price(job, alone, mapping, engine, hardware)
        room = overflows(alone, engine, job.bits, doubled)
        for count in own:
            part, rest = cost.part(count.level), passing[count.level]
            held, size = room.get(count.level, (count.tile * job.bits[tensor] / 8, math.inf))
            found.append(
                Use(
                    level=count.level,
                    tensor=tensor,
                    part=count.part,
                    read=float(part.read - rest.read),
                    written=float(part.written - rest.written),
                    held=float(held),
                    share=float(held) / float(size),
                    doubled=doubled[count.level],
                )
            )
    names = ", ".join(dict.fromkeys(name for name, _, _ in job.extras))
    found += [
        Use(
            level=memory.name,
            tensor=names,
            part="passing",
            read=float(passing[memory.name].read),
            written=float(passing[memory.name].written),
            held=0.0,
            share=0.0,
            doubled=doubled[memory.name],
        )
        for memory in engine.memories
        if passing[memory.name].read or passing[memory.name].written
    ]
    order = {memory.name: at for at, memory in enumerate(engine.memories)}
    return tuple(sorted(found, key=lambda use: order[use.level]))
