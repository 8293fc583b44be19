"""What a component costs when its file does not say: energy, area and leakage by technology.

Every law is array code over size, width and node, with its constants, their sources and its band of
error in `hardware/technology/*.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from cosynth import units
from cosynth.arrays import Array, namespace
from cosynth.errors import SpecError, did_you_mean
from cosynth.format import Format, known, mac_gates, price
from cosynth.hardware.tree import Component, Compute, Hardware, Link, Memory
from cosynth.spec import load_toml


@cache
def technology(name: str) -> dict[str, Any]:
    """Constants of one law: `logic`, `sram`, `dram` or `wire`."""
    folder = resources.files("cosynth.hardware").joinpath("technology", f"{name}.toml")
    with resources.as_file(folder) as path:
        return load_toml(path)


def _by_node(node: Array, table: dict[str, Any], key: str, nodes: str = "nodes_nm") -> Array:
    """Interpolate a factor over nodes, straight in logarithms, beyond the ends too."""
    xp = namespace(node)
    known_nodes = np.log(np.array(table[nodes][::-1]) * 1e-9)
    values = np.log(np.array(table[key][::-1]))
    at = xp.log(xp.asarray(node, dtype=float))
    inside = xp.interp(at, known_nodes, values)
    slopes = [(values[1] - values[0]), (values[-1] - values[-2])]
    spans = [(known_nodes[1] - known_nodes[0]), (known_nodes[-1] - known_nodes[-2])]
    below = xp.minimum(at - known_nodes[0], 0) * slopes[0] / spans[0]
    above = xp.maximum(at - known_nodes[-1], 0) * slopes[1] / spans[1]
    return xp.exp(inside + below + above)


def supply(node: Array) -> Array:
    """Nominal supply of a node, volts."""
    return _by_node(node, technology("wire"), "supplies")


def logic_area(gates: Array, node: Array) -> Array:
    """Square metres of placed logic of so many NAND2 equivalents."""
    law = technology("logic")
    cell = units.parse(law["gate_area"], "area") / law["placement"]
    return gates * cell * _by_node(node, law, "area_factors")


def leakage(area: Array) -> Array:
    """Watts of static power of logic of so many square metres."""
    return area * technology("logic")["leakage_per_area"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MacPrice:
    """A multiply-accumulate unit: `area` m², `energy` J an operation, `cycles` it takes.

    The bands are relative errors between kinds of unit and formats, beside those of the technology
    (`technology("logic")["band"]`), which is the same for all.
    """

    area: Array
    energy: Array
    cycles: int
    area_band: float
    energy_band: float


def mac_price(
    a: Format, b: Format, node: Array, *, sum_in: str, unit: str = "multiplier"
) -> MacPrice:
    """Return what a unit with its accumulator costs in a technology; inf if it cannot do this.

    >>> from cosynth.format import known
    >>> found = mac_price(known("int8"), known("int4"), 28e-9, sum_in="int32", unit="serial")
    >>> found.cycles, f"{found.area * 1e12:.0f} um2", f"{found.energy * 1e15:.0f} fJ"
    (4, '241 um2', '558 fJ')
    """
    gates = price(a, b, sum_in=sum_in, unit=unit)
    return MacPrice(
        area=mac_area(a, b, node, sum_in=sum_in, unit=unit),
        energy=mac_energy(a, b, node, sum_in=sum_in, unit=unit),
        cycles=gates.cycles,
        area_band=gates.band,
        energy_band=gates.energy_band,
    )


def mac_energy(
    a: Format,
    b: Format,
    node: Array,
    *,
    sum_in: str,
    recipe: str = "booth",
    unit: str = "multiplier",
) -> Array:
    """Joules of one multiply-accumulate: the int8 anchor times the ratio of gates and cycles."""
    anchor, node_45, exponent = _mac_anchor(a, b, sum_in, recipe, unit)
    return anchor * (node / node_45) ** exponent


@cache
def _mac_anchor(
    a: Format, b: Format, sum_in: str, recipe: str, unit: str
) -> tuple[float, float, float]:
    """Joules at the node of the anchor, that node, and the exponent from there to others."""
    law = technology("logic")
    reference = mac_gates(known("int8"), known("int8"), sum_in="int32", recipe=recipe)
    ratio = price(a, b, sum_in=sum_in, recipe=recipe, unit=unit).work / reference
    anchor = units.parse(law["anchor_energy"], "energy")
    return anchor * ratio, units.parse(law["anchor_node"], "length"), law["node_exponent"]


def mac_area(
    a: Format,
    b: Format,
    node: Array,
    *,
    sum_in: str,
    recipe: str = "booth",
    unit: str = "multiplier",
    tree: Array | None = None,
) -> Array:
    """Square metres of one multiply-accumulate unit with its accumulator.

    Where `tree` units share one accumulator, with its part of that.
    """
    gates = mac_gates(a, b, sum_in=sum_in, recipe=recipe, unit=unit, tree=tree)
    return logic_area(gates, node)


def sram_energy(size: Array, width: Array, node: Array) -> tuple[Array, Array]:
    """Joules of one read and one write of `width` bits in an SRAM of `size` bytes."""
    law, xp = technology("sram"), namespace(size, width, node)
    factor = _by_node(node, law, "energy_factors") * 1e-12
    a, b, c = law["read"]
    d0, d1, d2, d3 = law["write"]
    # the points start at 512 B: a smaller array costs at least its words and sense amplifiers
    held = xp.maximum(size, 64.0)
    root = xp.sqrt(held)
    read = a * held**b * width**c
    write = xp.maximum(d0 + d1 * root + d2 * width + d3 * width * root, 0.2 * read)
    return read * factor, write * factor


def sram_area(size: Array, node: Array) -> Array:
    """Square metres of a single-port SRAM."""
    law = technology("sram")
    return size * 8 * _by_node(node, law, "area_per_bit_um2", "area_nodes_nm") * 1e-12


def sram_leakage(size: Array, node: Array) -> Array:
    """Watts of static power of an SRAM, proportional to bits and node."""
    law = technology("sram")
    return size * 8 * law["leakage_per_bit"] * node / units.parse(law["leakage_node"], "length")


def register_energy(width: Array, node: Array) -> Array:
    """Joules to read or write `width` bits of flip-flops."""
    law = technology("logic")
    scale = (node / units.parse(law["register_node"], "length")) ** law["node_exponent"]
    return width * units.parse(law["register_energy"], "energy") * scale


def register_area(size: Array, node: Array) -> Array:
    """Square metres of flip-flops that hold `size` bytes."""
    law = technology("logic")
    scale = _by_node(node, law, "area_factors") / _by_node(40e-9, law, "area_factors")
    return size * 8 * units.parse(law["register_area"], "area") * scale


def dram_energy(kind: str) -> float:
    """Joules per bit of an off-chip memory; SpecError with the known kinds."""
    table = technology("dram")["energy"]
    if kind not in table:
        near = did_you_mean(kind, table)
        raise SpecError(f"unknown DRAM {kind!r}{near}; known: {', '.join(table)}")
    return units.parse(table[kind], "energy")


def wire_energy(length: Array, node: Array, voltage: Array | None = None) -> Array:
    """Joules to send one random bit over `length` metres: a C V² (full swing)."""
    law = technology("wire")
    swing = supply(node) if voltage is None else voltage
    return law["activity"] * law["capacitance"] * length * swing**2


def priced(hardware: Hardware) -> Hardware:
    """Return the hardware with every absent number of memories and links filled in by its law.

    A supply other than the node's nominal one scales energies by its square. Compute units keep
    their absent numbers: those depend on the formats (`compute_energy`).
    """
    nodes = tuple(
        replace(node, component=_filled(node.component, hardware)) for node in hardware.nodes
    )
    return replace(hardware, nodes=nodes)


def compute_energy(unit: Compute, hardware: Hardware, a: Format, b: Format) -> Array:
    """Joules of one operation on a unit: its own number, or the law for these formats."""
    if unit.energy is not None:
        return unit.energy
    scale = voltage_factor(hardware)
    return mac_energy(a, b, hardware.technology, sum_in=unit.accumulator, unit=unit.unit) * scale


def voltage_factor(hardware: Hardware) -> Array:
    """Energy relative to the nominal supply: the square of the ratio."""
    if hardware.voltage is None:
        return 1.0
    return (hardware.voltage / supply(hardware.technology)) ** 2


def _filled(component: Component, hardware: Hardware) -> Component:
    node, scale = hardware.technology, voltage_factor(hardware)
    match component:
        case Memory():
            return _filled_memory(component, node, scale)
        case Link(energy=None):
            return replace(component, energy=wire_energy(component.length, node, hardware.voltage))
    return component


def _filled_memory(memory: Memory, node: Array, scale: Array) -> Memory:
    read: Array
    write: Array
    if memory.law.startswith("dram:"):
        read = write = dram_energy(memory.law.removeprefix("dram:")) * memory.width
        area: Array = 0.0
        static: Array = 0.0
    elif memory.law == "register":
        read = write = register_energy(memory.width, node) * scale
        area = register_area(memory.size, node)
        static = leakage(area)
    else:
        read, write = (energy * scale for energy in sram_energy(memory.size, memory.width, node))
        area, static = sram_area(memory.size, node), sram_leakage(memory.size, node)
    return replace(
        memory,
        read_energy=read if memory.read_energy is None else memory.read_energy,
        write_energy=write if memory.write_energy is None else memory.write_energy,
        area=area if memory.area is None else memory.area,
        leakage=static if memory.leakage is None else memory.leakage,
    )


__all__ = [
    "MacPrice", "compute_energy", "dram_energy", "leakage", "logic_area", "mac_area", "mac_energy",
    "mac_price", "priced",
    "register_area", "register_energy", "sram_area", "sram_energy", "sram_leakage", "supply",
    "technology", "voltage_factor", "wire_energy",
]  # fmt: skip
