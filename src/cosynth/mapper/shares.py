"""Shared loops that a group may have: orders, depths and tiles, each with a bound on its nests."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.cost import rate
from cosynth.cost.crossing import Place, Style, continued, crossings, held
from cosynth.cost.group import memory_part, transfer
from cosynth.cost.tile import Words, points_cost, tile_job
from cosynth.hardware import Engine, Memory, compute_energy
from cosynth.mapper.nests import Choice, Runs, owners
from cosynth.mapping import rank_kinds, unrolls
from cosynth.mapping.group import Family
from cosynth.mapping.placement import Order, fits, legal, repairs, size
from cosynth.mapping.shared import Along, along, served, stacked, times

# every tile is tried up to this size; beyond it, the smallest of each number of steps and multiples
# of the arrays
ALL_TILES = 64

# orders of loops whose most promising tiles are priced before all others
FIRST = 12

# combinations of tiles that one order of loops may have before its grid is thinned
GRID = 200_000

# choices of depths that are all tried; beyond, only those that are as deep as they can be
DEPTHS = 243

# weighted means of two engines' work that bound the busier one
WEIGHTS = 20


def rank(choice: Choice) -> tuple[float, float]:
    """Lower bounds first; of equal ones, fewer runs, which have fewer ramps."""
    return choice.bound, choice.runs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Tiles of one order of loops: a bound, a guess and the runs of each combination."""

    memory: Memory
    order: Order
    tiles: tuple[tuple[int, ...], ...]
    bound: NDArray[np.float64]
    guess: NDArray[np.float64]
    runs: NDArray[np.float64]

    def choices(self) -> Iterator[Choice]:
        """All combinations that fit, lowest bound first."""
        bound, runs = self.bound.ravel(), self.runs.ravel()
        fitting = np.flatnonzero(np.isfinite(bound))
        for at in fitting[np.lexsort((runs[fitting], bound[fitting]))]:
            yield self.choice(int(at))

    def choice(self, at: int) -> Choice:
        """The combination at a position of the flat arrays."""
        places = np.unravel_index(at, self.bound.shape)
        return Choice(
            bound=float(self.bound.ravel()[at]),
            memory=self.memory,
            order=self.order,
            tiles=tuple(own[int(p)] for own, p in zip(self.tiles, places, strict=True)),
            runs=float(self.runs.ravel()[at]),
        )

    def promising(self) -> tuple[float, float, int]:
        """The best guess, the runs it takes, and its position."""
        guess, runs = self.guess.ravel(), self.runs.ravel()
        at = int(np.lexsort((runs, guess))[0])
        return float(guess[at]), float(runs[at]), at


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
    """Legal placements found by taking members out of loops where they conflict, and no further."""
    pending, seen = [most], {most}
    while pending:
        way = pending.pop(0)
        if max(way) < len(ranks):
            continue
        found = repairs(family, Order(ranks=ranks, depths=way))
        if found is None:
            yield way
            continue
        for repair in found:
            out = dict(repair)
            lower = tuple(min(depth, out.get(at, depth)) for at, depth in enumerate(way))
            if lower not in seen:
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


def grids(
    family: Family,
    runs: Runs,
    options: Sequence[tuple[Engine, ...]],
    memory: Memory,
    most: int,
    left_out: dict[str, None],
) -> Iterator[Grid]:
    lanes = sorted({int(d.size) for each in options for engine in each for d in engine.dimensions})
    for ranks in orders(family, most, left_out):
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
            bound, guess = _bound(family, runs, options, memory, order, cuts)
            count: Array = 0.0
            for at in range(len(family.members)):
                count = count + times(order, cuts, at)
            yield Grid(
                memory=memory,
                order=order,
                tiles=tuple(tuple(candidates) for candidates in grid),
                bound=np.broadcast_to(bound, shape),
                guess=np.broadcast_to(guess, shape),
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
) -> tuple[Array, Array]:
    """What no nest with these loops beats, inf where the meeting memory cannot hold the tiles.

    And a guess of what the best of them comes to.
    """
    hardware, words = runs.hardware, runs.words
    first = Place(engines=tuple(each[0] for each in options), memory=memory)
    crossing = crossings(family, order, cuts, first, words)
    need = held(family, order, cuts, first, words, crossing, Style(doubled=memory.double_buffered))
    moving, _, _ = transfer(crossing, first, hardware)
    work: list[list[Array]] = []
    energy: Array = sum(part.energy for part in moving)
    read: Array = 0.0
    written: Array = 0.0
    for at, one in enumerate(family.members):
        points, lengths = _points(family, order, cuts, at)
        ways = [_work(family, runs, engine, at, points, lengths) for engine in options[at]]
        work.append([time for time, _ in ways])
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
    bound = np.where(need <= memory.size, value[runs.goal], math.inf)
    return bound, bound * _penalty(family, order, cuts, options, memory, words, work, latency)


def _penalty(  # noqa: PLR0913 - a guess from all that the bound is made of
    family: Family,
    order: Order,
    cuts: Sequence[Along],
    options: Sequence[tuple[Engine, ...]],
    memory: Memory,
    words: Words,
    work: Sequence[Sequence[Array]],
    latency: Array,
) -> Array:
    """A guess of how far above the bound engines come: in turn where two tiles do not fit."""
    if len({owner for own in owners(options, memory) for owner in own}) == 1:
        return 1.0
    apart = Place(engines=tuple(each[-1] for each in options), memory=memory)
    crossing = crossings(family, order, cuts, apart, words)
    style = Style(doubled=True, pipelined=True)
    fits_twice = held(family, order, cuts, apart, words, crossing, style) <= memory.size
    turn: Array = 0.0
    ramp: Array = 0.0
    for at, each in enumerate(work):
        fastest = np.minimum.reduce([np.asarray(time) for time in each])
        turn = turn + fastest
        ramp = ramp + fastest / times(order, cuts, at)
    side = latency + ramp
    return np.maximum(1.0, np.where(fits_twice, side, np.maximum(latency, turn)) / latency)


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
    work: Sequence[Sequence[Array]], options: Sequence[tuple[Engine, ...]], memory: Memory
) -> Array:
    """Least seconds of all members, with engines that share nothing side by side.

    However members are shared out, the busiest of two engines works no less than any weighted mean
    of both, and that is least with each member where its weighted time is.
    """
    apart = owners(options, memory)
    kinds = sorted(set().union(*map(set, apart)))
    least: Array = 0.0
    for weights in _weights(len(kinds)):
        share = dict(zip(kinds, weights, strict=True))
        mean: Array = 0.0
        for times_of, own in zip(work, apart, strict=True):
            each = [np.asarray(t) * share[k] for t, k in zip(times_of, own, strict=True)]
            mean = mean + np.minimum.reduce(each)
        least = np.maximum(least, mean)
    return least


def _weights(count: int) -> Iterator[tuple[float, ...]]:
    if count == 2:
        yield from ((at / WEIGHTS, 1 - at / WEIGHTS) for at in range(WEIGHTS + 1))
    else:
        yield (1 / count,) * count
