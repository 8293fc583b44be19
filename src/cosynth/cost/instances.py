"""How many copies of each component a mapping uses, what they share, and how their vectors lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cosynth.arrays import Array, either
from cosynth.cost.job import Job
from cosynth.hardware import Engine, SpatialArray
from cosynth.mapping import Mapping
from cosynth.workload import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class _Along:
    """A dimension in use: after how many `ports`, and how many instances along each rank."""

    place: int  # of its array among the engine's levels
    serial: tuple[str, ...]
    ports: Array
    ranks: dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Instances in use `of` every component: the steps of the spatial loops above it.

    `tiles` are the sizes of all ranks there, `place` says which level of the engine it is.
    """

    of: dict[str, Array]
    tiles: dict[str, dict[str, Array]]
    place: dict[str, int]
    along: tuple[_Along, ...]

    def ports(self, above: str, below: str, part: str) -> tuple[Array, ...]:
        """Numbers of ports through which a part passes one element a cycle on its way."""
        first, last = self.place[above], self.place[below]
        return tuple(
            one.ports for one in self.along if first < one.place < last and part in one.serial
        )

    def run(self, above: str, below: str, access: Access, part: str) -> Array:
        """Elements of a vector that lie side by side in the memory `above`, at best.

        They go along one rank, and further along others that the vector has whole.
        """
        counts: dict[str, Array] = {}
        for one in self.along:
            if not self.place[above] < one.place < self.place[below]:
                continue
            if part in one.serial:
                break
            for rank, count in one.ranks.items():
                counts[rank] = counts.get(rank, 1) * count
        inner, tile = neighbours(access), self.tiles[above]
        return joined(
            [
                (counts[rank], counts[rank] >= tile[rank] if rank in inner else False)
                for rank in access.ranks
                if rank in counts
            ]
        )


def joined(lanes: Sequence[tuple[Array, Array]]) -> Array:
    """Elements side by side, of lanes along each rank and whether they are all of its tile."""
    whole: Array = 1
    longest: Array = 1
    for count, full in lanes:
        whole = whole * either(full, count, 1)
        other = either(full, 1, count)
        longest = either(longest >= other, longest, other)
    return whole * longest


def neighbours(access: Access) -> frozenset[str]:
    """Ranks whose steps are those of a dimension: others may go on where they end."""
    return frozenset(index.name for index in access.indices if index.plain and index.name)


def instances(mapping: Mapping, job: Job, engine: Engine) -> Instances:
    """Count them; tiles may be arrays of candidates."""
    left: dict[str, Array] = dict(job.einsum.bounds)
    used: Array = 1
    found: dict[str, Array] = {}
    tiles: dict[str, dict[str, Array]] = {}
    dimensions = []
    levels = {level.name: level for level in mapping.levels}
    for place, component in enumerate(engine.levels):
        found[component.name], tiles[component.name] = used, dict(left)
        ranks: dict[str, dict[str, Array]] = {}
        for loop in levels[component.name].loops if component.name in levels else ():
            if loop.dimension is not None:
                along = ranks.setdefault(loop.dimension, {})
                along[loop.rank] = along.get(loop.rank, 1) * -(-left[loop.rank] // loop.tile)
            left[loop.rank] = loop.tile
        for dimension in component.dimensions if isinstance(component, SpatialArray) else ():
            along = ranks.get(dimension.name, {})
            dimensions.append(_Along(place=place, serial=dimension.serial, ports=used, ranks=along))
            for count in along.values():
                used = used * count
    place_of = {component.name: place for place, component in enumerate(engine.levels)}
    return Instances(of=found, tiles=tiles, place=place_of, along=tuple(dimensions))
