"""The generic engine: an array of multiply-accumulate units under one shared buffer."""

from __future__ import annotations

from cosynth.arrays import Array
from cosynth.errors import SpecError, did_you_mean
from cosynth.format import UNITS, cycles, known
from cosynth.format import accumulator as sums_of
from cosynth.hardware import circuit
from cosynth.hardware.laws import leakage, logic_area
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
# what a unit that works bit by bit lists: whole numbers by their bits, others like them follow
BIT_BY_BIT = ("binary", "int2", "int3", "int4", "int5", "int6", "int7", "int8", "int16",
              "mxint4", "mxint6", "mxint8")  # fmt: skip
# which kinds of rank lie along rows and columns of the array, by what stays in it
_ALONG = {
    "weight": (("reduced", "kernel"), ("channel",)),
    "output": (("channel",), ("position",)),
    "input": (("reduced", "kernel"), ("position",)),
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
    unit: str = "multiplier",
    name: str = "engine",
) -> Hardware:
    """Return a `rows` x `columns` engine; every number may be an array of designs.

    `buffer`, `sums` and `registers` B (shared, of all columns, per unit), `buffer_width` bits per
    cycle, `dram_bandwidth` B/s. Each column adds what leaves it to its share of `sums`, a sum per
    cycle. All data pass through the buffer, and sums through `sums`. What units keep comes and goes
    row by row, an element of each column a cycle, and a vector from the buffer takes a cycle for
    each place where it lies.
    `unit` is the kind of multiplier: one that takes a factor's bits one by one has the rates of
    whole numbers and runs nothing else. `stationarity` says which operand a unit keeps in its
    registers; a `flexible` engine keeps all three and may unroll any rank anywhere. What stands
    beside multipliers has its area by `hardware.circuit`: `registers` what a unit has beside its
    multiplier, `vector` the lanes of post-processing, the overhead all the rest.
    """
    if stationarity not in STATIONARITIES:
        near = did_you_mean(stationarity, STATIONARITIES)
        raise SpecError(
            f"engine.stationarity: unknown stationarity {stationarity!r}{near};"
            f" known: {', '.join(STATIONARITIES)}"
        )
    along_rows, along_columns = _ALONG[stationarity]
    keeps = ("input", "weight", "output") if stationarity == "flexible" else (stationarity,)
    # what a unit alone keeps is read for each unit, though windows of two may overlap
    apart = () if stationarity == "flexible" else keeps
    moved = buffer_width / 8 * frequency
    reduces = stationarity != "output"
    bits = sums_of(accumulator).bits
    shape = circuit.Shape(
        flow=stationarity,
        rows=rows,
        columns=columns,
        held=registers * 8.0,
        sum_bits=bits,
        buffer=buffer,
        line=buffer_width,
        beat=circuit.beat(buffer_width, dram_bandwidth / frequency),
    )
    area = {group: logic_area(gates, technology) for group, gates in circuit.gates(shape).items()}
    beside = area.pop("units") / (rows * columns)
    lanes = area.pop("lanes")
    control = sum(area.values())
    parts: list[Component] = [
        off_chip(dram, dram_bandwidth),
        Memory(
            name="buffer",
            size=buffer,
            read_bandwidth=moved,
            write_bandwidth=moved,
            contiguous=True,
            slides=False,
            width=buffer_width,
            double_buffered=True,
            bypass=False,
        ),
        Link(name="bus", length=1e-3),
        SpatialArray(
            name="across",
            dimensions=(_dimension("columns", columns, along_columns, adds=False, apart=apart),),
        ),
        Memory(
            name="sums",
            size=sums / columns,
            read_bandwidth=bits / 8 * frequency,
            write_bandwidth=bits / 8 * frequency,
            width=float(bits),
            keeps=("output",),
            double_buffered=True,
            bypass=False,
        ),
        SpatialArray(
            name="down",
            dimensions=(
                _dimension("rows", rows, along_rows, adds=reduces, serial=keeps, apart=apart),
            ),
        ),
        Memory(
            name="registers",
            law="register",
            size=registers,
            width=8.0,
            keeps=keeps,
            double_buffered=True,
            slides=False,
            bypass=stationarity == "flexible",
            area=beside,
            leakage=leakage(beside),
        ),
        Compute(
            name="mac",
            accumulator=accumulator,
            unit=unit,
            rates=_rates(unit),
            tree=rows if reduces else None,
        ),
    ]
    nodes = chain(parts)
    vector = Compute(name="vector", does="vector", rates=(("any", columns),), area=lanes)
    nodes.append(Node(component=vector, under="buffer"))
    return Hardware(
        name=name,
        title="Generic engine: an array of multiply-accumulate units under one shared buffer",
        nodes=tuple(nodes),
        frequency=frequency,
        technology=technology,
        family="engine",
        overhead_area=control,
        overhead_power=leakage(control),
        assumed=("bus.length", "vector.rates"),
    )


def _rates(unit: str) -> tuple[tuple[str, float], ...]:
    """An operation a cycle, or a bit of the narrower factor a cycle."""
    if unit not in UNITS:
        near = did_you_mean(unit, UNITS)
        raise SpecError(f"engine.unit: unknown unit {unit!r}{near}; known: {', '.join(UNITS)}")
    bits = {name: cycles(known(name), known(name), unit) for name in BIT_BY_BIT}
    if set(bits.values()) == {1}:
        return (("any", 1.0),)
    return tuple((name, 1.0 / count) for name, count in bits.items())


def _dimension(
    name: str,
    size: Array,
    ranks: tuple[str, ...],
    *,
    adds: bool,
    apart: tuple[str, ...],
    serial: tuple[str, ...] = (),
) -> Dimension:
    parts = tuple(part for part in ("input", "weight") if part not in apart)
    return Dimension(name=name, size=size, multicast=parts, reduce=adds, serial=serial, ranks=ranks)
