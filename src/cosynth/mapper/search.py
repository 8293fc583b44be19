"""Good mappings fast: level by level from the outside in, with an honest gap to the bound.

The spatial unrolling is chosen first, for the fewest time steps. Then each memory takes the tiles
that move the fewest weighted bytes into it, its loops ordered so that one operand stays. The best
of each level are completed and priced exactly. Left out of the space: more than two ranks on one
array dimension, loop orders beyond one per operand that stays, tile sizes off the grid of
`cosynth.mapper.tiles`, bypass unless nothing else fits. The gap says what that may have cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array, namespace
from cosynth.cost import Job
from cosynth.format import accumulator
from cosynth.hardware import Engine, Memory, SpatialArray
from cosynth.mapper.layout import layout
from cosynth.mapper.onward import Onward
from cosynth.mapper.spatial import Unrolling, unrollings
from cosynth.mapper.stages import Partial, Stage, between, keeps, orders, stages
from cosynth.mapper.tiles import Request, candidates, footprint
from cosynth.mapping import Inflow, Level, Mapping, inflow, operands

# watts at which a second weighs as much as a joule when levels are chosen: assumed
POWER = 1.0
_WEIGHTS = {"latency": (1.0, 0.02), "energy": (0.02, 1.0), "edp": (1.0, 1.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """How much to try: unrollings, partial mappings carried on, and orders of every operand.

    `careful` leaves room for unfinished sums in every memory that may hold outputs.
    """

    unrollings: int = 3
    beam: int = 4
    all_orders: bool = True
    careful: bool = False


QUICK = Beam(unrollings=1, beam=1, all_orders=False, careful=True)


@lru_cache(maxsize=1 << 15)
def mappings(
    job: Job, engine: Engine, pace: float, frequency: float, goal: str, effort: Beam
) -> tuple[Mapping, ...]:
    """Complete mappings of one job on one engine, all of them legal but for capacity.

    `pace` is what one unit does a second, in time steps of the nest; `frequency` in hertz.
    """
    search = _Search(
        job=job, engine=engine, structure=layout(engine), pace=pace, frequency=frequency,
        goal=goal, effort=effort,
    )  # fmt: skip
    ways = unrollings(job, engine, effort.unrollings)
    return tuple(mapping for unrolling in ways for mapping in search.along(unrolling))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """One job on one engine."""

    job: Job
    engine: Engine
    structure: Engine
    pace: float
    frequency: float
    goal: str
    effort: Beam

    def along(self, unrolling: Unrolling) -> list[Mapping]:
        """Complete mappings for one way to fill the arrays."""
        path = stages(self.engine)
        keep = tuple(sorted(keeps(self.job, self.engine, path[0].memory)[0]))
        partials = [Partial(levels=(), keep=keep, tile=self.job.einsum.bounds)]
        for place in range(1, len(path)):
            grown = [
                child
                for partial in partials
                for child in self.descend(partial, path, unrolling, place)
            ]
            best_first = sorted(grown, key=lambda partial: partial.ahead)
            # orders that differ only in loops of one step give the same levels
            unique = {(partial.levels, partial.tile): partial for partial in reversed(best_first)}
            partials = list(reversed(unique.values()))[: self.effort.beam]
        return [self.complete(partial, path[-1], unrolling) for partial in partials]

    def descend(
        self, partial: Partial, path: tuple[Stage, ...], unrolling: Unrolling, place: int
    ) -> list[Partial]:
        """Children of a partial mapping: the best tiles of the memory at `place`, per order."""
        above, here = path[place - 1], path[place]
        fitting = self.fitting(partial, path, unrolling, place)
        if fitting is None:
            return []
        keep, request = fitting
        tiles = candidates(request)
        outside = Partial(levels=partial.levels, keep=partial.keep, tile=partial.tile)
        names = {dimension.name for array in above.arrays for dimension in array.dimensions}
        near = tuple(part for part in unrolling if part[0] in names)
        work = _WEIGHTS[self.goal][0] * self.work(request, path, place, unrolling)
        onward = self.onward(request, path, place, unrolling)
        children = []
        for order in orders(self.job, () if self.effort.all_orders else keep):
            flows = _flows(
                request,
                outside,
                above.arrays,
                (here.memory.name, keep),
                near,
                order,
                self.structure,
            )
            score = self.score(flows, here.memory, self.ports(path[:place], unrolling))
            ahead = score + (work + self.ahead(onward, order))
            score = np.broadcast_to(score, ahead.shape)
            at = int(np.argmin(ahead))
            tile = {rank: int(values[at]) for rank, values in tiles.items()}
            levels = (*partial.levels, *between(above, partial, tile, unrolling, order))
            children.append(
                Partial(
                    levels=levels,
                    keep=keep,
                    tile=tuple(tile.items()),
                    score=partial.score + float(score[at]),
                    ahead=partial.score + float(ahead[at]),
                )
            )
        return children

    def ahead(self, onward: tuple[Onward, ...], order: tuple[str, ...]) -> Array:
        """Cost of what no memory chosen so far sees: operands that pass it by.

        A tile stays there through the innermost loops that do not change it if it fits, else it is
        loaded again in every step of the loops chosen so far.
        """
        time, energy = _WEIGHTS[self.goal]
        total: Array = 0.0
        for one in onward:
            times: Array = np.where(one.fits, one.loads(order), one.steps)
            sent = times * one.elements
            moved = sent * one.bits
            if one.output:
                moved = one.once * one.bits + np.maximum(sent - one.once, 0) * 2 * self.sums
            above = one.above
            total = total + time * moved / 8 / above.read_bandwidth
            total = total + energy * moved * above.read_energy / above.width / POWER
        return total

    def onward(
        self, request: Request, path: tuple[Stage, ...], place: int, unrolling: Unrolling
    ) -> tuple[Onward, ...]:
        """Operands that pass a memory by, with what does not depend on the order of its loops."""
        wide = _width(path[:place], unrolling)
        outer, inner = dict(request.outer), _trips(request)
        upper = {r: -(-n // (wide.get(r, 1) * outer[r])) for r, n in self.job.einsum.bounds}
        split = {rank: trips for rank, trips in inner.items() if outer[rank] > 1}
        steps = math.prod(split.values())
        found = []
        for tensor, (source, target) in self.passing(request.kept, path, place).items():
            ranks, bits = self.ranks[tensor], self.job.bits[tensor]
            output = self.job.parts[tensor] == "output"
            held = _held(request, tensor, self.sums)
            stored = held * 8 / (max(bits, self.sums) if output else bits)
            changing = math.prod(trips for rank, trips in upper.items() if rank in ranks)
            idle = math.prod(trips for rank, trips in upper.items() if rank not in ranks)
            found.append(
                Onward(
                    ranks=ranks,
                    bits=bits,
                    output=output,
                    above=path[source].memory,
                    fits=held <= self.room(tensor, path, place, target, unrolling),
                    elements=stored * math.prod(n for rank, n in wide.items() if rank in ranks),
                    once=float(math.prod(self.sizes(tensor))) if output else 0.0,
                    changing=changing,
                    idle=idle,
                    steps=steps * changing * idle,
                    trips=split,
                )
            )
        return tuple(found)

    def beside(
        self, kept: frozenset[str], path: tuple[Stage, ...], place: int, unrolling: Unrolling
    ) -> tuple[tuple[str, float], ...]:
        """Outputs that pass this memory by, and the stored bytes they find room for further in."""
        return tuple(
            (
                tensor,
                self.room(tensor, path, place, target, unrolling) * bits / max(bits, self.sums),
            )
            for tensor, (source, target) in self.passing(kept, path, place).items()
            if source < place and self.job.parts[tensor] == "output"
            if (bits := self.job.bits[tensor])
        )

    def room(
        self, tensor: str, path: tuple[Stage, ...], place: int, target: int, unrolling: Unrolling
    ) -> float:
        """Bytes that a memory further in, over all its instances, has for a tile of an operand."""
        below = _width(path[place:target], unrolling)
        copies = math.prod(n for rank, n in below.items() if rank in self.ranks[tensor])
        memory = path[target].memory
        return float(memory.size) * copies / (2 if memory.double_buffered else 1)

    def work(
        self, request: Request, path: tuple[Stage, ...], place: int, unrolling: Unrolling
    ) -> Array:
        """Seconds of the time steps that tiles leave, ragged edges of the arrays included."""
        outer, tiles, trips = dict(request.outer), candidates(request), _trips(request)
        above, below = _width(path[:place], unrolling), _width(path[place:], unrolling)
        steps: Array = 1.0
        for rank, size in self.job.einsum.bounds:
            inside = np.ceil(tiles[rank] / below.get(rank, 1))
            upper = -(-size // (above.get(rank, 1) * outer[rank]))
            steps = steps * upper * trips[rank] * inside
        return steps / self.pace

    def passing(
        self, kept: frozenset[str], path: tuple[Stage, ...], place: int
    ) -> dict[str, tuple[int, int]]:
        """Operands that go further in: name -> stages they come from (here, or above) and go to."""
        found = {}
        for tensor, part in self.job.parts.items():
            keeping = [at for at, stage in enumerate(path) if part in stage.memory.keeps]
            above = [at for at in keeping if at < place]
            below = [at for at in keeping if at > place]
            here = tensor in kept or (place in keeping and not above)
            if below and (here or above):
                found[tensor] = (place if here else above[-1], below[0])
        return found

    def sizes(self, tensor: str) -> list[int]:
        """Sizes of the ranks of an operand."""
        return [self.job.einsum.sizes[rank] for rank in self.ranks[tensor]]

    @property
    def ranks(self) -> dict[str, tuple[str, ...]]:
        """Ranks of every operand."""
        return _ranks(self.job)

    @property
    def sums(self) -> float:
        """Bits of a sum that is not whole yet."""
        return float(accumulator(self.engine.compute.accumulator).bits)

    def fitting(
        self, partial: Partial, path: tuple[Stage, ...], unrolling: Unrolling, place: int
    ) -> tuple[tuple[str, ...], Request] | None:
        """What a memory keeps and which tiles fit; operands pass by when nothing else does."""
        memory = path[place].memory
        width = path[place - 1].width(unrolling)
        least: dict[str, int] = {}
        # a quick search asks only next to the arrays; elsewhere the steps that tiles leave tell,
        # and chips with other arrays share the counts
        if self.effort.all_orders or path[place].arrays:
            least = _width(path[place:], unrolling)
        kept, home = keeps(self.job, self.engine, memory)
        # whole sums pass a memory that has another for sums between it and the arrays; what stands
        # inside the arrays is too small to finish them
        within = False
        for stage, below in pairwise(path[place:]):
            if stage.arrays:
                break
            within = within or "output" in below.memory.keeps
        streamed = sorted(kept - home, key=lambda tensor: (self.job.bits[tensor], tensor))
        for drop in range(len(streamed) + 1 if memory.bypass else 1):
            holds = frozenset(streamed[: len(streamed) - drop])
            request = Request(
                job=self.job,
                outer=tuple((r, -(-tile // width.get(r, 1))) for r, tile in partial.tile),
                least=tuple(sorted(least.items())),
                rooms=(float(memory.size), float(memory.size) / 4),
                kept=holds,
                copies=2 if memory.double_buffered else 1,
                home=whole(self.job, home),
                sums=0.0 if within and not self.effort.careful else self.sums,
                beside=self.beside(holds | home, path, place, unrolling),
            )
            if next(iter(candidates(request).values())).size:
                return tuple(sorted(holds | home)), request
        return None

    def ports(self, path: tuple[Stage, ...], unrolling: Unrolling) -> dict[str, int]:
        """Ports in use right above a memory through which parts pass one element a cycle."""
        used = math.prod(count for stage in path[:-1] for count in stage.width(unrolling).values())
        found: dict[str, int] = {}
        for dimension in (each for array in path[-1].arrays for each in array.dimensions):
            for part in dimension.serial:
                found[part] = min(used, found.get(part, used))
            used *= math.prod(count for name, _, count in unrolling if name == dimension.name)
        return found

    def score(
        self, flows: tuple[Inflow, ...], memory: Memory, ports: dict[str, int]
    ) -> NDArray[np.float64]:
        """Weighted cost of what crosses into one memory: seconds and joules of every candidate."""
        above = {level.name: level for level in self.engine.memories}
        seconds: Array = 0.0
        joules: Array = 0.0
        sums = self.sums
        for flow in flows:
            source, bits = above[flow.above], self.job.bits[flow.tensor]
            sent: Array = flow.sent * bits
            into = memory.write_energy
            if flow.part == "output":
                sent = flow.distinct * bits + (flow.sent - flow.distinct) * 2 * sums
                into = memory.read_energy
            joules = joules + sent * source.read_energy / source.width
            joules = joules + flow.received * bits * into / memory.width
            passing = sent / 8 / source.read_bandwidth
            if flow.part in ports:
                alone = flow.received / ports[flow.part] / self.frequency
                passing = namespace(passing, alone).maximum(passing, alone)
            seconds = seconds + passing
        # a little of the other keeps ties from being broken at random
        time, energy = _WEIGHTS[self.goal]
        total = time * seconds + energy * joules / POWER
        return np.atleast_1d(np.asarray(total, dtype=float))

    def complete(self, partial: Partial, last: Stage, unrolling: Unrolling) -> Mapping:
        """Finish a partial mapping down to single operations."""
        ones = dict.fromkeys(self.job.einsum.ranks, 1)
        order = orders(self.job, ())[-1]
        levels = (*partial.levels, *between(last, partial, ones, unrolling, order))
        return Mapping(einsum=self.job.name, engine=self.engine.name, levels=levels)


@lru_cache(maxsize=1 << 14)
def _flows(
    request: Request,
    outside: Partial,
    arrays: tuple[SpatialArray, ...],
    here: tuple[str, tuple[str, ...]],
    unrolling: Unrolling,
    order: tuple[str, ...],
    structure: Engine,
) -> tuple[Inflow, ...]:
    """Count what crosses into a memory for every candidate: no number of the hardware matters."""
    job, (name, keep) = request.job, here
    above = Stage(memory=structure.memories[_depth(structure, name) - 1], arrays=arrays)
    levels = between(above, outside, candidates(request), unrolling, order)
    trial = Mapping(
        einsum=job.name,
        engine=structure.name,
        levels=(*outside.levels, *levels, Level(name=name, keep=keep)),
    )
    return inflow(job.einsum, job.workload, trial, structure, name)


@lru_cache(maxsize=512)
def _ranks(job: Job) -> dict[str, tuple[str, ...]]:
    return {access.tensor: access.ranks for access, _ in operands(job.einsum, job.workload)}


def _width(path: tuple[Stage, ...], unrolling: Unrolling) -> dict[str, int]:
    """Instances per rank over the arrays of some stages."""
    found: dict[str, int] = {}
    for stage in path:
        for rank, used in stage.width(unrolling).items():
            found[rank] = found.get(rank, 1) * used
    return found


@lru_cache(maxsize=1 << 12)
def _held(request: Request, tensor: str, sums: float) -> Array:
    """Bytes of one operand's tile, for every candidate."""
    return footprint(request.job, candidates(request), frozenset({tensor}), sums)


@lru_cache(maxsize=1 << 12)
def _trips(request: Request) -> dict[str, NDArray[np.float64]]:
    """Steps over every rank, for every candidate."""
    tiles = candidates(request)
    return {rank: np.ceil(size / tiles[rank]) for rank, size in request.outer}


def _depth(structure: Engine, name: str) -> int:
    return [memory.name for memory in structure.memories].index(name)


def whole(job: Job, tensors: frozenset[str]) -> float:
    return sum(job.workload.tensor(name).size * job.bits[name] / 8 for name in tensors)
