"""Which ranks lie along which array dimension: the few unrollings that use an array best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cosynth.cost import Job
from cosynth.cost.instances import joined, neighbours
from cosynth.hardware import Dimension, Engine
from cosynth.mapping import operands, rank_kinds, unrolls
from cosynth.workload import Access

# (dimension, rank, instances used), outermost first
Unrolling = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One way to fill a dimension: instances per rank."""

    use: tuple[tuple[str, int], ...]


def unrollings(job: Job, engine: Engine, most: int = 3) -> tuple[Unrolling, ...]:
    """Return up to `most` unrollings, the one that needs the fewest time steps first.

    A dimension takes one rank it may carry, or one that fits whole with a second beside it. A step
    counts as often as the places from which a vector of it is gathered.
    """
    return _unrollings(job, engine.dimensions, _gathered(job, engine), most)


def _gathered(job: Job, engine: Engine) -> tuple[Access, ...]:
    """Operands of which each step gathers a vector: no memory further in keeps them."""
    found = []
    for access, part in operands(job.einsum, job.workload):
        innermost = [memory for memory in engine.memories if part in memory.keeps][-1]
        packed = job.workload.tensor(access.tensor).role == "weight"
        if part != "output" and innermost.contiguous and not packed:
            found.append(access)
    return tuple(found)


def _places(access: Access, sizes: dict[str, int], used: dict[str, int]) -> float:
    """Places in which a vector's elements lie side by side, at least."""
    lanes = {rank: used[rank] for rank in access.ranks if used.get(rank, 1) > 1}
    inner = neighbours(access)
    alike = joined(
        [(count, rank in inner and count >= sizes[rank]) for rank, count in lanes.items()]
    )
    return float(math.prod(lanes.values()) / alike)


@lru_cache(maxsize=1 << 14)
def _unrollings(
    job: Job, dimensions: tuple[Dimension, ...], gathered: tuple[Access, ...], most: int
) -> tuple[Unrolling, ...]:
    kinds = rank_kinds(job.einsum, job.workload)
    sizes = job.einsum.sizes
    choices = [[(d, option) for option in _options(d, sizes, kinds)] for d in dimensions]
    found: list[tuple[float, int, Unrolling]] = []
    for number, combination in enumerate(itertools.product(*choices)):
        used: dict[str, int] = {}
        flat: list[tuple[str, str, int]] = []
        for dimension, option in combination:
            for rank, instances in option.use:
                room = -(-sizes[rank] // used.get(rank, 1))
                taken = min(instances, room)
                if taken > 1:
                    flat.append((dimension.name, rank, taken))
                    used[rank] = used.get(rank, 1) * taken
        places = max((_places(access, sizes, used) for access in gathered), default=1.0)
        found.append((_steps(sizes, used) * places, number, tuple(flat)))
    unique = dict.fromkeys(unrolling for _, _, unrolling in sorted(found))
    return tuple(itertools.islice(unique, most))


def _options(dimension: Dimension, sizes: dict[str, int], kinds: dict[str, str]) -> list[_Option]:
    room = int(dimension.size)
    allowed = [r for r in sizes if sizes[r] > 1 and unrolls(dimension, r, kinds[r])]
    found = [_Option(use=())]
    for rank in allowed:
        found.append(_Option(use=((rank, min(room, sizes[rank])),)))
        beside = room // sizes[rank]
        if sizes[rank] <= room and beside > 1:
            others = (other for other in allowed if other != rank)
            found += [
                _Option(use=((rank, sizes[rank]), (other, min(beside, sizes[other]))))
                for other in others
            ]
    return _best(found, sizes)


def _best(options: Iterable[_Option], sizes: dict[str, int]) -> list[_Option]:
    """Options that fill a dimension best, at most eight: the rest can only be worse."""
    ranked = sorted(options, key=lambda option: _steps(sizes, dict(option.use)))
    return ranked[:8]


def _steps(sizes: dict[str, int], used: dict[str, int]) -> int:
    total = 1
    for rank, size in sizes.items():
        total *= -(-size // used.get(rank, 1))
    return total
