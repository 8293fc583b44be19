"""Maps and prices runs and whole nests of a group, once the shared loops are chosen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from cosynth.cost import Cost, Job, objective
from cosynth.cost.crossing import Place, Style, continued, crossings, held, resources
from cosynth.cost.group import Ran, occupied, price_group
from cosynth.cost.tile import Words, tile_job
from cosynth.errors import InfeasibleError, MappingError, did_you_mean
from cosynth.hardware import Component, Engine, Hardware, Link, Memory, SpatialArray
from cosynth.mapper.best import Mapped, best
from cosynth.mapping import Loop, buffers_twice
from cosynth.mapping.group import Family, Fused, Run
from cosynth.mapping.placement import Order, legal
from cosynth.mapping.shared import Along, Cut, along

# ways to share out members to engines that are tried
ASSIGNMENTS = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Maps and prices runs of one chip, each kind once; `hardware` must be `priced`."""

    hardware: Hardware
    goal: str
    words: Words
    known: dict[Hashable, Mapped | None] = field(default_factory=dict)

    def mapped(self, job: Job, engine: Engine, memory: Memory, goal: str) -> Mapped | None:
        """The best mapping of a run below the meeting memory; None if there is none."""
        shapes = tuple((t.shape, t.role) for t in job.workload.tensors)
        key = (
            str(job.einsum), job.einsum.bounds, shapes, job.formats, job.extras,
            job.vector_operations, engine.name, memory.name, goal,
        )  # fmt: skip
        if key not in self.known:
            try:
                self.known[key] = best(job, below(engine, memory), self.hardware, goal)
            except InfeasibleError:
                self.known[key] = None
        return self.known[key]


def below(engine: Engine, memory: Memory) -> Engine:
    """The engine from the meeting memory down; what that may not hold stays with those above."""
    levels: list[Component] = []
    seen = False
    for level in engine.levels:
        if level.name == memory.name:
            seen = True
            levels.append(replace(memory, size=math.inf, double_buffered=False))
        elif seen:
            levels.append(level)
        elif isinstance(level, Memory):
            parts = tuple(part for part in level.keeps if part not in memory.keeps)
            if parts:
                levels.append(replace(level, keeps=parts))
        elif isinstance(level, Link) and levels:
            levels.append(level)
    return Engine(name=engine.name, levels=tuple(levels))


def meetings(engines: Sequence[Engine]) -> tuple[Memory, ...]:
    """Memories in which members on these engines may meet.

    Below the root and above every array of each engine, and able to hold inputs and outputs.
    """
    found = []
    for memory in engines[0].memories[1:]:
        fitting = {"input", "output"} <= set(memory.keeps) and all(
            _above_arrays(engine, memory) for engine in engines
        )
        if fitting:
            found.append(memory)
    return tuple(found)


def _above_arrays(engine: Engine, memory: Memory) -> bool:
    for level in engine.levels:
        if level.name == memory.name:
            return True
        if isinstance(level, SpatialArray):
            return False
    return False


def engines_of(family: Family, hardware: Hardware, at: int) -> tuple[Engine, ...]:
    """Engines that may run a member: vector work goes to vector units, where there are any."""
    wanted = "mac" if family.members[at].einsum.contraction else "vector"
    fitting = [engine for engine in hardware.engines if engine.compute.does == wanted]
    return tuple(fitting or [e for e in hardware.engines if e.compute.does == "mac"])


def owners(options: Sequence[tuple[Engine, ...]], memory: Memory) -> list[tuple[int, ...]]:
    """For each member and engine, the number of what it shares with no other."""
    flat = [engine for each in options for engine in each]
    owner = iter(resources(Place(engines=tuple(flat), memory=memory)))
    return [tuple(next(owner) for _ in each) for each in options]


Found = list[tuple[Ran, Run]]

