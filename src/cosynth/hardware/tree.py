"""What there is to run on: a tree of memories, arrays, links and compute units."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosynth.arrays import Array

# What a memory may hold and an array may multicast: an einsum's operands by the part they play.
PARTS = ("input", "weight", "output")
# Kinds of rank by the operands they index: what an array dimension may be restricted to.
RANK_KINDS = ("position", "channel", "reduced", "kernel", "shared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A store. Numbers are per instance and may be arrays of designs; None means "by law".

    `size` B, bandwidths B/s, `width` bits that one access moves, energies J per such access,
    `area` m², `leakage` W. With `shared_port`, reads and writes share `read_bandwidth`. With
    `contiguous`, one read a cycle takes elements of an activation that lie side by side, along one
    unrolled rank. Where a window moves, one that `slides` takes in what is new, another all of it.
    Without `bypass`, what it may hold cannot pass by it. `law` names the component law that fills
    absent numbers.
    """

    name: str
    law: str = "sram"
    size: Array = math.inf
    read_bandwidth: Array = math.inf
    write_bandwidth: Array = math.inf
    shared_port: bool = False
    contiguous: bool = False
    slides: bool = True
    width: Array = 64
    keeps: tuple[str, ...] = PARTS
    double_buffered: bool = False
    bypass: bool = True
    read_energy: Array | None = None
    write_energy: Array | None = None
    area: Array | None = None
    leakage: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One dimension of an array: `size` instances side by side.

    Parts in `multicast` are read once above for all instances that need them in the same step; with
    `reduce`, partial sums of one element meet on their way up. Parts in `serial` pass one element a
    cycle, whatever its bits, through one port of all instances: an array that is filled row by row.
    `ranks` names the kinds of rank (or ranks by name) that may be unrolled here; empty means any.
    """

    name: str
    size: Array
    multicast: tuple[str, ...] = ()
    reduce: bool = False
    serial: tuple[str, ...] = ()
    ranks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpatialArray:
    """Copies of all that stands below, along one or more dimensions."""

    name: str
    dimensions: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A wire or network between what stands above and below: `bandwidth` B/s, `energy` J/bit.

    `length` m, used by the wire law when no energy is given.
    """

    name: str
    bandwidth: Array = math.inf
    energy: Array | None = None
    length: Array = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """A multiply-accumulate unit, or a vector unit for everything else (`does`).

    `unit` is the kind of circuit. `rates`: operations a cycle by format of the wider operand, of
    the narrower where the unit takes its bits apart (lookup, serial, mux); the format `any` serves
    the rest, and what is absent cannot run here. `tree` units have one accumulator, which adds all
    their products in a cycle (None: each its own). `energy` J/operation, `area` m², `leakage` W.
    """

    name: str
    does: str = "mac"
    rates: tuple[tuple[str, Array], ...] = (("any", 1.0),)
    accumulator: str = "int32"
    tree: Array | None = None
    unit: str = "multiplier"
    energy: Array | None = None
    area: Array | None = None
    leakage: Array | None = None


Component = Memory | SpatialArray | Link | Compute


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A component and the name of the one it hangs under; the root hangs under nothing."""

    component: Component
    under: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A chip, or anything else that computes. `frequency` Hz, `technology` m, `voltage` V.

    `overhead_power` W is drawn whatever runs; `overhead_area` m² is what no component accounts for.
    `assumed` lists the keys whose numbers have no source.
    """

    name: str
    nodes: tuple[Node, ...]
    frequency: Array
    technology: Array
    voltage: Array | None = None
    title: str = ""
    family: str = ""
    parameters: tuple[tuple[str, object], ...] = ()
    overhead_power: Array = 0.0
    overhead_area: Array = 0.0
    sources: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def component(self, name: str) -> Component:
        """Return a component by name; KeyError if the tree has none."""
        return {node.component.name: node.component for node in self.nodes}[name]

    def children(self, name: str | None) -> tuple[Node, ...]:
        """Nodes that hang directly under `name` (None: the root)."""
        return tuple(node for node in self.nodes if node.under == name)

    def path(self, name: str) -> tuple[Component, ...]:
        """Components from the root down to `name`."""
        above = {node.component.name: node for node in self.nodes}
        chain: list[Component] = []
        at: str | None = name
        while at is not None:
            chain.append(above[at].component)
            at = above[at].under
        return tuple(reversed(chain))

    @property
    def engines(self) -> tuple[Engine, ...]:
        """One engine per compute unit: the path on which an einsum runs."""
        units = [node.component for node in self.nodes if isinstance(node.component, Compute)]
        return tuple(Engine(name=unit.name, levels=self.path(unit.name)) for unit in units)

    def instances(self, name: str) -> Array:
        """How many copies of a component there are: the product of the arrays above it."""
        count: Array = 1
        for component in self.path(name)[:-1]:
            if isinstance(component, SpatialArray):
                for dimension in component.dimensions:
                    count = count * dimension.size
        return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The components from the root to one compute unit, outermost first."""

    name: str
    levels: tuple[Component, ...]

    @property
    def compute(self) -> Compute:
        """The unit at the end of the path."""
        last = self.levels[-1]
        assert isinstance(last, Compute)
        return last

    @property
    def memories(self) -> tuple[Memory, ...]:
        """The memories on the path, outermost first."""
        return tuple(level for level in self.levels if isinstance(level, Memory))

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All array dimensions on the path, outermost first."""
        arrays = [level for level in self.levels if isinstance(level, SpatialArray)]
        return tuple(dimension for array in arrays for dimension in array.dimensions)

    @property
    def lanes(self) -> Array:
        """Compute units at the end of the path: the product of all its arrays."""
        return math.prod(dimension.size for dimension in self.dimensions)

    def home(self, part: str) -> int:
        """Position in `levels` of the outermost memory that may hold an operand of this part."""
        for position, level in enumerate(self.levels):
            if isinstance(level, Memory) and part in level.keeps:
                return position
        return -1
