"""Whether a mapping can run: every reason why not, in words, or as arrays for many candidates."""

from __future__ import annotations

from collections.abc import Mapping as Table
from functools import lru_cache

import numpy as np

from cosynth.arrays import Array, either
from cosynth.errors import did_you_mean
from cosynth.format import accumulator
from cosynth.hardware import Compute, Dimension, Engine, Link, Memory, SpatialArray
from cosynth.mapping.nest import Level, Loop, Mapping
from cosynth.mapping.traffic import Traffic, operands
from cosynth.units import show
from cosynth.workload import Einsum, Workload


@lru_cache(maxsize=4096)
def rank_kinds(einsum: Einsum, workload: Workload) -> dict[str, str]:
    """Kind of every rank, by the operands it indexes.

    `position` is in input and output, `channel` in weight and output, `shared` in all three,
    `reduced` in no output, `kernel` is reduced and slides along a position.
    """
    ranks: dict[str, set[str]] = {"input": set(), "weight": set(), "output": set()}
    sliding: set[str] = set()
    for access, part in operands(einsum, workload):
        ranks[part].update(access.ranks)
        for index in access.indices:
            if len(index.ranks) > 1:
                sliding.update(index.ranks)
    kinds = {}
    for rank in einsum.ranks:
        if rank not in ranks["output"]:
            kinds[rank] = "kernel" if rank in sliding else "reduced"
        elif rank in ranks["weight"]:
            kinds[rank] = "shared" if rank in ranks["input"] else "channel"
        else:
            kinds[rank] = "position"
    return kinds


def unrolls(dimension: Dimension, rank: str, kind: str) -> bool:
    """Whether an array dimension may carry a rank of this kind."""
    return not dimension.ranks or rank in dimension.ranks or kind in dimension.ranks


def problems(
    einsum: Einsum, workload: Workload, mapping: Mapping, engine: Engine
) -> tuple[str, ...]:
    """Every rule that a mapping of plain numbers breaks, naming level and loop; empty if none.

    Capacity is not asked here: see `overflows`.
    """
    stages = [lv for lv in engine.levels if not isinstance(lv, (Link, Compute))]
    wanted = [level.name for level in stages]
    given = [level.name for level in mapping.levels]
    if given != wanted:
        return (f"levels are {', '.join(given)}; {engine.name} has {', '.join(wanted)}",)
    found: list[str] = []
    kinds = rank_kinds(einsum, workload)
    left = einsum.sizes
    for stage, level in zip(stages, mapping.levels, strict=True):
        for loop in level.loops:
            found += _loop_problems(loop, level, stage, left, kinds)
            if loop.rank in left:
                left[loop.rank] = int(loop.tile)
        if isinstance(stage, SpatialArray):
            found += _array_problems(level, stage, einsum, mapping)
    found += [
        f"rank {rank!r} ends at tile {tile}; its innermost loop must have tile 1"
        for rank, tile in left.items()
        if tile != 1
    ]
    found += _keep_problems(einsum, workload, mapping, engine)
    return tuple(found)


def buffers_twice(memory: Memory, mapping: Mapping) -> bool:
    """Whether a memory holds two tiles at a time: by the hardware, or because the mapping asks."""
    return memory.double_buffered or mapping.level(memory.name).double_buffered


def overflows(
    counts: Traffic, engine: Engine, bits: Table[str, Array], doubled: Table[str, bool]
) -> dict[str, tuple[Array, Array]]:
    """Memory name -> (bytes one instance must hold, bytes it has), for every memory of a size.

    `bits` gives each tensor's width per element; `doubled` says which memories hold two tiles of
    what streams through them. Sums that are not whole yet are as wide as the accumulator.
    """
    found = {}
    sums = accumulator(engine.compute.accumulator).bits
    for memory in engine.memories:
        if np.all(np.isinf(memory.size)):
            continue
        held: Array = 0.0
        for count in counts.at(memory.name):
            copies = 2 if doubled.get(memory.name, False) else 1
            stored = bits[count.tensor]
            if count.part == "output":
                stored = either(count.whole, stored, max(stored, sums))
            held = held + count.tile * stored / 8 * copies
        found[memory.name] = (held, memory.size)
    return found


