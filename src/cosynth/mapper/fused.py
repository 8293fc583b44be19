"""The best fused nest of one group: shared loops, their order and tiles, depths, engines, overlap.

Every choice has a bound that no mapping below the meeting memory can beat: units that the tile can
use, what crosses into the meeting memory, and each operand read there once a run. Choices are
priced in the order of their bounds until the next bound is no better than the best price. Runs are
mapped by `cosynth.mapper.best` with everything at home in the meeting memory, equal runs once.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.cost import Cost, Job, objective, rate
from cosynth.cost.group import (
    Crossing,
    Place,
    Ran,
    Style,
    continued,
    crossings,
    held,
    memory_part,
    price_group,
    resources,
    transfer,
)
from cosynth.cost.tile import Words, points_cost, tile_job
from cosynth.errors import InfeasibleError
from cosynth.hardware import Component, Engine, Hardware, Link, Memory, SpatialArray, compute_energy
from cosynth.mapper.best import Mapped, best
from cosynth.mapping import Loop, buffers_twice, rank_kinds, unrolls
from cosynth.mapping.group import Family, Fused, Run
from cosynth.mapping.shared import (
    Along,
    Cut,
    Order,
    along,
    fits,
    legal,
    served,
    size,
    stacked,
    times,
)

# every tile is tried up to this size; beyond it, the smallest of each number of steps and multiples
# of the arrays
ALL_TILES = 64
# combinations of tiles that one order of loops may have before its grid is thinned
GRID = 200_000
# choices of depths that are all tried; beyond, only those that are as deep as they can be
DEPTHS = 243


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much to try: shared loops beside those that cut every operand, and exact prices."""

    loops: int = 3
    prices: int = 100_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedMapped:
    """A fused nest, its exact cost, the bound on all nests tried or not, and what was left out."""

    fused: Fused
    cost: Cost
    bound: float
    priced: int
    left_out: tuple[str, ...] = ()

    def gap(self, goal: str) -> float:
        """The objective over the bound, less one: 0 is proven."""
        return float(objective(self.cost, goal)) / self.bound - 1.0 if self.bound else 0.0


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """Shared loops with their tiles, and a bound on what any nest with them costs."""

    bound: float
    memory: Memory
    order: Order
    tiles: tuple[int, ...]
    runs: float


def _rank(choice: _Choice) -> tuple[float, float]:
    """Lower bounds first; of equal ones, fewer runs, which have fewer ramps."""
    return choice.bound, choice.runs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """Tiles of one order of loops, with the bound and the runs of each combination."""

    memory: Memory
    order: Order
    tiles: tuple[tuple[int, ...], ...]
    bound: NDArray[np.float64]
    runs: NDArray[np.float64]

    def choices(self) -> Iterator[_Choice]:
        """All combinations that fit, best first."""
        bound, runs = self.bound.ravel(), self.runs.ravel()
        fitting = np.flatnonzero(np.isfinite(bound))
        for at in fitting[np.lexsort((runs[fitting], bound[fitting]))]:
            places = np.unravel_index(at, self.bound.shape)
            yield _Choice(
                bound=float(bound[at]),
                memory=self.memory,
                order=self.order,
                tiles=tuple(own[int(p)] for own, p in zip(self.tiles, places, strict=True)),
                runs=float(runs[at]),
            )


def best_fused(family: Family, runs: Runs, limits: Limits | None = None) -> FusedMapped:
    """Return the best fused nest of a group for the goal of `runs`.

    Raises InfeasibleError where no memory serves, or nothing fits the one that does.
    """
    chosen = limits or Limits()
    hardware = runs.hardware
    options = [engines_of(family, hardware, at) for at in range(len(family.members))]
    names = ", ".join(one.name for one in family.members)
    memories = meetings([engine for each in options for engine in each])
    if not memories:
        raise InfeasibleError(
            f"{names}: {hardware.name} has no memory on the chip that may hold both inputs and "
            "outputs of all its engines"
        )
    left_out: dict[str, None] = {}
    grids = [
        grid
        for memory in memories
        for grid in _grids(family, runs, options, memory, chosen, left_out)
    ]
    choices = heapq.merge(*(grid.choices() for grid in grids), key=_rank)
    found: tuple[float, Fused, Cost] | None = None
    priced = 0
    least = math.inf
    for choice in choices:
        least = choice.bound
        if found and choice.bound >= found[0] * (1 - 1e-12):
            break
        if priced >= chosen.prices:
            left_out["prices beyond the number allowed"] = None
            break
        priced += 1
        for fused, cost in _priced(family, runs, options, choice):
            value = float(objective(cost, runs.goal))
            if found is None or value < found[0]:
                found = value, fused, cost
    if found is None:
        sizes = ", ".join(f"{memory.name} has {memory.size:.0f} bytes" for memory in memories)
        raise InfeasibleError(f"{names}: no tiles of the group fit; {sizes}")
    return FusedMapped(
        fused=found[1],
        cost=found[2],
        bound=min(least, found[0]),
        priced=priced,
        left_out=tuple(left_out),
    )


