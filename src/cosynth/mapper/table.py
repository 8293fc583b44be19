"""One mapping problem as plain arrays: what the compiled bound and search read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cosynth.cost import Cost, Job, byte_energies, price
from cosynth.cost.instances import neighbours
from cosynth.errors import MappingError
from cosynth.format import accumulator
from cosynth.hardware import Engine, Hardware, Link, Memory, SpatialArray
from cosynth.mapper.objective import Objective
from cosynth.mapper.sizes import Partition, partition
from cosynth.mapper.windows import apart, touching
from cosynth.mapping import Counts, Level, Mapping, Traffic, distinct, operands, rank_kinds, unrolls
from cosynth.mapping.footprint import Group, groups, plain_group, touched

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


# what fits a record: compiled code reads records of one layout, so that it serves every problem
RANKS, INTERVALS, OPERANDS, WINDOWS, WIDE = 12, 256, 8, 8, 64
STAGES, MEMORIES, LINKS = 24, 12, 8


class Shape(Protocol):
    """What a problem is of its einsum: ranks, their intervals of tiles, operands and windows.

    Masks are bits, over ranks or over operands; the output is the last operand. `every` and `held`
    give the elements of a window's tiles, summed over all of them and of the largest one, by the
    intervals of its ranks.
    """

    ranks: int
    windows: int
    sizes: Integers  # [rank]
    number: Integers  # [rank] intervals
    low: Integers  # [rank, interval]
    high: Integers
    relevant: Integers  # [operand] ranks that index it
    bare: Integers  # [operand] ranks whose every step touches elements of its own
    sliding: Integers  # [operand] ranks of its windows
    beside: Integers  # [operand] ranks after whose end others may go on
    packed: Integers  # [operand] whether it lies as it is read
    base: Floats  # [operand] elements over bare ranks and over what no window describes
    distinct: Floats  # [operand]
    window: Integers  # [window, (operand, rank, other rank or -1, whether steps never meet)]
    every: Floats  # [window, interval, interval]
    held: Floats


class Chip(Protocol):
    """What a problem is of its engine and formats: stages outermost first, then numbers.

    A stage is the block of loops of a memory, or one dimension of an array.
    """

    stages: int
    memories: int
    operands: int
    links: int
    ranks: int
    memory: Integers  # [stage] memory whose block it is, -1 for an array dimension
    room: Integers  # [stage] instances of the dimension
    carries: Integers  # [stage] ranks it may carry
    united: Integers  # [stage] operands that its instances share
    serial: Integers  # [stage] operands that pass one element a cycle to or from its instances
    start: Integers  # [memory and the unit] stages above
    home: Integers  # [operand] its outermost memory
    stored: Floats  # [operand] bytes an element
    partial: float  # bytes of a sum that is not whole
    capacity: Floats  # [memory] bytes
    reading: Floats  # [memory] bytes a second
    writing: Floats
    shared: Integers  # [memory] one port for both
    contiguous: Integers  # [memory] a read takes what lies side by side
    slides: Integers  # [memory] keeps what a window that moves still covers
    crosses: Integers  # [link, memory, memory or unit]
    linking: Floats  # [link] bytes a second
    fixed: Floats  # [memory, (read, written)] bytes moved whatever the mapping
    cycle: float  # seconds of a time step
    tick: float  # seconds of an element that passes alone
    vector: float  # seconds beside the run (at the end of it, if negative)
    weight_read: Floats  # [memory] objective for a byte read
    weight_written: Floats
    weight_link: Floats
    weight_fixed: float
    weight_time: float
    product: int  # whether the objective is time x the rest, else their sum
    latest: float  # seconds it may take


class TooLargeError(MappingError):
    """A problem has more ranks, operands or levels than a record holds."""


_I, _F = np.int64, np.float64
SHAPE = np.dtype(
    [
        ("ranks", _I), ("windows", _I), ("sizes", _I, RANKS), ("number", _I, RANKS),
        ("low", _I, (RANKS, INTERVALS)), ("high", _I, (RANKS, INTERVALS)),
        ("relevant", _I, OPERANDS), ("bare", _I, OPERANDS), ("beside", _I, OPERANDS),
        ("packed", _I, OPERANDS),
        ("sliding", _I, OPERANDS), ("base", _F, OPERANDS), ("distinct", _F, OPERANDS),
        ("window", _I, (WINDOWS, 4)), ("every", _F, (WINDOWS, WIDE, WIDE)),
        ("held", _F, (WINDOWS, WIDE, WIDE)),
    ]
)  # fmt: skip
CHIP = np.dtype(
    [
        ("stages", _I), ("memories", _I), ("operands", _I), ("links", _I), ("ranks", _I),
        ("memory", _I, STAGES), ("room", _I, STAGES), ("carries", _I, STAGES),
        ("united", _I, STAGES), ("serial", _I, STAGES), ("start", _I, MEMORIES + 1),
        ("home", _I, OPERANDS),
        ("stored", _F, OPERANDS), ("partial", _F), ("capacity", _F, MEMORIES),
        ("reading", _F, MEMORIES), ("writing", _F, MEMORIES), ("shared", _I, MEMORIES),
        ("contiguous", _I, MEMORIES), ("slides", _I, MEMORIES),
        ("crosses", _I, (LINKS, MEMORIES, MEMORIES + 1)), ("linking", _F, LINKS),
        ("fixed", _F, (MEMORIES, 2)), ("cycle", _F), ("tick", _F),
        ("vector", _F),
        ("weight_read", _F, MEMORIES), ("weight_written", _F, MEMORIES),
        ("weight_link", _F, LINKS), ("weight_fixed", _F), ("weight_time", _F), ("product", _I),
        ("latest", _F),
    ]
)  # fmt: skip


def _record(layout: np.dtype[np.void], values: dict[str, object]) -> Any:
    """One record; arrays fill the first places of their fields."""
    found = np.zeros(1, dtype=layout).view(np.recarray)[0]
    for name, value in values.items():
        field = layout[name]
        if not field.shape:
            found[name] = value
            continue
        array = np.asarray(value)
        if any(have > room for have, room in zip(array.shape, field.shape, strict=True)):
            raise TooLargeError(
                f"{name} has shape {array.shape}; the exact search takes {field.shape}"
            )
        found[name][tuple(slice(0, have) for have in array.shape)] = array
    return found


def ranks_of(job: Job) -> tuple[str, ...]:
    """The ranks that have more than one step: those a mapping can split."""
    found = tuple(rank for rank, size in job.einsum.bounds if size > 1)
    return found or tuple(rank for rank, _ in job.einsum.bounds[:1])


def widest(job: Job) -> tuple[int, ...]:
    """Most intervals of every rank that there is room for."""
    slid = _slid(job)
    return tuple(WIDE if rank in slid else INTERVALS for rank in ranks_of(job))


def partitions(job: Job) -> tuple[Partition, ...]:
    """Every rank cut into intervals that need equally many steps each, as far as there is room."""
    sizes = job.einsum.sizes
    wide = zip(ranks_of(job), widest(job), strict=True)
    return tuple(partition(sizes[rank], most) for rank, most in wide)


@lru_cache(maxsize=1 << 12)
def shape(job: Job, parts: tuple[Partition, ...] | None = None) -> Shape:
    """Return the einsum's side of a problem, its ranks cut into intervals as given or needed."""
    ranks = ranks_of(job)
    sizes = job.einsum.sizes
    parts = parts or partitions(job)
    cut = [np.array(part, dtype=np.int64) for part in parts]
    most = max(len(part) for part in cut)
    place = {rank: at for at, rank in enumerate(ranks) if sizes[rank] > 1}
    relevant, bare, sliding, beside, base, whole = [], [], [], [], [], []
    packed = [
        int(job.workload.tensor(access.tensor).role == "weight")
        for access, _ in operands(job.einsum, job.workload)
    ]
    windows: list[tuple[tuple[int, int, int, int], Group]] = []
    for operand, (access, _) in enumerate(operands(job.einsum, job.workload)):
        size = job.workload.tensor(access.tensor).shape
        elements = 1.0
        bares = slides = 0
        for group in groups(access, job.einsum, size):
            known = [place[rank] for rank in group.ranks if rank in place]
            if not group.windows:
                elements *= group.sizes[0]
                bares |= _mask(known)
            elif len(known) in (1, 2):
                other = known[1] if known[1:] else -1
                windows.append(((operand, known[0], other, apart(group)), group))
                slides |= _mask(known)
            else:
                # what more than two ranks share is bounded by what must be moved at least once
                elements *= touched(group, ())
        relevant.append(_mask([place[rank] for rank in access.ranks if rank in place]))
        beside.append(_mask([place[rank] for rank in neighbours(access) if rank in place]))
        bare.append(bares)
        sliding.append(slides)
        base.append(elements)
        whole.append(float(distinct(access, job.einsum, size)))
    wide = min(most, WIDE)
    every = np.zeros((len(windows), wide, wide))
    held = np.zeros_like(every)
    for at, ((_, first, second, _), group) in enumerate(windows):
        own = tuple(parts[rank] for rank in (first, second) if rank >= 0)
        sums, tiles = touching(plain_group(group), own)
        rows, columns = sums.shape
        every[at, :rows, :columns], held[at, :rows, :columns] = sums, tiles
    values: dict[str, object] = {
        "ranks": len(ranks),
        "windows": len(windows),
        "sizes": np.array([sizes[rank] for rank in ranks], dtype=np.int64),
        "number": np.array([len(part) for part in cut], dtype=np.int64),
        "low": _padded([part[:, 0] for part in cut], most),
        "high": _padded([part[:, 1] for part in cut], most),
        "relevant": np.array(relevant, dtype=np.int64),
        "bare": np.array(bare, dtype=np.int64),
        "sliding": np.array(sliding, dtype=np.int64),
        "beside": np.array(beside, dtype=np.int64),
        "packed": np.array(packed, dtype=np.int64),
        "base": np.array(base),
        "distinct": np.array(whole),
        "window": np.array([key for key, _ in windows], dtype=np.int64).reshape(-1, 4),
        "every": every,
        "held": held,
    }
    found: Shape = _record(SHAPE, values)
    return found


