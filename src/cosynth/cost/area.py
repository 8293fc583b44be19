"""Silicon: square metres and static watts of a chip, component by component."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.arrays import Array
from cosynth.format import Format, accumulator
from cosynth.hardware import Compute, Hardware, Memory, SpatialArray, circuits, mac_area
from cosynth.hardware.circuit import shifter_gates
from cosynth.hardware.laws import logic_area, technology


@dataclass(frozen=True, slots=True, kw_only=True)
class Silicon:
    """One component over all its instances: `area` m² and `leakage` W."""

    name: str
    area: Array
    leakage: Array


def silicon(hardware: Hardware, factors: tuple[Format, Format]) -> tuple[Silicon, ...]:
    """Return area and static power of every component; units are sized for `factors`.

    `hardware` must be `priced`. Off-chip memories have no area here. The last entry is what no
    component accounts for.
    """
    found = []
    for node in hardware.nodes:
        part = node.component
        count = hardware.instances(part.name)
        if isinstance(part, Memory):
            found.append(
                Silicon(name=part.name, area=part.area * count, leakage=part.leakage * count)
            )
        elif isinstance(part, Compute):
            area = unit_area(part, hardware, factors) * count
            static = technology("logic")["leakage_per_area"] * area
            leakage = static if part.leakage is None else part.leakage * count
            found.append(Silicon(name=part.name, area=area, leakage=leakage))
    rest = Silicon(name="overhead", area=hardware.overhead_area, leakage=hardware.overhead_power)
    return (*found, rest)


def unit_area(unit: Compute, hardware: Hardware, factors: tuple[Format, Format]) -> Array:
    """Square metres of one unit: its own, or a circuit for each operation begun in a cycle."""
    if unit.area is not None:
        return unit.area
    alone = mac_area(
        *factors,
        hardware.technology,
        sum_in=unit.accumulator,
        unit=unit.unit,
        tree=unit.tree,
    )
    shifters = shift_area(unit, hardware, factors)
    return circuits(unit, *factors) * alone + shifters


def shift_area(unit: Compute, hardware: Hardware, factors: tuple[Format, Format]) -> Array:
    """Square metres beside one unit of an engine that shift sums, where blocks have scales.

    Those of an engine whose sums are whole numbers and whose blocks' scales are powers of two; 0
    for all else.
    """
    if hardware.family != "engine" or not any(one.power and one.block for one in factors):
        return 0.0
    parts = {node.component.name: node.component for node in hardware.nodes}
    registers, down = parts["registers"], parts["down"]
    sums = accumulator(unit.accumulator)
    assert isinstance(registers, Memory)
    assert isinstance(down, SpatialArray)
    if sums.kind not in {"integer", "exact"} or len(registers.keeps) != 1:
        return 0.0
    rows = down.dimensions[0].size
    units = hardware.instances(unit.name)
    found = shifter_gates(
        registers.keeps[0], rows, units / rows, held=registers.size * 8.0, sum_bits=sums.bits
    )
    return logic_area(found, hardware.technology) / units
