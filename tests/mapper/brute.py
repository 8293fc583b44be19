"""The best mapping by trying them all: the oracle for `cosynth.mapper.best`.

It writes down every mapping of one einsum on one engine, counts each with the interpreter that
walks nests, and prices the counts. It shares nothing with the mapper. What the walks of two nests
cannot tell apart is walked once; `Counter` says why each step of that is sound.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from tests.mapping.interpreter import Walk, elements

from cosynth.cost import Cost, Job, objective, price
from cosynth.hardware import Engine, Hardware, Memory, SpatialArray
from cosynth.mapping import (
    Counts,
    Level,
    Loop,
    Mapping,
    Traffic,
    operands,
    overflows,
    problems,
    rank_kinds,
    unrolls,
)

# (rank, tile, array dimension or none, position of the level the loop belongs to)
Step = tuple[str, int, str | None, int]
Nest = tuple[Step, ...]


class TooManyMappingsError(Exception):
    """The space is larger than what was asked for."""


def value(cost: Cost, goal: str):
    """What to minimise: `latency`, `energy`, `edp`, `traffic:MEMORY` in bytes, or a weighted sum
    such as `2 * latency + 0.5 * traffic:dram`.
    """
    total = 0.0
    for term in goal.split(" + "):
        weight, _, name = (part.strip() for part in term.rpartition("*"))
        if name.startswith("traffic:"):
            part = cost.part(name.removeprefix("traffic:"))
            found = part.read + part.written
        else:
            found = objective(cost, name)
        total = total + (float(weight) * found if weight else found)
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """The least value of one objective and a mapping that has it."""

    value: float
    mapping: Mapping
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The optimum of each objective, and how many mappings and nests were tried."""

    optima: Table[str, Optimum]
    mappings: int
    legal: int
    nests: int
    walks: int


