"""One einsum on many chips of one structure: mapped on a few of them, scored on all as arrays.

A mapping's traffic depends on the structure of the tree alone. So the mappings that are best on a
few chips spread over the batch are counted once, and priced on every chip in one go; each chip
takes the best that fits it. The gap is against each chip's own physical bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.cost import Job, bounds, price
from cosynth.errors import InfeasibleError, MappingError
from cosynth.hardware import Compute, Dimension, Engine, Hardware, Link, Memory, Node, SpatialArray
from cosynth.mapper.best import best
from cosynth.mapper.effort import FAST, Effort
from cosynth.mapper.objective import Objective, objective_of
from cosynth.mapping import Mapping, buffers_twice, overflows, traffic

Floats = NDArray[np.float64]
_Part = Memory | SpatialArray | Link | Compute


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """The mappings found, and per chip [chip] which it takes (-1: none fits) at what cost.

    `value` is the objective, `bound` what no mapping on that chip can beat: physical limits only.
    """

    mappings: tuple[Mapping, ...]
    choice: NDArray[np.int64]
    latency: Floats
    energy: Floats
    value: Floats
    bound: Floats

    @property
    def gap(self) -> Floats:
        """Objective over bound, less one; inf where nothing fits."""
        return np.where(self.bound > 0, self.value / np.where(self.bound > 0, self.bound, 1), 1) - 1


def map_many(
    job: Job,
    chips: Sequence[Hardware],
    goal: str | Objective = "latency",
    *,
    engine: str = "",
    spread: int = 12,
    effort: Effort = FAST,
) -> Many:
    """Map a job on `priced` chips that differ in numbers only, all of them at once.

    `engine` names the compute unit (default: the first that multiplies), `spread` is on how many
    chips mappings are searched for. Raises MappingError if two chips differ in structure.
    """
    name = engine or _unit(chips[0])
    paths = [_path(chip, name) for chip in chips]
    for path, chip in zip(paths, chips, strict=True):
        if _structure(path) != _structure(paths[0]):
            raise MappingError(f"{chip.name} and {chips[0].name} differ in more than numbers")
    wanted = goal if isinstance(goal, Objective) else objective_of(goal)
    together, path = _stacked(chips, name)
    limit = bounds(job, path, together)
    latest, least = np.broadcast_arrays(np.asarray(limit.latency), np.asarray(limit.energy))
    physical = latest * least if wanted.product else wanted.latency * latest + wanted.energy * least
    bound = np.broadcast_to(physical, (len(chips),)).astype(float)
    found: dict[Mapping, tuple[Floats, Floats, Floats]] = {}
    value = np.full(len(chips), np.inf)
    order = _spread(paths, spread)
    hopeless = np.zeros(len(chips), dtype=bool)
    while order or (np.isinf(value) & ~hopeless).any():
        # first chips far apart, then any that nothing found so far fits
        at = order.pop(0) if order else int(np.flatnonzero(np.isinf(value) & ~hopeless)[0])
        try:
            mapping = best(job, paths[at], chips[at], wanted, effort).mapping
        except InfeasibleError:
            hopeless[at] = True
            continue
        if mapping not in found:
            found[mapping] = _valued(job, mapping, path, together, wanted, len(chips))
            value = np.minimum(value, found[mapping][0])
        hopeless[at] = np.isinf(value[at])
    values, latency, energy = (
        np.array([row[at] for row in found.values()] or [np.full(len(chips), np.inf)])
        for at in range(3)
    )
    choice, every = values.argmin(axis=0), np.arange(len(chips))
    return Many(
        mappings=tuple(found),
        choice=np.where(np.isfinite(value), choice, -1),
        latency=latency[choice, every],
        energy=energy[choice, every],
        value=value,
        bound=bound,
    )


def _unit(chip: Hardware) -> str:
    return next(engine.name for engine in chip.engines if engine.compute.does == "mac")


def _path(chip: Hardware, name: str) -> Engine:
    return next(engine for engine in chip.engines if engine.name == name)


def _structure(engine: Engine) -> tuple[object, ...]:
    """What a mapping and its traffic depend on, numbers left out."""
    found: list[object] = []
    for level in engine.levels:
        if isinstance(level, SpatialArray):
            found.append((level.name, tuple(replace(d, size=0) for d in level.dimensions)))
        elif isinstance(level, Memory):
            flags = level.double_buffered, level.shared_port, level.contiguous, level.slides
            found.append((level.name, level.keeps, flags))
        elif isinstance(level, Compute):
            rates = tuple(name for name, _ in level.rates)
            found.append((level.name, level.does, level.accumulator, level.unit, rates))
        else:
            found.append((type(level).__name__, level.name))
    return tuple(found)


def _spread(paths: Sequence[Engine], most: int) -> list[int]:
    """Chips far apart: each next one is the farthest from those chosen, in logarithms of sizes."""
    numbers = np.log([
        [
            *(float(m.size) for m in path.memories if np.isfinite(m.size)),
            *(float(d.size) for d in path.dimensions),
        ]
        for path in paths
    ])  # fmt: skip
    chosen = [int(numbers.sum(axis=1).argmax())]
    away = np.full(len(paths), np.inf)
    while len(chosen) < min(most, len(paths)):
        away = np.minimum(away, ((numbers - numbers[chosen[-1]]) ** 2).sum(axis=1))
        if not away.max() > 0:
            break
        chosen.append(int(away.argmax()))
    return chosen


def _stacked(chips: Sequence[Hardware], name: str) -> tuple[Hardware, Engine]:
    """One chip whose numbers are arrays over the batch."""
    first = chips[0]
    nodes = tuple(
        Node(
            component=_together([chip.nodes[at].component for chip in chips]),
            under=node.under,
        )
        for at, node in enumerate(first.nodes)
    )
    numbers = {
        key: _column([getattr(chip, key) for chip in chips])
        for key in ("frequency", "technology", "voltage", "overhead_power", "overhead_area")
    }
    together = replace(first, nodes=nodes, **numbers)
    return together, _path(together, name)


def _together(parts: Sequence[_Part]) -> _Part:
    first = parts[0]
    if isinstance(first, SpatialArray):
        dimensions = tuple(
            replace(
                dimension,
                size=_column([_dimension(part, at).size for part in parts]),
            )
            for at, dimension in enumerate(first.dimensions)
        )
        return replace(first, dimensions=dimensions)
    changed: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(part, field.name) for part in parts]
        if field.name == "rates":
            changed[field.name] = tuple(
                (known, _column([rates[at][1] for rates in values]))
                for at, (known, _) in enumerate(values[0])
            )
        elif isinstance(values[0], (int, float, np.number)) and not isinstance(values[0], bool):
            changed[field.name] = _column(values)
    return replace(first, **changed)


def _dimension(part: _Part, at: int) -> Dimension:
    assert isinstance(part, SpatialArray)
    return part.dimensions[at]


def _column(values: Sequence[Array]) -> Array:
    """One number if all are equal, else an array of them."""
    if any(value is None for value in values):
        return None
    column = np.array([float(value) for value in values])
    return values[0] if (column == column[0]).all() else column


def _valued(
    job: Job, mapping: Mapping, path: Engine, together: Hardware, goal: Objective, chips: int
) -> tuple[Floats, Floats, Floats]:
    """Objective, seconds and joules of one mapping on every chip; inf where it does not fit."""
    counts = traffic(job.einsum, job.workload, mapping, path)
    doubled = {memory.name: buffers_twice(memory, mapping) for memory in path.memories}
    legal: Array = np.ones(chips, dtype=bool)
    for held, size in overflows(counts, path, job.bits, doubled).values():
        legal = legal & (held <= size)
    for dimension, used in _used(job, mapping).items():
        size = next(d.size for d in path.dimensions if d.name == dimension)
        legal = legal & (used <= size)
    cost = price(job, counts, mapping, path, together)
    legal = legal & (cost.latency <= goal.latest)
    value, latency, energy = np.broadcast_arrays(
        np.asarray(goal.value(cost)), np.asarray(cost.latency), np.asarray(cost.energy)
    )
    full = np.broadcast_to(np.where(legal, value, np.inf), (chips,))
    return full, np.broadcast_to(latency, (chips,)), np.broadcast_to(energy, (chips,))


def _used(job: Job, mapping: Mapping) -> dict[str, int]:
    """Array dimension -> instances that a mapping uses."""
    left = job.einsum.sizes
    used: dict[str, int] = {}
    for loop in mapping.loops:
        if loop.dimension is not None:
            steps = -(-left[loop.rank] // int(loop.tile))
            used[loop.dimension] = used.get(loop.dimension, 1) * steps
        left[loop.rank] = int(loop.tile)
    return used