Picked = tuple[tuple[Engine, Found], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """Shared loops with their tiles, and a bound on what any nest with them costs."""

    bound: float
    memory: Memory
    order: Order
    tiles: tuple[int, ...]
    runs: float


def prescribed(family: Family, runs: Runs, fused: Fused) -> tuple[Fused, Cost]:
    """Price shared loops, depths, engines and overlap that someone chose; runs are mapped here.

    Raises MappingError where members conflict, InfeasibleError where the tiles do not fit.
    """
    order = Order(ranks=tuple(loop.rank for loop in fused.loops), depths=fused.depths)
    names = ", ".join(fused.members)
    unknown = [name for name in order.ranks if name not in family.ranks]
    if unknown:
        near = did_you_mean(unknown[0], family.ranks)
        raise MappingError(f"{names}: no shared rank {unknown[0]!r}{near}")
    if not legal(family, order):
        raise MappingError(f"{names}: a member runs before what it reads is made")
    engines = {engine.name: engine for engine in runs.hardware.engines}
    memory = runs.hardware.component(fused.memory)
    assert isinstance(memory, Memory)
    tiles = tuple(int(loop.tile) for loop in fused.loops)
    choice = Choice(bound=0.0, memory=memory, order=order, tiles=tiles, runs=0.0)
    cuts = [along(family, order, level, tile) for level, tile in enumerate(tiles)]
    picked = []
    for at, name in enumerate(fused.engines):
        found = _member_runs(family, runs, order, cuts, at, engines[name], choice, runs.goal)
        if found is None:
            raise InfeasibleError(f"{names}: {fused.members[at]} has no mapping on {name}")
        picked.append((engines[name], found))
    style = Style(doubled=fused.doubled, pipelined=fused.pipelined)
    nest = _nest(family, runs, choice, cuts, tuple(picked), style)
    if nest is None:
        raise InfeasibleError(f"{names}: the tiles do not fit {fused.memory}")
    return nest


def priced_nests(
    family: Family, runs: Runs, options: Sequence[tuple[Engine, ...]], choice: Choice
) -> Iterator[tuple[Fused, Cost]]:
    """Exact prices of a choice: with tiles loaded ahead or not, engines in turn or side by side."""
    order = choice.order
    cuts = [along(family, order, level, tile) for level, tile in enumerate(choice.tiles)]
    ahead = (True,) if choice.memory.double_buffered else (False, True)
    goals = ("latency", "energy", "edp") if runs.goal == "edp" else (runs.goal,)
    for goal in goals:
        table = [
            [
                (engine, found)
                for engine in options[at]
                if (found := _member_runs(family, runs, order, cuts, at, engine, choice, goal))
            ]
            for at in range(len(family.members))
        ]
        if not all(table):
            continue
        picked = _in_turn(table, goal)
        for doubled in ahead:
            nest = _nest(family, runs, choice, cuts, picked, Style(doubled=doubled))
            if nest:
                yield nest
        for picked in _side_by_side(table, choice.memory):
            nest = _nest(family, runs, choice, cuts, picked, Style(doubled=True, pipelined=True))
            if nest:
                yield nest
                break


def _in_turn(table: Sequence[Sequence[tuple[Engine, Found]]], goal: str) -> Picked:
    """Each member on the engine where it is best."""

    def value(found: Found) -> float:
        return sum(ran.times * float(objective(ran.cost, goal)) for ran, _ in found)

    return tuple(min(ways, key=lambda way: value(way[1])) for ways in table)


def _side_by_side(
    table: Sequence[Sequence[tuple[Engine, Found]]], memory: Memory
) -> Iterator[Picked]:
    """Members shared out to engines that work at the same time, the shortest pipeline first."""
    apart = owners([tuple(engine for engine, _ in ways) for ways in table], memory)
    kinds = sorted(set().union(*map(set, apart)))
    if len(kinds) == 1:
        return
    numbers = [
        [
            (
                kinds.index(owner),
                sum(ran.times * occupied(ran) for ran, _ in found),
                max(float(ran.cost.latency) for ran, _ in found),
            )
            for owner, (_, found) in zip(own, ways, strict=True)
        ]
        for own, ways in zip(apart, table, strict=True)
    ]
    ranked = []
    ways = itertools.product(*(range(len(each)) for each in table))
    for way in itertools.islice(ways, ASSIGNMENTS):
        busy = [0.0] * len(kinds)
        longest = [0.0] * len(kinds)
        for each, pick in zip(numbers, way, strict=True):
            kind, time, run = each[pick]
            busy[kind] += time
            longest[kind] += run
        slowest = busy.index(max(busy))
        ranked.append((busy[slowest] + sum(longest) - longest[slowest], way))
    for _, way in sorted(ranked):
        picked = tuple(ways[pick] for ways, pick in zip(table, way, strict=True))
        if len({apart[at][pick] for at, pick in enumerate(way)}) > 1:
            yield picked


def _nest(
    family: Family,
    runs: Runs,
    choice: Choice,
    cuts: Sequence[Along],
    picked: Picked,
    style: Style,
) -> tuple[Fused, Cost] | None:
    """The nest and its price; None where the meeting memory cannot hold what lives together."""
    order = choice.order
    place = Place(engines=tuple(engine for engine, _ in picked), memory=choice.memory)
    crossing = crossings(family, order, cuts, place, runs.words)
    if held(family, order, cuts, place, runs.words, crossing, style) > choice.memory.size:
        return None
    extra = [
        continued(family, order, cuts, place, runs.words, at) for at in range(len(family.members))
    ]
    cost = price_group(
        [ran for _, found in picked for ran, _ in found],
        crossing,
        [(float(read), float(written)) for read, written in extra],
        place,
        runs.hardware,
        style,
        family.members[0].einsum.repeat,
    )
    fused = Fused(
        members=tuple(one.name for one in family.members),
        memory=choice.memory.name,
        loops=tuple(
            Loop(rank=rank, tile=tile) for rank, tile in zip(order.ranks, choice.tiles, strict=True)
        ),
        depths=order.depths,
        engines=tuple(engine.name for engine, _ in picked),
        runs=tuple(run for _, found in picked for _, run in found),
        doubled=style.doubled,
        pipelined=style.pipelined,
    )
    return fused, cost


def member_cuts(
    family: Family, order: Order, cuts: Sequence[Along], at: int
) -> Iterator[tuple[dict[str, Cut], int]]:
    """The kinds of run a member has: how its ranks are cut, and how often."""
    levels = range(order.depths[at])
    names = [family.ranks[order.ranks[level]][at] for level in levels]
    for kinds in itertools.product(*(cuts[level].cuts[at] for level in levels)):
        own = dict(zip(names, (cut for cut, _ in kinds), strict=True))
        yield own, math.prod(times for _, times in kinds)


def _member_runs(  # noqa: PLR0913 - a member, its loops, its engine
    family: Family,
    runs: Runs,
    order: Order,
    cuts: Sequence[Along],
    at: int,
    engine: Engine,
    choice: Choice,
    goal: str,
) -> Found | None:
    """All runs of a member on one engine; None if one of them cannot be."""
    found = []
    path = below(engine, choice.memory)
    for own, number in member_cuts(family, order, cuts, at):
        job = tile_job(family, at, own, runs.words)
        mapped = runs.mapped(job, engine, choice.memory, goal)
        if mapped is None:
            return None
        inner = [memory for memory in path.memories if memory.name != choice.memory.name]
        twice = all(buffers_twice(memory, mapped.mapping) for memory in inner)
        ran = Ran(member=at, times=number, cost=mapped.cost, overlaps=twice)
        tile = tuple((rank, job.einsum.sizes[rank]) for rank in job.einsum.ranks)
        found.append((ran, Run(member=at, tile=tile, times=number, mapping=mapped.mapping)))
    return found
