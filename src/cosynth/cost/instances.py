"""How many copies of each component a mapping uses, and which of them share a port."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.arrays import Array
from cosynth.cost.job import Job
from cosynth.hardware import Engine, Memory, SpatialArray
from cosynth.mapping import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Instances in use `of` every component: the steps of the spatial loops above it.

    `ports` are those of array dimensions through which parts pass one element a cycle.
    """

    of: dict[str, Array]
    ports: tuple[tuple[int, tuple[str, ...], Array], ...]  # place of the array, parts, ports in use
    place: dict[str, int]

    def between(self, above: Memory, below: Memory, part: str) -> tuple[Array, ...]:
        """Numbers of ports in use through which a part passes between two memories."""
        first, last = self.place[above.name], self.place[below.name]
        return tuple(n for at, parts, n in self.ports if first < at < last and part in parts)


def instances(mapping: Mapping, job: Job, engine: Engine) -> Instances:
    """Count them; tiles may be arrays of candidates."""
    left: dict[str, Array] = dict(job.einsum.bounds)
    used: Array = 1
    found: dict[str, Array] = {}
    ports = []
    levels = {level.name: level for level in mapping.levels}
    for at, component in enumerate(engine.levels):
        found[component.name] = used
        along: dict[str, Array] = {}
        for loop in levels[component.name].loops if component.name in levels else ():
            if loop.dimension is not None:
                steps = -(-left[loop.rank] // loop.tile)
                along[loop.dimension] = along.get(loop.dimension, 1) * steps
            left[loop.rank] = loop.tile
        if isinstance(component, SpatialArray):
            for dimension in component.dimensions:
                if dimension.serial:
                    ports.append((at, dimension.serial, used))
                used = used * along.get(dimension.name, 1)
    place = {component.name: at for at, component in enumerate(engine.levels)}
    return Instances(of=found, ports=tuple(ports), place=place)