def orders(family: Family, most: int, left_out: dict[str, None]) -> Iterator[tuple[str, ...]]:
    """Subsets of the shared ranks in every order that may matter.

    A rank that cuts every operand of every member stands outside the rest: anywhere further in it
    would only make others come again.
    """
    outer = [name for name in family.ranks if _everywhere(family, name)]
    inner = [name for name in family.ranks if name not in outer]
    if len(inner) > most:
        left_out[f"more than {most} shared loops beside {', '.join(outer) or 'none'}"] = None
    for few in range(len(outer) + 1):
        for first in itertools.combinations(outer, few):
            for count in range(min(most, len(inner)) + 1):
                for last in itertools.permutations(inner, count):
                    yield first + last


def _everywhere(family: Family, name: str) -> bool:
    ranks = family.ranks[name]
    return len(ranks) == len(family.members) and all(
        sum(index.plain and index.name == ranks[at] for index in access.indices) == 1
        and sum(ranks[at] in index.ranks for index in access.indices) == 1
        for at, one in enumerate(family.members)
        for access in one.accesses
    )


def depths(family: Family, ranks: tuple[str, ...], left_out: dict[str, None]) -> Iterator[Order]:
    """Every legal way to place the members inside these loops."""
    most = []
    for at in range(len(family.members)):
        own = [at in family.ranks[name] for name in ranks]
        most.append(own.index(False) if False in own else len(own))
    if max(most, default=0) < len(ranks):
        return
    if math.prod(depth + 1 for depth in most) <= DEPTHS:
        ways: Iterator[tuple[int, ...]] = itertools.product(*(range(d, -1, -1) for d in most))
    else:
        left_out["members less deep in the loops than they could be"] = None
        ways = _deepest(family, ranks, tuple(most))
    for way in ways:
        if max(way, default=0) == len(ranks):
            order = Order(ranks=ranks, depths=way)
            if legal(family, order) and all(
                size(family, order, level) > 1 for level in range(len(ranks))
            ):
                yield order


