"""What there is to run on: components, chips, laws that price components, and the catalogue.

The room itself can be called: `cosynth.hardware("eyeriss")` is `cosynth.hardware.load("eyeriss")`.
"""

import sys
from types import ModuleType

from cosynth.hardware.catalogue import load, names
from cosynth.hardware.families.engine import STATIONARITIES, engine
from cosynth.hardware.laws import MacPrice, compute_energy, mac_area, mac_price, priced
from cosynth.hardware.rates import circuits, rate
from cosynth.hardware.reader import build, json_schema, read
from cosynth.hardware.tree import (
    PARTS,
    RANK_KINDS,
    Component,
    Compute,
    Dimension,
    Engine,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
)
from cosynth.hardware.writer import table, write

__all__ = [
    "PARTS", "RANK_KINDS", "STATIONARITIES", "Component", "Compute", "Dimension", "Engine",
    "Hardware", "Link", "MacPrice", "Memory", "Node", "SpatialArray", "build", "circuits",
    "compute_energy", "engine", "json_schema", "load", "mac_area", "mac_price", "names", "priced",
    "rate", "read", "table", "write",
]  # fmt: skip


class _Room(ModuleType):
    def __call__(self, name: str) -> Hardware:
        return load(name)


sys.modules[__name__].__class__ = _Room
