"""Good mappings fast: level by level from the outside in, with an honest gap to the bound.

The spatial unrolling is chosen first, for the fewest time steps. Then each memory takes the tiles
that move the fewest weighted bytes into it, its loops ordered so that one operand stays. The best of
each level are completed and priced exactly. Parts of the space left out: more than two ranks on one
array dimension, loop orders beyond one per stationary operand, tile sizes off the grid of
`cosynth.mapper.tiles`, partial bypass. The gap says what that may have cost.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.cost import Cost, Job, objective, price, rate
from cosynth.errors import InfeasibleError
from cosynth.format import accumulator
from cosynth.hardware import Engine, Hardware, Memory, SpatialArray
from cosynth.mapper.spatial import Unrolling, unrollings
from cosynth.mapper.tiles import Tiles, candidates
from cosynth.mapping import Level, Loop, Mapping, Traffic, inflow, operands, overflows, traffic
from cosynth.units import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A mapping of plain numbers, its exact cost, and how far it may be from the optimum.

    `gap` is the objective divided by its physical bound, less one: the optimum lies between.
    """

    mapping: Mapping
    cost: Cost
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much to try: unrollings, partial mappings carried from level to level."""

    unrollings: int = 3
    beam: int = 4


# watts at which a second weighs as much as a joule when levels are chosen: assumed
POWER = 1.0

FAST = Effort(unrollings=1, beam=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Partial:
    """Levels chosen so far, and what the next memory keeps of which tile."""

    levels: tuple[Level, ...]
    keep: tuple[str, ...]
    tile: dict[str, int]
    score: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """A memory and the arrays between it and the next memory (or the compute unit)."""

    memory: Memory
    arrays: tuple[SpatialArray, ...]

    def width(self, unrolling: Unrolling) -> dict[str, int]:
        """Instances per rank over the arrays of this stage."""
        names = {dimension.name for array in self.arrays for dimension in array.dimensions}
        used: dict[str, int] = {}
        for dimension, rank, instances in unrolling:
            if dimension in names:
                used[rank] = used.get(rank, 1) * instances
        return used


def best(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goal: str = "latency",
    effort: Effort | None = None,
) -> Mapped:
    """Return the best mapping found for `goal` (latency, energy or edp).

    `hardware` must be `priced` and of plain numbers. Raises InfeasibleError, naming the limit, when
    the engine cannot run the job at all.
    """
    chosen = effort or Effort()
    _check(job, engine)
    found: Mapped | None = None
    stages = _stages(engine)
    for unrolling in unrollings(job, engine, chosen.unrollings):
        keep = tuple(sorted(_keeps(job, engine, stages[0].memory)[0]))
        partials = [_Partial(levels=(), keep=keep, tile=job.einsum.sizes)]
        for place in range(1, len(stages)):
            grown = [
                child
                for partial in partials
                for child in _descend(job, engine, stages, partial, unrolling, place, goal)
            ]
            partials = sorted(grown, key=lambda partial: partial.score)[: chosen.beam]
        for partial in partials:
            mapped = _complete(job, engine, hardware, stages, partial, unrolling, goal)
            if mapped and (found is None or _value(mapped, goal) < _value(found, goal)):
                found = mapped
    if found is None:
        raise InfeasibleError(_why(job, engine))
    return found


def _check(job: Job, engine: Engine) -> None:
    if not rate(engine.compute, job):
        formats = " x ".join(format.name for format in job.factors)
        known = ", ".join(name for name, _ in engine.compute.rates)
        raise InfeasibleError(
            f"{job.name}: {engine.name} has no rate for {formats}; it runs {known}"
        )
    for tensor, part in job.parts.items():
        if engine.home(part) < 0:
            raise InfeasibleError(f"{job.name}: no memory may hold {tensor!r}, the {part} operand")


def _stages(engine: Engine) -> list[_Stage]:
    found: list[_Stage] = []
    for level in engine.levels:
        if isinstance(level, Memory):
            found.append(_Stage(memory=level, arrays=()))
        elif isinstance(level, SpatialArray):
            found[-1] = replace(found[-1], arrays=(*found[-1].arrays, level))
    return found


def _keeps(job: Job, engine: Engine, memory: Memory) -> tuple[frozenset[str], frozenset[str]]:
    """Operands a memory may keep, and those of them that live there whole."""
    kept = {tensor for tensor, part in job.parts.items() if part in memory.keeps}
    home = {tensor for tensor in kept if engine.levels[engine.home(job.parts[tensor])] is memory}
    return frozenset(kept), frozenset(home)


def _orders(job: Job) -> list[tuple[str, ...]]:
    """One loop order per operand that stays: ranks it lacks innermost, its windows just outside."""
    found: dict[tuple[str, ...], None] = {}
    for access, _ in operands(job.einsum, job.workload):
        sliding = {r for index in access.indices if len(index.ranks) > 1 for r in index.ranks}
        ranks = list(access.ranks)
        outer = [rank for rank in ranks if rank not in sliding]
        middle = [rank for rank in reversed(ranks) if rank in sliding]
        inner = [rank for rank in job.einsum.ranks if rank not in ranks]
        found[*outer, *middle, *inner] = None
    return list(found)


def _fitting(
    job: Job, engine: Engine, stage: _Stage, outer: dict[str, int], least: dict[str, int]
) -> tuple[tuple[str, ...], Tiles] | None:
    """What a memory keeps and its candidate tiles; operands are dropped when nothing else fits."""
    memory = stage.memory
    kept, home = _keeps(job, engine, memory)
    whole = sum(job.workload.tensor(t).size * job.bits[t] / 8 for t in home)
    rooms = (float(memory.size), float(memory.size) / 4)
    copies = 2 if memory.double_buffered else 1
    streamed = sorted(kept - home, key=lambda tensor: job.bits[tensor])
    for drop in range(len(streamed) + 1):
        held = frozenset(streamed[: len(streamed) - drop])
        tiles = candidates(job, outer, least, rooms, held, copies, whole)
        if next(iter(tiles.values())).size:
            return tuple(sorted(held | home)), tiles
    return None


def _descend(
    job: Job,
    engine: Engine,
    stages: list[_Stage],
    partial: _Partial,
    unrolling: Unrolling,
    place: int,
    goal: str,
) -> list[_Partial]:
    """Children of a partial mapping: tiles of the memory at `place`, one per loop order."""
    above, here = stages[place - 1], stages[place]
    width = above.width(unrolling)
    outer = {rank: -(-tile // width.get(rank, 1)) for rank, tile in partial.tile.items()}
    least: dict[str, int] = {}
    for stage in stages[place:]:
        for rank, used in stage.width(unrolling).items():
            least[rank] = least.get(rank, 1) * used
    fitting = _fitting(job, engine, here, outer, least)
    if fitting is None:
        return []
    keep, tiles = fitting
    children = []
    for order in _orders(job):
        levels = (*partial.levels, *_between(above, partial, tiles, unrolling, order))
        last = Level(name=here.memory.name, keep=keep)
        trial = Mapping(einsum=job.name, engine=engine.name, levels=(*levels, last))
        score = _score(job, engine, trial, here.memory, goal)
        at = int(np.argmin(score))
        tile = {rank: int(values[at]) for rank, values in tiles.items()}
        levels = (*partial.levels, *_between(above, partial, tile, unrolling, order))
        added = float(score[at])
        children.append(_Partial(levels=levels, keep=keep, tile=tile, score=partial.score + added))
    return children


def _between(
    stage: _Stage,
    partial: _Partial,
    inner: Table[str, Array],
    unrolling: Unrolling,
    order: tuple[str, ...],
) -> list[Level]:
    """The level of a memory and of the arrays below it, down to the tile `inner`."""
    width = stage.width(unrolling)
    loops = []
    left: dict[str, Array] = dict(partial.tile)
    for rank in order:
        tile = np.minimum(left[rank], inner[rank] * width.get(rank, 1))
        if np.any(tile < left[rank]):
            loops.append(Loop(rank=rank, tile=_plain(tile)))
            left[rank] = tile
    levels = [Level(name=stage.memory.name, keep=partial.keep, loops=tuple(loops))]
    for array in stage.arrays:
        spatial = []
        for dimension, rank, instances in unrolling:
            if dimension not in {d.name for d in array.dimensions}:
                continue
            width[rank] //= instances
            tile = np.minimum(left[rank], inner[rank] * width[rank])
            if np.any(tile < left[rank]):
                spatial.append(Loop(rank=rank, tile=_plain(tile), dimension=dimension))
                left[rank] = tile
        levels.append(Level(name=array.name, loops=tuple(spatial)))
    return levels


def _plain(tile: Array) -> Array:
    return int(tile) if np.ndim(tile) == 0 else tile


def _score(
    job: Job, engine: Engine, trial: Mapping, memory: Memory, goal: str
) -> NDArray[np.float64]:
    """Weighted cost of what crosses into one memory: seconds, joules, or both."""
    memories = {level.name: level for level in engine.memories}
    seconds: Array = 0.0
    joules: Array = 0.0
    sums = accumulator(engine.compute.accumulator).width or 48
    for flow in inflow(job.einsum, job.workload, trial, engine, memory.name):
        above, bits = memories[flow.above], job.bits[flow.tensor]
        sent: Array = flow.sent * bits
        if flow.part == "output":
            again = flow.sent - flow.distinct
            sent = flow.distinct * bits + again * 2 * sums
        received = flow.received * bits
        into = memory.read_energy if flow.part == "output" else memory.write_energy
        joules = joules + sent * above.read_energy / above.width + received * into / memory.width
        seconds = seconds + sent / 8 / above.read_bandwidth
    # a little of the other keeps ties from being broken at random
    scale = 1.0 / POWER
    mixed = {"latency": (1.0, 0.02 * scale), "energy": (0.02, scale), "edp": (1.0, scale)}[goal]
    total = mixed[0] * seconds + mixed[1] * joules
    return np.atleast_1d(np.asarray(total, dtype=float))


def _complete(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    stages: list[_Stage],
    partial: _Partial,
    unrolling: Unrolling,
    goal: str,
) -> Mapped | None:
    """Finish a partial mapping down to single operations and price it exactly."""
    ones = dict.fromkeys(job.einsum.ranks, 1)
    levels = (*partial.levels, *_between(stages[-1], partial, ones, unrolling, _orders(job)[-1]))
    mapping = Mapping(einsum=job.name, engine=engine.name, levels=levels)
    return priced_mapping(job, mapping, engine, hardware, goal)


def priced_mapping(
    job: Job, mapping: Mapping, engine: Engine, hardware: Hardware, goal: str
) -> Mapped | None:
    """Return a mapping of plain numbers with its exact cost, or None if a memory overflows."""
    counts = traffic(job.einsum, job.workload, mapping, engine)
    if any(needed > size for needed, size in _needs(job, counts, engine).values()):
        return None
    cost = price(job, counts, mapping, engine, hardware)
    bound = {"latency": cost.bound.latency, "energy": cost.bound.energy}
    bound["edp"] = bound["latency"] * bound["energy"]
    return Mapped(mapping=mapping, cost=cost, gap=float(objective(cost, goal) / bound[goal]) - 1.0)


def held(job: Job, mapping: Mapping, engine: Engine) -> dict[str, tuple[Array, Array]]:
    """Memory name -> (bytes that a mapping needs there, bytes there are)."""
    return _needs(job, traffic(job.einsum, job.workload, mapping, engine), engine)


def _needs(job: Job, counts: Traffic, engine: Engine) -> dict[str, tuple[Array, Array]]:
    doubled = {memory.name: memory.double_buffered for memory in engine.memories}
    return overflows(counts, engine, job.bits, doubled)


def _value(mapped: Mapped, goal: str) -> float:
    return float(objective(mapped.cost, goal))


def _why(job: Job, engine: Engine) -> str:
    """The smallest memory that not even single elements fit into, in words."""
    for memory in engine.memories:
        _, home = _keeps(job, engine, memory)
        whole = sum(job.workload.tensor(t).size * job.bits[t] / 8 for t in home)
        if whole > memory.size:
            names = ", ".join(sorted(home))
            return (
                f"{job.name}: {memory.name} is the outermost memory that may hold {names}: "
                f"they need {show(whole, 'bytes')}, it has {show(memory.size, 'bytes')}"
            )
    return f"{job.name}: no tile fits the memories of {engine.name}"
