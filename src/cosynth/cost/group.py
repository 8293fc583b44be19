"""What a fused group costs: its members' runs, what crosses into their common memory, and overlap.

Formulas are those of one einsum (`cosynth.cost.layer`) with the meeting memory as the level that
transfers fill; numbers may be arrays of candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.cost.crossing import Crossing, Place, Style, resources
from cosynth.cost.result import Bound, Cost, Part
from cosynth.hardware import Engine, Hardware, Link, Memory


def transfer(
    crossing: Sequence[Crossing], place: Place, hardware: Hardware
) -> tuple[list[Part], Array, Array]:
    """Parts that move what crosses, seconds of all transfers, and of the first tiles."""
    read: dict[str, Array] = {}
    written: dict[str, Array] = {}
    through: dict[str, Array] = {}
    meeting = place.memory
    seconds: Array = 0.0
    fill: Array = 0.0
    for one in crossing:
        home = hardware.component(one.home)
        assert isinstance(home, Memory)
        output = one.part == "output"
        filled = 0.0 if output else one.taken
        drained = one.drained if output else 0.0
        for table, name, data in (
            (read, one.home, one.taken),
            (written, one.home, one.given),
            (written, meeting.name, filled),
            (read, meeting.name, drained),
        ):
            table[name] = table.get(name, 0.0) + data
        for link in _links(place.engines[one.at], one.home, meeting.name):
            through[link.name] = through.get(link.name, 0.0) + one.taken + one.given
        outer = _port(home, one.taken, one.given)
        inner = _port(meeting, drained, filled)
        seconds = seconds + np.maximum(outer, inner)
        bandwidth = home.write_bandwidth if output else home.read_bandwidth
        fill = fill + one.first / bandwidth
    parts = [
        memory_part(memory, read.get(name, 0.0), written.get(name, 0.0))
        for name in dict.fromkeys((*read, *written))
        if isinstance(memory := hardware.component(name), Memory)
    ]
    for name, data in through.items():
        wire = hardware.component(name)
        assert isinstance(wire, Link)
        parts.append(
            Part(name=name, kind="link", time=data / wire.bandwidth, energy=data * 8 * wire.energy)
        )
    return parts, seconds, fill


def memory_part(memory: Memory, read: Array, written: Array) -> Part:
    """Bytes at one memory, with their time and energy."""
    energy = 8 / memory.width * (read * memory.read_energy + written * memory.write_energy)
    time = _port(memory, read, written)
    return Part(
        name=memory.name, kind="memory", time=time, energy=energy, read=read, written=written
    )


def _port(memory: Memory, read: Array, written: Array) -> Array:
    if memory.shared_port:
        return (read + written) / memory.read_bandwidth
    return namespace(read, written).maximum(
        read / memory.read_bandwidth, written / memory.write_bandwidth
    )


def _links(engine: Engine, above: str, below: str) -> list[Link]:
    names = [level.name for level in engine.levels]
    between = engine.levels[names.index(above) : names.index(below)]
    return [level for level in between if isinstance(level, Link)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Equal runs of a member, and what one costs with everything at home in the meeting memory."""

    member: int
    times: int
    cost: Cost
    overlaps: bool = False


def price_group(
    ran: Sequence[Ran],
    crossing: Sequence[Crossing],
    extra: Sequence[tuple[float, float]],
    place: Place,
    hardware: Hardware,
    style: Style,
    repeat: int,
) -> Cost:
    """Return the cost of all copies of a group; `extra` bytes are those of `continued`, by member.

    Members run one after the other, or pipelined: then an iteration takes as long as the engine
    that is busy longest, and the others add their longest run once, to fill the pipeline.
    """
    moving, seconds, fill = transfer(crossing, place, hardware)
    more = [memory_part(place.memory, read, written) for read, written in extra]
    parts = _summed(
        [(1, part) for part in (*moving, *more)]
        + [(one.times, part) for one in ran for part in one.cost.parts]
    )
    latency, ramp = _latency(ran, more, place, style)
    visible = min(fill, seconds) if style.doubled else seconds
    latency = max(latency + visible, seconds) if style.doubled else latency + seconds
    shared = [part for part in parts if part.kind in {"memory", "link"}]
    latency = max([latency, *(float(part.time) for part in shared)])
    energy = float(sum(part.energy for part in parts))
    work = sum(one.times * float(one.cost.bound.compute) for one in ran)
    bound = limits(ran, crossing, place, hardware, style)
    return Cost(
        latency=latency * repeat,
        energy=energy * repeat,
        parts=tuple(
            replace(
                p,
                time=p.time * repeat,
                energy=p.energy * repeat,
                read=p.read * repeat,
                written=p.written * repeat,
            )
            for p in parts
        ),
        bound=Bound(
            compute=bound.compute * repeat,
            traffic=bound.traffic * repeat,
            energy=bound.energy * repeat,
            bytes=bound.bytes * repeat,
        ),
        ramp=(ramp + visible) * repeat,
        utilisation=min(1.0, work / latency) if latency else 0.0,
    )


def limits(
    ran: Sequence[Ran],
    crossing: Sequence[Crossing],
    place: Place,
    hardware: Hardware,
    style: Style,
) -> Bound:
    """What these runs cannot beat: units all in use, and each outside tensor moved as it is."""
    owner = resources(place)
    work: dict[int, float] = {}
    for one in ran:
        key = owner[one.member] if style.pipelined else 0
        work[key] = work.get(key, 0.0) + one.times * float(one.cost.bound.compute)
    moving, _, _ = transfer(crossing, place, hardware)
    port = max((float(part.time) for part in moving), default=0.0)
    return Bound(
        compute=max(work.values()),
        traffic=port,
        energy=sum(one.times * float(one.cost.bound.energy) for one in ran)
        + float(sum(part.energy for part in moving)),
        bytes=float(sum(one.taken + one.given for one in crossing)),
    )


def _latency(
    ran: Sequence[Ran], more: Sequence[Part], place: Place, style: Style
) -> tuple[float, float]:
    """Seconds of all runs, and those in which the pipeline fills."""
    again = float(sum(part.time for part in more))
    if not style.pipelined:
        return again + sum(one.times * float(one.cost.latency) for one in ran), 0.0
    owner = resources(place)
    busy: dict[int, float] = {}
    longest: dict[int, float] = {}
    for one in ran:
        key = owner[one.member]
        time = occupied(one)
        busy[key] = busy.get(key, 0.0) + one.times * time
        longest[one.member] = max(longest.get(one.member, 0.0), float(one.cost.latency))
    for at, part in enumerate(more):
        busy[owner[at]] = busy.get(owner[at], 0.0) + float(part.time)
    slowest = max(busy, key=lambda key: busy[key])
    ramp = sum(time for at, time in longest.items() if owner[at] != slowest)
    return busy[slowest] + ramp, ramp


def occupied(one: Ran) -> float:
    """Seconds a run keeps its engine from the next: without the ramps that overlap with others."""
    if not one.overlaps:
        return float(one.cost.latency)
    longest = max(float(part.time) for part in one.cost.parts)
    return max(float(one.cost.latency) - float(one.cost.ramp), longest)


def _summed(found: Sequence[tuple[int, Part]]) -> tuple[Part, ...]:
    parts: dict[str, Part] = {}
    for times, part in found:
        old = parts.get(part.name) or Part(name=part.name, kind=part.kind)
        parts[part.name] = Part(
            name=part.name,
            kind=part.kind,
            time=old.time + times * part.time,
            energy=old.energy + times * part.energy,
            read=old.read + times * part.read,
            written=old.written + times * part.written,
        )
    return tuple(parts.values())