def _slid(job: Job) -> frozenset[str]:
    """Ranks that stand in a window of some operand."""
    found: set[str] = set()
    for access, _ in operands(job.einsum, job.workload):
        for group in groups(access, job.einsum, job.workload.tensor(access.tensor).shape):
            if group.windows:
                found.update(group.ranks)
    return frozenset(found)


def _padded(columns: list[Integers], most: int) -> Integers:
    table = np.ones((len(columns), most), dtype=np.int64)
    for row, column in zip(table, columns, strict=True):
        row[: len(column)] = column
    return table


def _mask(ranks: list[int]) -> int:
    return sum(1 << rank for rank in ranks)


def chip(job: Job, engine: Engine, hardware: Hardware, goal: Objective) -> Chip:
    """Return the engine's side of a problem: plain numbers of `priced` hardware."""
    ranks = ranks_of(job)
    kinds = rank_kinds(job.einsum, job.workload)
    parts = [part for _, part in operands(job.einsum, job.workload)]
    memories = engine.memories
    memory: list[int] = []
    room: list[int] = []
    carries: list[int] = []
    united: list[int] = []
    serial: list[int] = []
    start: list[int] = []
    for level in engine.levels:
        if isinstance(level, Memory):
            start.append(len(memory))
            memory.append(len(start) - 1)
            room.append(1)
            carries.append(0)
            united.append(0)
            serial.append(0)
        elif isinstance(level, SpatialArray):
            for dimension in level.dimensions:
                shared = dimension.multicast + (("output",) if dimension.reduce else ())
                memory.append(-1)
                room.append(int(dimension.size))
                allowed = [unrolls(dimension, rank, kinds[rank]) for rank in ranks]
                carries.append(_mask([at for at, may in enumerate(allowed) if may]))
                united.append(_mask([at for at, part in enumerate(parts) if part in shared]))
                serial.append(
                    _mask([at for at, part in enumerate(parts) if part in dimension.serial])
                )
    start.append(len(memory))
    links = [level for level in engine.levels if isinstance(level, Link)]
    energies = [byte_energies(level) for level in memories]
    empty = _empty(job, engine, hardware)
    times = job.einsum.repeat
    fixed = [(empty.part(level.name).read, empty.part(level.name).written) for level in memories]
    beside = next((p for p in empty.parts if p.kind in {"vector", "serial"}), None)
    vector = float(beside.time) / times if beside else 0.0
    traffic = dict(goal.traffic)
    moved = [traffic.get(level.name, 0.0) for level in memories]
    energy = goal.energy
    fixed_energy = (
        float(empty.energy) / times
        - sum(
            float(read * inward + written * outward)
            for (read, written), (inward, outward) in zip(fixed, energies, strict=True)
        )
        / times
    )
    values: dict[str, object] = {
        "stages": len(memory),
        "memories": len(memories),
        "operands": len(parts),
        "links": len(links),
        "ranks": len(ranks),
        "memory": np.array(memory, dtype=np.int64),
        "room": np.array(room, dtype=np.int64),
        "carries": np.array(carries, dtype=np.int64),
        "united": np.array(united, dtype=np.int64),
        "serial": np.array(serial, dtype=np.int64),
        "start": np.array(start, dtype=np.int64),
        "home": np.array([memories.index(engine.levels[engine.home(p)]) for p in parts]),
        "stored": np.array(
            [job.bits[access.tensor] / 8 for access, _ in operands(job.einsum, job.workload)]
        ),
        "partial": accumulator(engine.compute.accumulator).bits / 8,
        "capacity": np.array([float(level.size) for level in memories]),
        "reading": np.array([float(level.read_bandwidth) for level in memories]),
        "writing": np.array([float(level.write_bandwidth) for level in memories]),
        "shared": np.array([int(level.shared_port) for level in memories]),
        "contiguous": np.array([int(level.contiguous) for level in memories]),
        "slides": np.array([int(level.slides) for level in memories]),
        "crosses": _crosses(engine, links),
        "linking": np.array([float(link.bandwidth) for link in links]),
        "fixed": np.array(fixed, dtype=float) / times,
        "cycle": float(empty.part(engine.compute.name).time) / times,
        "tick": 1.0 / float(hardware.frequency),
        "vector": -vector if beside and beside.kind == "serial" else vector,
        "weight_read": np.array(
            [energy * float(e[0]) + w for e, w in zip(energies, moved, strict=True)]
        ),
        "weight_written": np.array(
            [energy * float(e[1]) + w for e, w in zip(energies, moved, strict=True)]
        ),
        "weight_link": np.array([energy * 8 * float(link.energy or 0.0) for link in links]),
        "weight_fixed": energy * fixed_energy,
        "weight_time": goal.latency,
        "product": int(goal.product),
        "latest": goal.latest / times,
    }
    found: Chip = _record(CHIP, values)
    return found