@dataclass(frozen=True, kw_only=True)
class Space:
    """Every mapping of a job on an engine."""

    job: Job
    engine: Engine

    @cached_property
    def levels(self) -> tuple[Memory | SpatialArray, ...]:
        """Memories and arrays, outermost first: the levels of a mapping."""
        return tuple(lv for lv in self.engine.levels if isinstance(lv, Memory | SpatialArray))

    @cached_property
    def memories(self) -> tuple[int, ...]:
        """Positions of the memories among the levels."""
        return tuple(at for at, lv in enumerate(self.levels) if isinstance(lv, Memory))

    def slots(self, rank: str) -> list[tuple[int, str | None, int | None]]:
        """Where a loop over a rank may stand: level, dimension and most steps, outermost first."""
        kind = rank_kinds(self.job.einsum, self.job.workload)[rank]
        found: list[tuple[int, str | None, int | None]] = []
        for at, level in enumerate(self.levels):
            if isinstance(level, Memory):
                found.append((at, None, None))
                continue
            for dimension in level.dimensions:
                if unrolls(dimension, rank, kind):
                    found.append((at, dimension.name, int(dimension.size)))
        return found

    def chains(self, rank: str, size: int) -> list[tuple[Step, ...]]:
        """Every way to cut one rank down to single steps; loops of one step are left out."""
        slots = self.slots(rank)

        def rest(place: int, left: int) -> Iterator[tuple[Step, ...]]:
            if place == len(slots):
                if left == 1:
                    yield ()
                return
            level, dimension, most = slots[place]
            for tile in range(1, left + 1):
                if most is not None and -(-left // tile) > most:
                    continue
                own = ((rank, tile, dimension, level),) if tile < left else ()
                for others in rest(place + 1, tile):
                    yield own + others

        return list(rest(0, size))

    def cuts(self) -> Iterator[tuple[tuple[Step, ...], ...]]:
        """Every choice of one chain per rank whose loops fit side by side on the arrays."""
        sizes = {d.name: int(d.size) for d in self.engine.dimensions}
        bounds = dict(self.job.einsum.bounds)
        for chains in itertools.product(*(self.chains(r, n) for r, n in bounds.items())):
            used = dict.fromkeys(sizes, 1)
            for chain in chains:
                left = bounds[chain[0][0]] if chain else 1
                for _, tile, dimension, _ in chain:
                    if dimension is not None:
                        used[dimension] *= -(-left // tile)
                    left = tile
            if all(used[name] <= size for name, size in sizes.items()):
                yield chains

    def nests(self, chains: tuple[tuple[Step, ...], ...]) -> Iterator[Nest]:
        """Every order of the loops in time of every memory.

        Ranks of one array dimension stand in one order: instances have no order. So do the loops of
        the innermost memory: below it is only the unit, which is served at every step.
        """
        blocks: list[list[tuple[Step, ...]]] = []
        for at in range(len(self.levels)):
            own = [step for chain in chains for step in chain if step[3] == at]
            ordered = at in self.memories[:-1]
            blocks.append(list(itertools.permutations(own)) if ordered else [tuple(own)])
        for block in itertools.product(*blocks):
            yield tuple(itertools.chain(*block))

    def keeps(self) -> list[dict[str, tuple[int, ...]]]:
        """Every choice, per operand, of the memories that keep it."""
        chosen = []
        for tensor, part in self.job.parts.items():
            able = [at for at in self.memories if part in self.levels[at].keeps]
            home, inner = able[:1], able[1:]
            needed = {at for at in inner if not self.levels[at].bypass}
            subsets = itertools.chain.from_iterable(
                itertools.combinations(inner, n) for n in range(len(inner) + 1)
            )
            allowed = [subset for subset in subsets if needed <= set(subset)]
            chosen.append([(tensor, (*home, *subset)) for subset in allowed])
        return [dict(choice) for choice in itertools.product(*chosen)]

    def buffers(self, keep: Table[str, tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Every choice of memories that hold two tiles though the hardware does not ask for it."""
        streamed = {at for chain in keep.values() for at in chain[1:]}
        free = [at for at in sorted(streamed) if not self.levels[at].double_buffered]
        subsets = (itertools.combinations(free, n) for n in range(len(free) + 1))
        return list(itertools.chain.from_iterable(subsets))

    def size(self, most: int) -> int:
        """Number of mappings, or the first number beyond `most`."""
        ways = sum(len(self.buffers(keep)) for keep in self.keeps())
        total = 0
        for chains in self.cuts():
            orders = 1
            for at in self.memories[:-1]:
                loops = sum(step[3] == at for chain in chains for step in chain)
                orders *= math.factorial(loops)
            total += orders * ways
            if total > most:
                break
        return total

    def mapping(
        self, nest: Nest, keep: Table[str, tuple[int, ...]], twice: tuple[int, ...]
    ) -> Mapping:
        """One member of the space as a mapping."""
        levels = []
        for at, level in enumerate(self.levels):
            loops = tuple(Loop(rank=r, tile=t, dimension=d) for r, t, d, of in nest if of == at)
            kept = tuple(tensor for tensor, chain in keep.items() if at in chain)
            levels.append(
                Level(name=level.name, keep=kept, loops=loops, double_buffered=at in twice)
            )
        return Mapping(einsum=self.job.einsum.name, engine=self.engine.name, levels=tuple(levels))


class Quick(Walk):
    """The interpreter, with boxes as plain pairs and the elements of a box found once."""

    def __init__(self, einsum, mapping, engine, access, known: dict) -> None:
        self.known = known
        self.places = [einsum.ranks.index(rank) for rank in access.ranks]
        self.spans = [(0, size) for _, size in einsum.bounds]
        ranks = {rank: place for place, rank in enumerate(einsum.ranks)}
        self.cuts = [(ranks[loop.rank], loop.tile) for loop in mapping.loops]
        super().__init__(einsum, mapping, engine)

    def box(self, step, instance, below):
        spans = self.spans.copy()
        for at in range(below):
            counter = step[at] if at in step else instance.get(at, 0)
            rank, tile = self.cuts[at]
            low, high = spans[rank]
            low += counter * tile
            if low >= high:
                return None
            spans[rank] = (low, min(high, low + tile))
        return spans

    def tile(self, access, shape, step, instance, below):
        box = self.box(step, instance, below)
        if box is None:
            return frozenset()
        key = tuple([box[place] for place in self.places])
        if key not in self.known:
            ranges = {rank: range(*span) for rank, span in zip(self.einsum.ranks, box, strict=True)}
            self.known[key] = elements(access, shape, ranges)
        return self.known[key]


class Counter:
    """Counts of one operand, walked once per class of nests that the walk cannot tell apart.

    What a memory sends depends on the loops above the next one that keeps the operand, and on no
    loop further in. Of these loops:
    - one of another rank, inside the innermost that changes the tile, moves nothing (unless
      instances lie below it along its rank, which a ragged step may leave idle);
    - a rank that the operand lacks counts by its steps alone;
    - what outer loops reload is a sum over their steps, whatever their order; so is what the unit
      reads at every step;
    - loops in time down to single steps visit the same steps as one loop does;
    - where no array unites instances, what leaves above enters below.
    Whatever enters is written for a first time once; all further updates are additions.
    """

    def __init__(self, space: Space, access, part: str) -> None:
        self.access, self.part, self.einsum = access, part, space.job.einsum
        self.levels = len(space.levels)
        self.shape = space.job.workload.tensor(access.tensor).shape
        self.relevant = frozenset(access.ranks)
        self.sizes = self.einsum.sizes
        self.united = {
            dimension.name
            for dimension in space.engine.dimensions
            if part in dimension.multicast or (part == "output" and dimension.reduce)
        }
        array = SpatialArray(name="array", dimensions=space.engine.dimensions)
        self.slides = [isinstance(lv, Memory) and lv.slides for lv in space.levels]
        here = Memory(name="here")
        self.engines = {
            slides: Engine(
                name="walk",
                levels=(here, Memory(name="below", slides=slides), array, space.engine.compute),
            )
            for slides in (False, True)
        }
        whole = {rank: range(size) for rank, size in self.sizes.items()}
        self.distinct = len(elements(access, self.shape, whole))
        self.walked: dict = {}
        self.known: dict = {}

    def served(self, nest: Nest, here: int, below: int) -> int:
        """Elements that a memory sends or gets; `below` the last level is the unit."""
        cut = [step for step in nest if step[3] < below]
        if not any(step[3] >= here and step[2] in self.united for step in cut):
            here = below
        if below == self.levels:
            return self._walk(self._at_every_step(cut, here), here, below)[0]
        return self._walk(self._at_changes(cut, here), here, below)[0]

    def entered(self, nest: Nest, level: int) -> tuple[int, int]:
        """Elements that enter (or leave) a memory, and those of its largest tile."""
        cut = [step for step in nest if step[3] < level]
        _, entered, tile = self._walk(self._at_changes(cut, level), level, level)
        return entered, tile

    def _at_every_step(self, cut: list[Step], here: int) -> list[Step]:
        spread = {rank for rank, _, dimension, _ in cut if dimension is not None}
        outer = [step for step in cut if step[0] in spread and step[3] < here]
        inner = [step for step in cut if step[0] in spread and step[3] >= here]
        single = {step[0]: (step[0], 1, None, here) for step in cut if step[0] not in spread}
        return [
            *sorted(outer, key=lambda step: step[0]),
            *sorted([*inner, *single.values()], key=lambda step: step[0]),
        ]

    def _at_changes(self, cut: list[Step], here: int) -> list[Step]:
        changing = [
            at for at, step in enumerate(cut) if step[2] is None and step[0] in self.relevant
        ]
        last = max(changing, default=-1)
        kept = []
        for at, step in enumerate(cut[last + 1 :], last + 1):
            around = any(s[0] == step[0] and s[2] is not None for s in cut[at + 1 :])
            if step[2] is not None or around:
                kept.append(step)
        outside = sorted(cut[: max(last, 0)], key=lambda step: (step[3] >= here, step[0]))
        return [*outside, *cut[max(last, 0) : last + 1], *kept]

    def _walk(self, cut: list[Step], here: int, below: int) -> tuple[int, int, int]:
        """Walk a reduced nest: elements sent, elements received, largest tile received."""
        bounds = {rank: size if rank in self.relevant else 1 for rank, size in self.sizes.items()}
        loops: list[tuple[str, int, str | None]] = []
        for rank, tile, dimension, _ in cut:
            alone = dimension is None and sum(step[0] == rank for step in cut) == 1
            if rank in self.relevant or not alone:
                bounds[rank] = self.sizes[rank]
                loops.append((rank, tile, dimension))
            else:
                bounds[rank] = -(-self.sizes[rank] // tile)
                loops.append((rank, 1, None))
        above = sum(step[3] < here for step in cut)
        unit = below == self.levels
        slides = not unit and self.slides[below]
        key = (tuple(bounds.values()), tuple(loops), above, unit, slides)
        if key not in self.walked:
            self.walked[key] = self._walk_anew(bounds, loops, above, unit=unit, slides=slides)
        return self.walked[key]

    def _walk_anew(
        self, bounds, loops, above: int, *, unit: bool, slides: bool
    ) -> tuple[int, int, int]:
        kept = (self.access.tensor,)
        made = tuple(Loop(rank=r, tile=t, dimension=d) for r, t, d in loops)
        levels = [
            Level(name="above", loops=made[:above]),
            Level(name="here", keep=kept, loops=made[above:]),
            Level(name="below", keep=() if unit else kept),
        ]
        einsum = replace(self.einsum, bounds=tuple(bounds.items()))
        mapping = Mapping(einsum=einsum.name, engine="walk", levels=tuple(levels))
        walk = Quick(einsum, mapping, self.engines[slides], self.access, self.known)
        names = ["here"] if unit else ["here", "below"]
        result: dict = {"here": defaultdict(int)}
        events = walk.events(self.access, self.shape, names)
        operand = (self.access, self.part, self.shape)
        walk.serve(result, events, operand, ("here", None if unit else "below"))
        sent = result["here"]["updates" if self.part == "output" else "reads"]
        if unit:
            return sent, 0, 0
        received = sum(len(taken) for log in events["below"] for taken in log.values())
        end = len(made)
        tile = max(
            len(walk.tile(self.access, self.shape, step, instance, end))
            for instance in walk.instances(end)
            for step in walk.steps
        )
        return sent, received, tile


def steps(size: int, chain: tuple[Step, ...]) -> int:
    """Steps in time of one rank: those of its first instance that have something to do."""
    if not chain:
        return 1
    (_, tile, dimension, _), *inner = chain
    if dimension is not None:
        return steps(min(size, tile), tuple(inner))
    return sum(steps(min(tile, size - at), tuple(inner)) for at in range(0, size, tile))


@dataclass(frozen=True, kw_only=True, eq=False)
class Tables:
    """Counts of all nests of a space, as arrays over the nests."""

    space: Space
    nests: list[Nest]
    counters: dict[str, Counter]

    @cached_property
    def steps(self) -> np.ndarray:
        known: dict = {}
        sizes = self.space.job.einsum.sizes
        found = []
        for nest in self.nests:
            total = 1
            for rank, size in sizes.items():
                chain = tuple(step for step in nest if step[0] == rank)
                if (rank, chain) not in known:
                    known[rank, chain] = steps(size, chain)
                total *= known[rank, chain]
            found.append(total)
        return np.array(found)

    @cached_property
    def batch(self) -> tuple[tuple[Loop, ...], ...]:
        """Loops of each level with the tiles of all nests: they say how many instances work."""
        levels = self.space.levels
        found: list[tuple[Loop, ...]] = [()] * len(levels)
        for rank, size in self.space.job.einsum.sizes.items():
            left = np.full(len(self.nests), size)
            for at, dimension, _ in self.space.slots(rank):
                tiles = [
                    next((s[1] for s in nest if (s[0], s[2], s[3]) == (rank, dimension, at)), 0)
                    for nest in self.nests
                ]
                left = np.where(np.array(tiles) > 0, tiles, left)
                found[at] = (*found[at], Loop(rank=rank, tile=left, dimension=dimension))
        return tuple(found)

    @cached_property
    def _known(self) -> dict:
        return {}

    def _per_nest(self, tensor: str, here: int, below: int) -> np.ndarray:
        """Elements sent; with `here == below` those received, and the tile.

        Nests with equal loops above `below` are asked once.
        """
        key = (tensor, here, below)
        if key not in self._known:
            counter = self.counters[tensor]
            asked: dict[Nest, object] = {}
            rows = []
            for nest in self.nests:
                cut = tuple([step for step in nest if step[3] < below])
                if cut not in asked:
                    asked[cut] = (
                        counter.entered(cut, here)
                        if here == below
                        else counter.served(cut, here, below)
                    )
                rows.append(asked[cut])
            self._known[key] = np.array(rows).T
        return self._known[key]

    def counts(self, keep: Table[str, tuple[int, ...]]) -> Traffic:
        """Traffic of all nests when every operand is kept by the given memories."""
        job, levels = self.space.job, self.space.levels
        found = []
        for tensor, chain in keep.items():
            part = job.parts[tensor]
            distinct = self.counters[tensor].distinct
            for here, below in zip(chain, [*chain[1:], len(levels)], strict=True):
                moved = self._per_nest(tensor, here, below)
                # the outermost memory of an operand holds all of it
                entered, tile = distinct, distinct
                if here != chain[0]:
                    entered, tile = self._per_nest(tensor, here, here)
                base = Counts(tensor=tensor, part=part, level=levels[here].name, tile=tile)
                passed = 0 if here == chain[0] else entered
                if part == "output":
                    base = replace(
                        base,
                        updates=moved,
                        additions=moved - entered,
                        drains=passed,
                        whole=moved == distinct,
                    )
                else:
                    base = replace(base, reads=moved, fills=passed)
                found.append(base)
        return Traffic(counts=tuple(found), steps=self.steps, points=job.einsum.points, lanes=1)


def tables(space: Space) -> Tables:
    """All nests of a space, ready to be counted."""
    job = space.job
    counters = {
        access.tensor: Counter(space, access, part)
        for access, part in operands(job.einsum, job.workload)
    }
    nests = [nest for chains in space.cuts() for nest in space.nests(chains)]
    return Tables(space=space, nests=nests, counters=counters)


def optimum(
    job: Job,
    engine: Engine,
    hardware: Hardware,
    goals: tuple[str, ...] = ("latency", "energy", "edp"),
    most: int = 1_000_000,
) -> Found:
    """Try every mapping of a job; TooManyMappingsError beyond `most`. `hardware` must be priced."""
    space = Space(job=job, engine=engine)
    if space.size(most) > most:
        raise TooManyMappingsError
    table = tables(space)
    nests = table.nests
    best: dict[str, tuple[float, int, dict[str, tuple[int, ...]], tuple[int, ...]]] = {}
    tried = legal = 0
    for keep in space.keeps():
        counts = table.counts(keep)
        for twice in space.buffers(keep):
            tried += len(nests)
            fits = _fits(job, engine, counts, twice, space, len(nests))
            legal += int(fits.sum())
            if not fits.any():
                continue
            mapping = space.mapping((), keep, twice)
            batch = replace(
                mapping,
                levels=tuple(
                    replace(level, loops=loops)
                    for level, loops in zip(mapping.levels, table.batch, strict=True)
                ),
            )
            cost = price(job, counts, batch, engine, hardware)
            for goal in goals:
                values = np.where(fits, value(cost, goal), np.inf)
                at = int(np.argmin(values))
                if goal not in best or values[at] < best[goal][0]:
                    best[goal] = (float(values[at]), at, keep, twice)
    return Found(
        optima={
            goal: _alone(space, table, hardware, goal, choice) for goal, choice in best.items()
        },
        mappings=tried,
        legal=legal,
        nests=len(nests),
        walks=sum(len(counter.walked) for counter in table.counters.values()),
    )


def _fits(
    job: Job, engine: Engine, counts: Traffic, twice: tuple[int, ...], space: Space, n: int
) -> np.ndarray:
    doubled = {
        level.name: level.double_buffered or at in twice
        for at, level in enumerate(space.levels)
        if isinstance(level, Memory)
    }
    fits = np.ones(n, dtype=bool)
    for held, size in overflows(counts, engine, job.bits, doubled).values():
        fits &= held <= size
    return fits


def _alone(space: Space, table: Tables, hardware: Hardware, goal: str, choice) -> Optimum:
    """The winner walked as a whole, without any short cut, and priced once more by itself."""
    found, at, keep, twice = choice
    mapping = space.mapping(table.nests[at], keep, twice)
    job, engine = space.job, space.engine
    assert problems(job.einsum, job.workload, mapping, engine) == (), mapping
    counts = walked(job, mapping, engine)
    assert _fits(job, engine, counts, twice, space, 1).all(), mapping
    cost = price(job, counts, mapping, engine, hardware)
    assert math.isclose(float(value(cost, goal)), found, rel_tol=1e-12), (goal, mapping)
    return Optimum(value=found, mapping=mapping, cost=cost)


def walked(job: Job, mapping: Mapping, engine: Engine) -> Traffic:
    """Traffic of one mapping, every state of it walked."""
    walk = Walk(job.einsum, mapping, engine)
    found = []
    for access, part in operands(job.einsum, job.workload):
        shape = job.workload.tensor(access.tensor).shape
        whole = {rank: range(size) for rank, size in job.einsum.bounds}
        distinct = len(elements(access, shape, whole))
        counts = walk.count(access, part, shape)
        for place, (level, values) in enumerate(counts.items()):
            known = dict(values)
            if place == 0:
                # the outermost memory of an operand holds all of it
                known["tile"] = distinct
            known["whole"] = known.get("updates", distinct) == distinct
            found.append(Counts(tensor=access.tensor, part=part, level=level, **known))
    return Traffic(counts=tuple(found), steps=len(walk.steps), points=job.einsum.points, lanes=1)