def overflow_problems(found: Table[str, tuple[Array, Array]]) -> tuple[str, ...]:
    """Sentences for the memories that a plain mapping overfills."""
    return tuple(
        f"{name} must hold {show(held, 'bytes')}, it has {show(size, 'bytes')}"
        for name, (held, size) in found.items()
        if held > size
    )


def _loop_problems(
    loop: Loop,
    level: Level,
    stage: Memory | SpatialArray,
    left: dict[str, int],
    kinds: dict[str, str],
) -> list[str]:
    where = f"{level.name}: loop over {loop.rank!r}"
    if loop.rank not in left:
        return [f"{where}: no such rank{did_you_mean(loop.rank, left)}"]
    found = []
    if not 1 <= loop.tile <= left[loop.rank]:
        found.append(f"{where}: tile {loop.tile} is not between 1 and {left[loop.rank]}")
    if isinstance(stage, Memory):
        if loop.dimension is not None:
            found.append(f"{where}: a memory has no array dimension {loop.dimension!r}")
        return found
    dimensions = {dimension.name: dimension for dimension in stage.dimensions}
    if loop.dimension not in dimensions:
        names = ", ".join(dimensions)
        found.append(f"{where}: array dimension {loop.dimension!r} is not one of {names}")
    elif not unrolls(dimensions[loop.dimension], loop.rank, kinds[loop.rank]):
        allowed = ", ".join(dimensions[loop.dimension].ranks)
        found.append(f"{where}: dimension {loop.dimension!r} carries only {allowed}")
    return found


def _array_problems(
    level: Level, stage: SpatialArray, einsum: Einsum, mapping: Mapping
) -> list[str]:
    left = einsum.sizes
    for other in mapping.levels:
        if other is level:
            break
        left.update({loop.rank: int(loop.tile) for loop in other.loops if loop.rank in left})
    used = {dimension.name: 1 for dimension in stage.dimensions}
    for loop in level.loops:
        if loop.rank in left and loop.dimension in used and loop.tile >= 1:
            used[loop.dimension] *= -(-left[loop.rank] // int(loop.tile))
            left[loop.rank] = int(loop.tile)
    return [
        f"{level.name}: dimension {d.name!r} has {d.size} instances, the loops need {used[d.name]}"
        for d in stage.dimensions
        if used[d.name] > d.size
    ]


def _keep_problems(
    einsum: Einsum, workload: Workload, mapping: Mapping, engine: Engine
) -> list[str]:
    parts = {access.tensor: part for access, part in operands(einsum, workload)}
    found = []
    for position, memory in enumerate(engine.levels):
        if not isinstance(memory, Memory):
            continue
        keep = mapping.level(memory.name).keep
        for tensor in keep:
            if tensor not in parts:
                near = did_you_mean(tensor, parts)
                found.append(f"{memory.name}: keeps {tensor!r}, no operand of {einsum.name}{near}")
            elif parts[tensor] not in memory.keeps:
                found.append(f"{memory.name}: may not keep {tensor!r}, an {parts[tensor]} operand")
        found += [
            f"{memory.name}: {tensor!r} must be kept here, its outermost memory"
            for tensor, part in parts.items()
            if engine.home(part) == position and tensor not in keep
        ]
        found += [
            f"{memory.name}: {tensor!r} must be kept here, nothing passes by it"
            for tensor, part in parts.items()
            if not memory.bypass
            and part in memory.keeps
            and engine.home(part) != position
            and tensor not in keep
        ]
    found += [
        f"no memory may hold {tensor!r}, the {part} operand"
        for tensor, part in parts.items()
        if engine.home(part) < 0
    ]
    return found
