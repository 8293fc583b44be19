"""What there is to run on: components, chips, laws that price components, and the catalogue."""

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

__all__ = [
    "PARTS", "RANK_KINDS", "Component", "Compute", "Dimension", "Engine", "Hardware", "Link",
    "Memory", "Node", "SpatialArray",
]  # fmt: skip
