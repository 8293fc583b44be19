"""Exact counts to seconds and joules, for one job on one engine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from cosynth.arrays import Array, either, namespace
from cosynth.cost.instances import Instances, instances
from cosynth.cost.job import Job
from cosynth.cost.pipeline import port_time, staged
from cosynth.cost.result import Bound, Cost, Part
from cosynth.format import accumulator
from cosynth.hardware import Compute, Engine, Hardware, Link, Memory, SpatialArray, compute_energy
from cosynth.hardware import rate as rate_of
from cosynth.mapping import Counts, Mapping, Traffic, buffers_twice, distinct, operands
from cosynth.workload import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """What passes between a memory (`above`) and the next that keeps a tensor, or the unit.

    In bytes unless elements are named.
    """

    above: str
    below: str
    part: str
    access: Access
    packed: bool
    sent: Array  # elements of an input that are read above
    taken: Array  # bytes of them, or of sums
    given: Array  # written above
    filled: Array  # written below
    drained: Array  # read below
    elements: Array  # that come to what is below, or leave it
    tile: Array  # elements of one tile below
    first: Array  # bytes of one tile below


def price(job: Job, counts: Traffic, mapping: Mapping, engine: Engine, hardware: Hardware) -> Cost:
    """Return the cost of all copies of a job under a mapping whose traffic was counted.

    `hardware` must be `priced`. Tiles, and every number of the hardware, may be arrays; all
    broadcast. Transfers into a double-buffered level overlap with the work below it, others do
    not; no port moves more than its bandwidth over the whole run.
    """
    moves = _moves(job, counts, engine)
    used = instances(mapping, job, engine)
    clock = hardware.frequency
    parts = {part.name: part for part in _memory_parts(job, moves, used, engine, clock)}
    parts |= {part.name: part for part in _link_parts(moves, engine)}
    compute = engine.compute
    parts[compute.name] = _unit_part(job, counts, engine, hardware)
    vector = _vector_part(job, engine, hardware)
    if vector is not None:
        parts[vector.name] = vector
    latency, ramp = _pipelined(moves, parts, used, mapping, engine, clock)
    if vector is not None and vector.kind == "serial":
        latency = latency + vector.time
    elif vector is not None:
        latency = namespace(latency, vector.time).maximum(latency, vector.time)
    times = job.einsum.repeat
    energy = sum(part.energy for part in parts.values())
    bound = bounds(job, engine, hardware)
    return Cost(
        latency=latency * times,
        energy=energy * times,
        parts=tuple(_times(part, times) for part in parts.values()),
        bound=bound,
        ramp=ramp * times,
        utilisation=bound.compute / (latency * times) if _positive(rate(compute, job)) else 0.0,
    )


def bounds(job: Job, engine: Engine, hardware: Hardware) -> Bound:
    """Physical limits of all copies of a job: the compute roofline and compulsory traffic."""
    unit, einsum = engine.compute, job.einsum
    points, speed = _operations(job, unit), rate(unit, job)
    work = points / (engine.lanes * speed * hardware.frequency) if _positive(speed) else math.inf
    moved: dict[str, tuple[Memory, Array, Array]] = {}
    energy: Array = points * compute_energy(unit, hardware, *job.factors)
    total: Array = 0
    homes = [(tensor, job.parts[tensor], job.bits[tensor]) for tensor in job.parts]
    for tensor, part, bits in homes:
        size = _touched(job, tensor)
        memory = engine.levels[engine.home(part)]
        assert isinstance(memory, Memory)
        data = size * bits / 8
        _, read, written = moved.get(memory.name, (memory, 0.0, 0.0))
        if part == "output":
            written = written + data
        else:
            read = read + data
        moved[memory.name] = memory, read, written
        per_access = memory.write_energy if part == "output" else memory.read_energy
        energy = energy + data * 8 / memory.width * per_access
        total = total + data
    slowest: Array = 0.0
    for memory, read, written in moved.values():
        port = _busy(memory, read, written)
        slowest = namespace(port, slowest).maximum(port, slowest)
    times = einsum.repeat
    return Bound(
        compute=work * times, traffic=slowest * times, energy=energy * times, bytes=total * times
    )


def byte_energies(memory: Memory) -> tuple[Array, Array]:
    """Joules to read and to write one byte of a priced memory."""
    return 8 / memory.width * memory.read_energy, 8 / memory.width * memory.write_energy


def rate(unit: Compute, job: Job) -> Array:
    """Operations a cycle of one unit for the formats of a job; 0 where it cannot run them."""
    return rate_of(unit, *job.factors)


def _operations(job: Job, unit: Compute) -> int:
    """Scalar steps of one copy on a unit: points, or vector operations on a vector unit."""
    if unit.does == "vector":
        return max(job.vector_operations // job.einsum.repeat, job.einsum.points)
    return job.einsum.points


@lru_cache(maxsize=1 << 14)
def _touched(job: Job, tensor: str) -> int:
    access = next(a for a in (*job.einsum.inputs, job.einsum.output) if a.tensor == tensor)
    return distinct(access, job.einsum, job.workload.tensor(tensor).shape)


def _moves(job: Job, counts: Traffic, engine: Engine) -> list[_Move]:
    by_tensor: dict[str, list[Counts]] = {}
    for count in counts.counts:
        by_tensor.setdefault(count.tensor, []).append(count)
    sums = accumulator(engine.compute.accumulator).bits
    accesses = {access.tensor: access for access, _ in operands(job.einsum, job.workload)}
    found = []
    for tensor, levels in by_tensor.items():
        stored = job.bits[tensor] / 8
        whole: Array = True
        for here, below in zip(levels, [*levels[1:], None], strict=True):
            if here.part == "output":
                access = accesses[tensor]
                found.append(_sums(here, below, access, whole, stored, sums / 8, engine))
                whole = here.whole
                continue
            found.append(
                _Move(
                    above=here.level,
                    below=below.level if below else engine.compute.name,
                    part=here.part,
                    access=accesses[tensor],
                    packed=job.workload.tensor(tensor).role == "weight",
                    sent=here.reads,
                    taken=here.reads * stored,
                    given=0,
                    filled=below.fills * stored if below else 0,
                    drained=0,
                    elements=below.fills if below else 0,
                    tile=below.tile if below else 0,
                    first=below.tile * stored if below else 0,
                )
            )
    return found


def _sums(
    here: Counts,
    below: Counts | None,
    access: Access,
    whole: Array,
    stored: float,
    partial: float,
    engine: Engine,
) -> _Move:
    """Partial sums are as wide as the accumulator until they are `whole`, when they leave here."""
    width = either(here.whole, stored, partial)
    finished = here.updates - here.additions
    # the last update of an element leaves a finished sum, unless more is added further out
    last = either(whole, stored, partial)
    given = either(here.whole, here.updates * stored, finished * last + here.additions * partial)
    return _Move(
        above=here.level,
        below=below.level if below else engine.compute.name,
        part="output",
        access=access,
        packed=False,
        sent=0,
        taken=here.additions * partial,
        given=given,
        filled=0,
        drained=below.drains * width if below else 0,
        elements=below.drains if below else 0,
        tile=below.tile if below else 0,
        first=below.tile * width if below else 0,
    )


def _memory_parts(
    job: Job, moves: list[_Move], used: Instances, engine: Engine, frequency: Array
) -> list[Part]:
    found = []
    for memory in engine.memories:
        read: Array = 0.0
        written: Array = 0.0
        for move in moves:
            if move.above == memory.name:
                read, written = read + move.taken, written + move.given
            if move.below == memory.name:
                read, written = read + move.drained, written + move.filled
        extra = _extra_bytes(job, memory, engine)
        read = read + extra
        if memory.name != engine.levels[engine.home("input")].name:
            written = written + extra
        inward, outward = byte_energies(memory)
        energy = read * inward + written * outward
        time = _busy(memory, read, written) / used.of[memory.name]
        for move in moves:
            if move.above == memory.name:
                gathering = _gathering(move, memory, used, frequency)
                time = namespace(time, gathering).maximum(time, gathering)
        found.append(
            Part(
                name=memory.name,
                kind="memory",
                time=time,
                energy=energy,
                read=read,
                written=written,
            )
        )
    return found


def _extra_bytes(job: Job, memory: Memory, engine: Engine) -> float:
    """Bytes of the operands that are added as the output drains: they pass the shared memories."""
    shared = [m.name for m in engine.memories if "input" in m.keeps and _outside(engine, m)]
    if memory.name not in shared:
        return 0.0
    return sum(elements * format.bits / 8 for _, elements, format in job.extras) / job.einsum.repeat


def _outside(engine: Engine, memory: Memory) -> bool:
    """Whether a memory stands above every array, where drained tiles pass."""
    for level in engine.levels:
        if level is memory:
            return True
        if isinstance(level, SpatialArray):
            return False
    return False


def _link_parts(moves: list[_Move], engine: Engine) -> list[Part]:
    place = {level.name: at for at, level in enumerate(engine.levels)}
    found = []
    for link in engine.levels:
        if not isinstance(link, Link):
            continue
        down: Array = 0.0
        up: Array = 0.0
        for move in moves:
            if place[move.above] < place[link.name] < place[move.below]:
                down, up = down + move.taken, up + move.given
        moved = down + up
        found.append(
            Part(
                name=link.name,
                kind="link",
                time=moved / link.bandwidth,
                energy=moved * 8 * link.energy,
                read=down,
                written=up,
            )
        )
    return found


def _unit_part(job: Job, counts: Traffic, engine: Engine, hardware: Hardware) -> Part:
    unit = engine.compute
    speed = rate(unit, job)
    scale = _operations(job, unit) / job.einsum.points
    cycles = counts.steps * scale / speed if _positive(speed) else math.inf
    return Part(
        name=unit.name,
        kind="compute",
        time=cycles / hardware.frequency,
        energy=counts.points * scale * compute_energy(unit, hardware, *job.factors),
    )


def _positive(speed: Array) -> bool:
    """A rate of plain 0 means "cannot run"; arrays of rates are positive by construction."""
    return not isinstance(speed, (int, float)) or speed > 0


def _vector_part(job: Job, engine: Engine, hardware: Hardware) -> Part | None:
    """What is applied to the output: on a vector unit beside the array, else on the array."""
    if engine.compute.does == "vector" or not job.vector_operations:
        return None
    operations = job.vector_operations / job.einsum.repeat
    for other in hardware.engines:
        if other.compute.does == "vector":
            speed = rate(other.compute, job) * other.lanes
            energy = compute_energy(other.compute, hardware, *job.factors)
            time = operations / speed / hardware.frequency
            return Part(name=other.name, kind="vector", time=time, energy=operations * energy)
    time = operations / (rate(engine.compute, job) * engine.lanes) / hardware.frequency
    energy = compute_energy(engine.compute, hardware, *job.factors)
    return Part(name="pointwise", kind="serial", time=time, energy=operations * energy)


def _pipelined(
    moves: list[_Move],
    parts: dict[str, Part],
    used: Instances,
    mapping: Mapping,
    engine: Engine,
    frequency: Array,
) -> tuple[Array, Array]:
    """Seconds of one copy, and the seconds of it in which pipelines fill and drain."""
    memories = {memory.name: memory for memory in engine.memories}
    latency = parts[engine.compute.name].time
    ramp: Array = 0.0
    for level in reversed(engine.memories):
        into = [move for move in moves if move.below == level.name]
        if not into:
            continue
        transfer: Array = 0.0
        fill: Array = 0.0
        for move in into:
            above = memories[move.above]
            # one tile per instance, at the share of the transfer that one tile is
            bandwidth = above.write_bandwidth if move.part == "output" else above.read_bandwidth
            first = move.first * used.of[level.name] / used.of[above.name] / bandwidth
            seconds = _transfer_time(move, above, level, used)
            gathering = _gathering(move, above, used, frequency)
            seconds = namespace(seconds, gathering).maximum(seconds, gathering)
            for port in used.ports(above.name, level.name, move.part):
                passed = move.elements / port / frequency
                seconds = namespace(seconds, passed).maximum(seconds, passed)
                passed = move.tile * used.of[level.name] / port / frequency
                first = namespace(first, passed).maximum(first, passed)
            transfer, fill = transfer + seconds, fill + first
        xp = namespace(latency, transfer, fill)
        doubled = buffers_twice(level, mapping)
        latency, visible = staged(latency, transfer, fill, doubled, xp.maximum, xp.minimum)
        ramp = ramp + visible
    for part in parts.values():
        if part.kind in {"memory", "link"}:
            latency = namespace(latency, part.time).maximum(latency, part.time)
    return latency, ramp


def _transfer_time(move: _Move, above: Memory, below: Memory, used: Instances) -> Array:
    outer = _busy(above, move.taken, move.given) / used.of[above.name]
    inner = _busy(below, move.drained, move.filled) / used.of[below.name]
    return namespace(outer, inner).maximum(outer, inner)


def _gathering(move: _Move, above: Memory, used: Instances, frequency: Array) -> Array:
    """Seconds in which vectors are read, a place where they lie at a time.

    Weights are known before, and so lie as they are read.
    """
    if not above.contiguous or move.part == "output" or move.packed:
        return 0.0
    run = used.run(move.above, move.below, move.access, move.part)
    return move.sent / run / frequency / used.of[above.name]


def _busy(memory: Memory, read: Array, written: Array) -> Array:
    """Seconds that one memory needs to move these bytes."""
    speeds = memory.read_bandwidth, memory.write_bandwidth
    xp = namespace(read, written, *speeds)
    return port_time(read, written, *speeds, memory.shared_port, xp.maximum)


def _times(part: Part, times: int) -> Part:
    return Part(
        name=part.name,
        kind=part.kind,
        time=part.time * times,
        energy=part.energy * times,
        read=part.read * times,
        written=part.written * times,
    )
