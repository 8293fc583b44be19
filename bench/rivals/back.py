"""A rival's nest as mappings of ours, priced by our counter.

A rival may keep each tensor of a memory at a depth of its own; we have one depth for each memory.
Every choice between the depths it used is tried, and the cheapest that is legal is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from bench.rivals.problems import Problem, Work
from cosynth.cost import Job, objective
from cosynth.hardware import Engine, Memory, SpatialArray, priced
from cosynth.mapper import Mapped, priced_mapping
from cosynth.mapping import Level, Loop, Mapping, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One loop: its number of steps, its tile if the rival said it, and its array dimension."""

    rank: str
    steps: int
    tile: int = 0
    dimension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nest:
    """Loops in time and in space, outermost first.

    `depths`: (memory, tensor) -> loops in time above it; `spread` loops in time are above those in
    space, as the rival has it.
    """

    temporal: tuple[Step, ...]
    spatial: tuple[Step, ...]
    depths: dict[tuple[str, str], int]
    spread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rival's mapping under our counter; `exact` if it could be said as it stands."""

    mapped: Mapped
    exact: bool


def from_nodes(nodes: list[dict[str, object]], job: Job) -> Nest:
    """Read AccelForge's storages and loops, outermost first."""
    left = job.einsum.sizes
    temporal: list[Step] = []
    spatial: list[Step] = []
    depths: dict[tuple[str, str], int] = {}
    spread = 0
    for node in nodes:
        if "memory" in node:
            tensors = node["tensors"]
            assert isinstance(tensors, list)
            depths |= {(str(node["memory"]), name): len(temporal) for name in tensors}
            continue
        rank, tile = str(node["rank"]), int(str(node["tile"]))
        dimension = node.get("dimension")
        step = Step(
            rank=rank,
            steps=-(-left[rank] // tile),
            tile=tile,
            dimension=str(dimension) if dimension else None,
        )
        left[rank] = tile
        if dimension:
            spatial.append(step)
            spread = len(temporal)
        else:
            temporal.append(step)
    return Nest(temporal=tuple(temporal), spatial=tuple(spatial), depths=depths, spread=spread)


def from_tables(tables: dict[str, Any], job: Job, engine: Engine) -> Nest:
    """Read ZigZag's loops in time, depths of operands, and unrolling."""
    (array,) = [level for level in engine.levels if isinstance(level, SpatialArray)]
    names = {f"D{number}": d.name for number, d in enumerate(array.dimensions, 1)}
    tensor = {part: name for name, part in job.parts.items()}
    depths = {}
    for key, depth in tables["depths"].items():
        memory, part = key.split()
        depths[memory, tensor[part]] = int(depth)
    innermost = engine.memories[-1].name
    return Nest(
        temporal=tuple(Step(rank=rank, steps=int(size)) for rank, size in tables["temporal"]),
        spatial=tuple(
            Step(rank=str(rank), steps=math.ceil(float(size)), dimension=names[name])
            for name, rank, size in tables["spatial"]
            if float(size) > 1
        ),
        depths=depths,
        spread=min(depth for (memory, _), depth in depths.items() if memory == innermost),
    )


def told(nest: Nest, work: Work, problem: Problem) -> Told | None:
    """The cheapest legal mapping that says a nest, the exact ones first; None if there is none."""
    hardware = priced(problem.hardware)
    (engine,) = hardware.engines
    found: list[tuple[bool, float, int, Told]] = []
    for mapping, exact in _mappings(nest, work.job, engine):
        if problems(work.job.einsum, work.job.workload, mapping, engine):
            continue
        mapped = priced_mapping(work.job, mapping, engine, hardware, problem.objective)
        if mapped is not None:
            cost = float(objective(mapped.cost, problem.objective))
            found.append((not exact, cost, len(found), Told(mapped=mapped, exact=exact)))
    return min(found)[-1] if found else None


def _mappings(nest: Nest, job: Job, engine: Engine) -> Iterator[tuple[Mapping, bool]]:
    memories = engine.memories
    kept = {
        memory.name: [name for (at, name) in nest.depths if at == memory.name]
        for memory in memories
    }
    choices = []
    for memory in memories:
        depths = [nest.depths[memory.name, name] for name in kept[memory.name]]
        choices.append(range(min(depths), max(depths) + 1) if depths else None)
    open_depths = [range(nest.spread, nest.spread + 1) if c is None else c for c in choices]
    for chosen in product(*open_depths):
        at = list(chosen)
        # a memory that keeps nothing has no loops of its own
        for place in reversed(range(len(at) - 1)):
            if choices[place] is None:
                at[place] = at[place + 1]
        at[0] = 0
        if any(outer > inner for outer, inner in pairwise(at)):
            continue
        yield _mapping(nest, job, engine, at, kept)


def _mapping(
    nest: Nest, job: Job, engine: Engine, at: list[int], kept: dict[str, list[str]]
) -> tuple[Mapping, bool]:
    """The mapping with memory number i below the first `at[i]` loops in time; whether it is so."""
    ends = [*at[1:], len(nest.temporal)]
    blocks: list[tuple[str, tuple[str, ...], tuple[Step, ...]]] = []
    place = 0
    spread = 0
    for level in engine.levels:
        if isinstance(level, Memory):
            loops = nest.temporal[at[place] : ends[place]]
            blocks.append((level.name, tuple(kept[level.name]), loops))
            place += 1
        elif isinstance(level, SpatialArray):
            own = {dimension.name for dimension in level.dimensions}
            loops = tuple(step for step in nest.spatial if step.dimension in own)
            blocks.append((level.name, (), loops))
            spread = ends[place - 1]
    order = [step for _, _, loops in blocks for step in loops]
    original = [*nest.temporal[: nest.spread], *nest.spatial, *nest.temporal[nest.spread :]]
    tiles = _tiles(order, original, job)
    levels = []
    number = 0
    for name, keep, loops in blocks:
        made = []
        for step in loops:
            made.append(Loop(rank=step.rank, tile=tiles[number], dimension=step.dimension))
            number += 1
        levels.append(Level(name=name, keep=keep, loops=tuple(made)))
    mapping = Mapping(einsum=job.name, engine=engine.name, levels=tuple(levels))
    depth_of = dict(zip((memory.name for memory in engine.memories), at, strict=True))
    low, high = sorted((spread, nest.spread))
    moved = {step.rank for step in nest.temporal[low:high]} & {s.rank for s in nest.spatial}
    exact = not moved and all(
        _harmless(nest, job, tensor, depth, depth_of[memory])
        for (memory, tensor), depth in nest.depths.items()
    )
    return mapping, exact


def _harmless(nest: Nest, job: Job, tensor: str, depth: int, at: int) -> bool:
    """Whether a tensor kept at another depth moves as much: no loop it lacks brings tiles back.

    Windows count as harmed, since what they share between steps may be loaded again.
    """
    low, high = sorted((depth, at))
    (access,) = [one for one in (*job.einsum.inputs, job.einsum.output) if one.tensor == tensor]
    windows = {rank for index in access.indices if not index.plain for rank in index.ranks}
    lacking = False
    for step in nest.temporal[low:high]:
        if step.rank in windows or (lacking and step.rank in access.ranks):
            return False
        lacking = lacking or step.rank not in access.ranks
    return True


def _tiles(order: list[Step], original: list[Step], job: Job) -> list[int]:
    """Tiles of loops in order: the rival's, or where a rank's loops moved, the smallest ones."""
    found = [0] * len(order)
    for rank, size in job.einsum.sizes.items():
        places = [number for number, step in enumerate(order) if step.rank == rank]
        mine = [order[number] for number in places]
        said = all(step.tile for step in mine)
        if said and mine == [step for step in original if step.rank == rank]:
            for number, step in zip(places, mine, strict=True):
                found[number] = step.tile
            continue
        inside = 1
        for number in reversed(places):
            found[number] = min(inside, size)
            inside *= order[number].steps
    return found
