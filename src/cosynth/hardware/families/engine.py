"""The generic engine: an array of multiply-accumulate units under one shared buffer."""

from __future__ import annotations

from cosynth.arrays import Array
from cosynth.hardware.parts import chain, off_chip
from cosynth.hardware.tree import (
    Component,
    Compute,
    Dimension,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
)

STATIONARITIES = ("weight", "output", "input", "flexible")
# which kinds of rank lie along rows and columns of the array, by what stays in it
_ALONG = {
    "weight": (("reduced", "kernel"), ("channel",)),
    "output": (("position", "shared"), ("channel",)),
    "input": (("reduced", "kernel"), ("position", "shared")),
    "flexible": ((), ()),
}


def engine(  # noqa: PLR0913 - each argument is one number of the chip
    *,
    rows: Array = 16,
    columns: Array = 16,
    stationarity: str = "weight",
    buffer: Array = 128 * 1024,
    registers: Array = 64,
    sums: Array = 16 * 1024,
    buffer_width: Array = 128,
    dram_bandwidth: Array = 4e9,
    dram: str = "lpddr4",
    frequency: Array = 500e6,
    technology: Array = 28e-9,
    accumulator: str = "int32",
    name: str = "engine",
) -> Hardware:
    """Return a `rows` x `columns` engine; every number may be an array of designs.

    `buffer`, `sums` and `registers` B (shared, shared, per unit), `buffer_width` bits per cycle,
    `dram_bandwidth` B/s. `sums` accumulates what leaves the columns, 32 bits each per cycle.
    `stationarity` says which operand a unit keeps in its registers; a `flexible` engine keeps all
    three and may unroll any rank anywhere.
    """
    along_rows, along_columns = _ALONG[stationarity]
    keeps = ("input", "weight", "output") if stationarity == "flexible" else (stationarity,)
    moved = buffer_width / 8 * frequency
    parts: list[Component] = [
        off_chip(dram, dram_bandwidth),
        Memory(
            name="buffer",
            size=buffer,
            read_bandwidth=moved,
            write_bandwidth=moved,
            width=buffer_width,
            double_buffered=True,
        ),
        Link(name="bus", length=1e-3),
        Memory(
            name="sums",
            size=sums,
            read_bandwidth=columns * 4 * frequency,
            write_bandwidth=columns * 4 * frequency,
            width=columns * 32.0,
            keeps=("output",),
            double_buffered=True,
        ),
        SpatialArray(
            name="array",
            dimensions=(
                _dimension("rows", rows, along_rows),
                _dimension("columns", columns, along_columns),
            ),
        ),
        Memory(
            name="registers",
            law="register",
            size=registers,
            width=8.0,
            keeps=keeps,
            double_buffered=True,
        ),
        Compute(name="mac", accumulator=accumulator),
    ]
    nodes = chain(parts)
    vector = Compute(name="vector", does="vector", rates=(("any", columns),))
    nodes.append(Node(component=vector, under="buffer"))
    return Hardware(
        name=name,
        title="Generic engine: an array of multiply-accumulate units under one shared buffer",
        nodes=tuple(nodes),
        frequency=frequency,
        technology=technology,
        family="engine",
        assumed=("bus.length", "vector.rates"),
    )


def _dimension(name: str, size: Array, ranks: tuple[str, ...]) -> Dimension:
    return Dimension(name=name, size=size, multicast=("input", "weight"), reduce=True, ranks=ranks)