def _deepest(
    family: Family, ranks: tuple[str, ...], most: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Legal placements from which no member can go deeper, found by taking one out at a time."""
    pending, seen = [most], {most}
    found: list[tuple[int, ...]] = []
    while pending:
        way = pending.pop(0)
        if any(all(a <= b for a, b in zip(way, other, strict=True)) for other in found):
            continue
        if legal(family, Order(ranks=ranks, depths=way)):
            found.append(way)
            yield way
            continue
        for at, depth in enumerate(way):
            lower = (*way[:at], depth - 1, *way[at + 1 :])
            if depth and lower not in seen and len(seen) < GRID:
                seen.add(lower)
                pending.append(lower)


def tiles(
    family: Family, order: Order, level: int, lanes: Sequence[int], left_out: dict[str, None]
) -> list[int]:
    """Tiles to try along one loop, smallest first; a loop of one step is no loop."""
    total = size(family, order, level)
    name = order.ranks[level]
    if total <= ALL_TILES:
        wanted = set(range(1, total))
    else:
        left_out[
            f"tiles of more than {ALL_TILES} positions that are neither the smallest of their "
            "number of steps nor a multiple of an array"
        ] = None
        wanted = {-(-total // steps) for steps in range(2, math.isqrt(total) + 2)}
        wanted |= set(range(1, math.isqrt(total) + 2))
        wanted |= {lane * k for lane in lanes for k in range(1, 9) if lane > 1}
        wanted |= {1 << k for k in range(total.bit_length())}
    return sorted(t for t in wanted if 0 < t < total and fits(family, name, t))


def _grids(
    family: Family,
    runs: Runs,
    options: Sequence[tuple[Engine, ...]],
    memory: Memory,
    limits: Limits,
    left_out: dict[str, None],
) -> Iterator[_Grid]:
    lanes = sorted({int(d.size) for each in options for engine in each for d in engine.dimensions})
    for ranks in orders(family, limits.loops, left_out):
        for order in depths(family, ranks, left_out):
            grid = [tiles(family, order, level, lanes, left_out) for level in range(len(ranks))]
            grid = _thinned(grid, left_out)
            if not all(grid):
                continue
            shape = tuple(len(candidates) for candidates in grid)
            cuts = []
            for level, candidates in enumerate(grid):
                own = [1] * len(grid)
                own[level] = len(candidates)
                found = [along(family, order, level, tile) for tile in candidates]
                cuts.append(stacked(found, tuple(own)))
            bound = _bound(family, runs, options, memory, order, cuts)
            count: Array = 0.0
            for at in range(len(family.members)):
                count = count + times(order, cuts, at)
            yield _Grid(
                memory=memory,
                order=order,
                tiles=tuple(tuple(candidates) for candidates in grid),
                bound=np.broadcast_to(bound, shape),
                runs=np.broadcast_to(np.asarray(count, dtype=float), shape),
            )


def _thinned(grid: list[list[int]], left_out: dict[str, None]) -> list[list[int]]:
    while math.prod(len(candidates) for candidates in grid) > GRID:
        left_out["every other tile where the combinations are too many"] = None
        longest = max(range(len(grid)), key=lambda level: len(grid[level]))
        grid[longest] = grid[longest][::2]
    return grid


def _bound(
    family: Family,
    runs: Runs,
    options: Sequence[tuple[Engine, ...]],
    memory: Memory,
    order: Order,
    cuts: Sequence[Along],
) -> Array:
    """What no nest with these loops beats, inf where the meeting memory cannot hold the tiles."""
    hardware, words = runs.hardware, runs.words
    first = Place(engines=tuple(each[0] for each in options), memory=memory)
    crossing = crossings(family, order, cuts, first, words)
    need = held(family, order, cuts, first, words, crossing, Style(doubled=memory.double_buffered))
    moving, _, _ = transfer(crossing, first, hardware)
    work: list[Array] = []
    energy: Array = sum(part.energy for part in moving)
    read: Array = 0.0
    written: Array = 0.0
    for at, one in enumerate(family.members):
        points, lengths = _points(family, order, cuts, at)
        ways = [_work(family, runs, engine, at, points, lengths) for engine in options[at]]
        work.append(np.minimum.reduce([np.asarray(time) for time, _ in ways]))
        energy = energy + np.minimum.reduce([np.asarray(joule) for _, joule in ways])
        for number, access in enumerate(one.accesses):
            data = served(family, order, cuts, (at, number))
            data = data * words.of(family, at, access.tensor).bits / 8
            if access is one.write:
                written = written + data
            else:
                # a member may pass by the meeting memory with what that may not hold
                read = read + data * (number >= one.heads or _kept(family, at, number, memory))
        more = continued(family, order, cuts, first, words, at)
        read, written = read + more[0], written + more[1]
    for each in crossing:
        read, written = read + each.drained, written + each.taken * (each.part != "output")
    port = memory_part(memory, read, written)
    own = [part for part in moving if part.name != memory.name]
    energy = energy + port.energy - sum(p.energy for p in moving if p.name == memory.name)
    latency = _together(work, options, memory)
    for part in [*own, port]:
        latency = np.maximum(latency, part.time)
    repeat = family.members[0].einsum.repeat
    value = {"latency": latency * repeat, "energy": energy * repeat}
    value["edp"] = value["latency"] * value["energy"]
    return np.where(need <= memory.size, value[runs.goal], math.inf)


def _kept(family: Family, at: int, number: int, memory: Memory) -> bool:
    access = family.members[at].accesses[number]
    if access.tensor in family.writer:
        return {"input", "weight"} <= set(memory.keeps)
    return set(memory.keeps) >= {"input", "weight"}


def _points(
    family: Family, order: Order, cuts: Sequence[Along], at: int
) -> tuple[Array, dict[str, Array]]:
    """Points of all runs of a member, and its largest tile of each rank."""
    sizes: dict[str, Array] = dict(family.members[at].einsum.sizes)
    lengths = dict(sizes)
    for level in range(order.depths[at]):
        rank = family.ranks[order.ranks[level]][at]
        sizes[rank] = cuts[level].length[at]
        lengths[rank] = cuts[level].longest[at]
    return math.prod(sizes.values()), lengths


def _work(
    family: Family, runs: Runs, engine: Engine, at: int, points: Array, lengths: dict[str, Array]
) -> tuple[Array, Array]:
    """Least seconds of all runs of a member on an engine, and joules of its operations."""
    one = family.members[at]
    whole = tile_job(family, at, {}, runs.words)
    speed = float(rate(engine.compute, whole))
    if not speed:
        return math.inf, math.inf
    usable: Array = 1
    kinds = rank_kinds(whole.einsum, whole.workload)
    for dimension in engine.dimensions:
        carried: Array = 1
        for rank, length in lengths.items():
            if unrolls(dimension, rank, kinds[rank]):
                carried = carried * length
        usable = usable * np.minimum(dimension.size, carried)
    steps = points
    if engine.compute.does == "vector":
        steps = points * max(1.0, points_cost(one.einsum, runs.words.functions))
    seconds = steps / (usable * speed * float(runs.hardware.frequency))
    return seconds, steps * compute_energy(engine.compute, runs.hardware, *whole.factors)


def _together(
    work: Sequence[Array], options: Sequence[tuple[Engine, ...]], memory: Memory
) -> Array:
    """Least seconds of all members: one after the other, or with engines side by side."""
    flat = [engine for each in options for engine in each]
    owner = iter(resources(Place(engines=tuple(flat), memory=memory)))
    owners = [{next(owner) for _ in each} for each in options]
    kinds = set().union(*owners)
    total = sum(work)
    if len(kinds) == 1:
        return total
    least = total / len(kinds)
    for kind in kinds:
        own = [time for time, places in zip(work, owners, strict=True) if places == {kind}]
        least = np.maximum(least, sum(own))
    return least


def _priced(
    family: Family, runs: Runs, options: Sequence[tuple[Engine, ...]], choice: _Choice
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
        for picked, styles in _assignments(table, choice.memory, goal, ahead):
            place = Place(engines=tuple(engine for engine, _ in picked), memory=choice.memory)
            crossing = crossings(family, order, cuts, place, runs.words)
            for style in styles:
                need = held(family, order, cuts, place, runs.words, crossing, style)
                if need > choice.memory.size:
                    continue
                yield _nest(family, runs, choice, cuts, picked, crossing, style)


_Found = list[tuple[Ran, Run]]
_Picked = tuple[tuple[Engine, _Found], ...]


def _assignments(
    table: Sequence[Sequence[tuple[Engine, _Found]]],
    memory: Memory,
    goal: str,
    ahead: tuple[bool, ...],
) -> Iterator[tuple[_Picked, list[Style]]]:
    """Engines of the members: each at its best in turn, and mixes that may work side by side."""

    def value(found: _Found) -> float:
        return sum(ran.times * float(objective(ran.cost, goal)) for ran, _ in found)

    one = tuple(min(ways, key=lambda way: value(way[1])) for ways in table)
    yield one, [Style(doubled=doubled) for doubled in ahead]
    for picked in itertools.islice(itertools.product(*table), DEPTHS):
        place = Place(engines=tuple(engine for engine, _ in picked), memory=memory)
        if len(set(resources(place))) > 1:
            yield tuple(picked), [Style(doubled=True, pipelined=True)]


def _nest(
    family: Family,
    runs: Runs,
    choice: _Choice,
    cuts: Sequence[Along],
    picked: _Picked,
    crossing: Sequence[Crossing],
    style: Style,
) -> tuple[Fused, Cost]:
    order = choice.order
    place = Place(engines=tuple(engine for engine, _ in picked), memory=choice.memory)
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
    choice: _Choice,
    goal: str,
) -> _Found | None:
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
