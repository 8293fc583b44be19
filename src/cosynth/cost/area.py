"""Silicon: square metres and static watts of a chip, component by component."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.arrays import Array
from cosynth.format import Format
from cosynth.hardware import Compute, Hardware, Memory, circuits, mac_area
from cosynth.hardware.laws import technology


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
    return circuits(unit, *factors) * alone