def _empty(job: Job, engine: Engine, hardware: Hardware) -> Cost:
    """The cost of one time step that moves nothing: what no mapping changes."""
    homes = [
        Counts(tensor=access.tensor, part=part, level=engine.levels[engine.home(part)].name)
        for access, part in operands(job.einsum, job.workload)
    ]
    stages = [lv for lv in engine.levels if isinstance(lv, (Memory, SpatialArray))]
    nothing = Mapping(
        einsum=job.name,
        engine=engine.name,
        levels=tuple(Level(name=level.name) for level in stages),
    )
    counts = Traffic(counts=tuple(homes), steps=1, points=job.einsum.points, lanes=1)
    return price(job, counts, nothing, engine, hardware)


def _crosses(engine: Engine, links: list[Link]) -> Integers:
    """Whether a link stands between a memory and another (or the unit)."""
    place = {level.name: at for at, level in enumerate(engine.levels)}
    ends = [place[memory.name] for memory in engine.memories]
    found = np.zeros((len(links), len(ends), len(ends) + 1), dtype=np.int64)
    for at, link in enumerate(links):
        for above, upper in enumerate(ends):
            for below, lower in enumerate([*ends, place[engine.compute.name]]):
                found[at, above, below] = upper < place[link.name] < lower
    return found
