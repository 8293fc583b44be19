"""What of an engine a mapping depends on: its structure, and its numbers to a power of two."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

from cosynth.arrays import Array
from cosynth.hardware import Component, Compute, Engine, Link, Memory, SpatialArray


@lru_cache(maxsize=1 << 12)
def layout(engine: Engine) -> Engine:
    """The engine without its numbers: what traffic depends on, and what caches are keyed by."""
    return Engine(name=engine.name, levels=tuple(_bare(level) for level in engine.levels))


@lru_cache(maxsize=1 << 12)
def rounded(engine: Engine) -> Engine:
    """The engine with bandwidths and energies per bit rounded to powers of two.

    Chips that differ little then share one quick search; costs are those of the exact numbers.
    """
    return Engine(name=engine.name, levels=tuple(_rounded(level) for level in engine.levels))


def _rounded(level: Component) -> Component:
    if not isinstance(level, Memory):
        return level
    return replace(
        level,
        width=1.0,
        read_energy=_power(level.read_energy / level.width),
        write_energy=_power(level.write_energy / level.width),
        read_bandwidth=_power(level.read_bandwidth),
        write_bandwidth=_power(level.write_bandwidth),
        area=0.0,
        leakage=0.0,
    )


def _power(value: Array) -> float:
    number = float(value)
    return 2.0 ** round(math.log2(number)) if 0 < number < math.inf else number


def _bare(level: Component) -> Component:
    match level:
        case Memory():
            return Memory(
                name=level.name, keeps=level.keeps, contiguous=level.contiguous, slides=level.slides
            )
        case SpatialArray():
            bare = (replace(dimension, size=0) for dimension in level.dimensions)
            return SpatialArray(name=level.name, dimensions=tuple(bare))
        case Link():
            return Link(name=level.name)
    return Compute(name=level.name)
