"""What a fused group costs: its members' runs, what crosses into their common memory, and overlap.

Formulas are those of one einsum (`cosynth.cost.layer`) with the meeting memory as the level that
transfers fill; numbers may be arrays of candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.cost.result import Bound, Cost, Part
from cosynth.cost.tile import Words
from cosynth.format import accumulator
from cosynth.hardware import Engine, Hardware, Link, Memory
from cosynth.mapping import part_of
from cosynth.mapping.group import Family
from cosynth.mapping.shared import (
    Along,
    Order,
    common,
    made,
    reloads,
    sequence,
    served,
    whole,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where a group runs: the engine of each member, and the memory in which they meet."""

    engines: tuple[Engine, ...]
    memory: Memory

    def home(self, at: int, part: str) -> Memory | None:
        """The memory above the meeting one where an operand is at home; None if it passes by."""
        if part not in self.memory.keeps:
            return None
        found = self.engines[at].levels[self.engines[at].home(part)]
        assert isinstance(found, Memory)
        return None if found is self.memory else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Bytes of an outside tensor between its home and the meeting memory.

    `taken` are read at home, `given` written there; `first` is one tile, `held` what the meeting
    memory must hold of it, doubled where it `streams`.
    """

    tensor: str
    at: int
    part: str
    home: str
    taken: Array
    given: Array
    drained: Array
    first: Array
    held: Array
    streams: Array


def crossings(
    family: Family, order: Order, cuts: Sequence[Along], place: Place, words: Words
) -> tuple[Crossing, ...]:
    """Count what crosses into the meeting memory and out of it; a tile two members read, once."""
    found: list[Crossing] = []
    seen: set[tuple[object, ...]] = set()
    for at, one in enumerate(family.members):
        sums = accumulator(place.engines[at].compute.accumulator).bits
        for number, access in enumerate(one.accesses):
            output = access is one.write
            inside = access.tensor in family.writer
            if (output and access.tensor not in family.leaves) or (inside and not output):
                continue
            part = _part(family, at, number)
            home = place.home(at, part)
            if home is None:
                continue
            key = _pattern(family, order, at, number)
            if not output and key in seen:
                continue
            seen.add(key)
            moved, tile = reloads(family, order, cuts, (at, number))
            bits = words.of(family, at, access.tensor).bits
            base = Crossing(
                tensor=access.tensor,
                at=at,
                part=part,
                home=home.name,
                taken=moved * bits / 8,
                given=0,
                drained=0,
                first=tile * bits / 8,
                held=tile * bits / 8,
                streams=moved > tile,
            )
            found.append(_leaving(family, order, at, base, bits, sums) if output else base)
    return tuple(found)


def _leaving(
    family: Family, order: Order, at: int, base: Crossing, bits: float, sums: float
) -> Crossing:
    """Sums that are not whole when they leave are as wide as the accumulator."""
    distinct = whole(family, (at, len(family.members[at].reads)), frozenset())
    moved = base.taken * 8 / bits
    additions = moved - distinct
    partial = max(bits, sums)
    split = _split(family, order, at)
    return replace(
        base,
        taken=additions * sums / 8,
        given=np.where(additions == 0, moved * bits, distinct * bits + additions * sums) / 8,
        drained=moved * np.where(additions == 0, bits, sums) / 8,
        held=base.held * (partial / bits if split else 1),
    )


def _split(family: Family, order: Order, at: int) -> bool:
    """Whether a shared loop cuts what a member sums over, so that its tile waits unfinished."""
    kept = family.members[at].write.ranks
    names = order.ranks[: order.depths[at]]
    return any(family.ranks[name][at] not in kept for name in names)


def _part(family: Family, at: int, number: int) -> str:
    one = family.members[at]
    access = one.accesses[number]
    if access is one.write:
        return "output"
    if number >= one.heads:
        return "input"
    direct = next(read for read in one.einsum.inputs if read == access)
    return part_of(one.einsum, direct, family.workload.tensor(access.tensor).role)


def _pattern(family: Family, order: Order, at: int, number: int) -> tuple[object, ...]:
    """How an operand moves with the shared loops, whatever the member calls its ranks."""
    one = family.members[at]
    access = one.accesses[number]
    cut = order.ranks[: order.depths[at]]
    shared = {family.ranks[name][at]: name for name in cut}
    sizes = one.einsum.sizes
    dimensions = tuple(
        (
            index.offset,
            tuple(
                (shared.get(t.rank, sizes[t.rank]), t.coefficient, t.divisor, t.modulus)
                for t in index.terms
            ),
            str(index.lookup or ""),
        )
        for index in access.indices
    )
    moving = [level for level, name in enumerate(cut) if family.ranks[name][at] in access.ranks]
    return access.tensor, dimensions, cut[: moving[-1] + 1 if moving else 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How iterations overlap: outside tiles loaded ahead; engines on different iterations."""

    doubled: bool = False
    pipelined: bool = False


def held(
    family: Family,
    order: Order,
    cuts: Sequence[Along],
    place: Place,
    words: Words,
    crossing: Sequence[Crossing],
    style: Style,
) -> Array:
    """Bytes the meeting memory must hold at a time: what lives together while a member runs."""
    always: Array = sum(
        one.held * np.where(style.doubled & np.asarray(one.streams), 2, 1) for one in crossing
    )
    steps = sequence(family, order)
    turn = {member: position for position, member in enumerate(steps)}
    stage = stages(steps, place)
    living: list[Array] = [0.0] * len(steps)
    for tensor in family.inside:
        at, readers = family.writer[tensor], family.readers[tensor]
        bits = words.of(family, at, tensor).bits
        if _split(family, order, at):
            bits = max(bits, accumulator(place.engines[at].compute.accumulator).bits)
        data = made(family, order, cuts, tensor) * bits / 8
        if style.pipelined:
            last = max(stage[reader] for reader in readers)
            always = always + data * (max(0, last - stage[at]) + 1)
        elif _stays(family, order, tensor):
            always = always + data
        else:
            for position in range(turn[at], max(turn[reader] for reader in readers) + 1):
                living[position] = living[position] + data
    most: Array = 0.0
    for each in living:
        most = np.maximum(most, each)
    return always + most


def _stays(family: Family, order: Order, tensor: str) -> bool:
    """Whether an inside tensor lives from one iteration to the next."""
    at = family.writer[tensor]
    level = common(family, order, tensor)
    if at in family.readers[tensor] or _split(family, order, at):
        return True
    if level == 0:
        return False
    if order.depths[at] > level:
        return True
    rank = family.ranks[order.ranks[level - 1]][at]
    return any(
        not index.plain and other in index.ranks
        for reader in family.readers[tensor]
        for access in family.members[reader].reads
        if access.tensor == tensor
        for other in [family.ranks[order.ranks[level - 1]].get(reader, "")]
        for index in access.indices
    ) and bool(rank)


def stages(steps: Sequence[int], place: Place) -> dict[int, int]:
    """Member -> stage of the pipeline: a new one where the next member runs on other parts."""
    number = 0
    found = {steps[0]: 0}
    owner = resources(place)
    for before, now in pairwise(steps):
        number += owner[before] != owner[now]
        found[now] = number
    return found


def resources(place: Place) -> tuple[int, ...]:
    """For each member, the number of the first that shares an array, memory or unit with it."""
    found: list[int] = []
    for engine in place.engines:
        own = below(engine, place.memory)
        same = [
            at
            for at, other in enumerate(place.engines[: len(found)])
            if any(level in below(other, place.memory) for level in own)
        ]
        found.append(found[same[0]] if same else len(found))
    return tuple(found)


def below(engine: Engine, memory: Memory) -> list[object]:
    """Components of an engine's path that stand below a memory."""
    at = [level.name for level in engine.levels].index(memory.name)
    return [level for level in engine.levels[at + 1 :] if not isinstance(level, Link)]


def continued(
    family: Family,
    order: Order,
    cuts: Sequence[Along],
    place: Place,
    words: Words,
    at: int,
) -> tuple[Array, Array]:
    """Bytes read and written in the meeting memory because a shared loop cuts a member's sums.

    Every run but the first on a tile reads what there is; every run but the last leaves sums as
    wide as the accumulator.
    """
    if not _split(family, order, at):
        return 0.0, 0.0
    one = family.members[at]
    operand = at, len(one.reads)
    levels = range(order.depths[at])
    mine = [level for level in levels if operand in cuts[level].every]
    moved = frozenset(family.ranks[order.ranks[level]][at] for level in mine)
    once: Array = whole(family, operand, moved)
    for level in mine:
        once = once * cuts[level].every[operand]
    total = served(family, order, cuts, operand)
    if one.write.tensor in family.leaves:
        once, _ = reloads(family, order, cuts, operand)
    partial = accumulator(place.engines[at].compute.accumulator).bits
    bits = words.of(family, at, one.write.tensor).bits
    again = total - once
    return again * partial / 8, again * (partial - bits) / 8


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
