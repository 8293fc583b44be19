"""Hardware as data: the tree with every number, and where each number comes from."""

from __future__ import annotations

import math

import cosynth.hardware as hw
from cosynth.arrays import Array
from cosynth.cost import silicon
from cosynth.format import Format, known, takes
from cosynth.hardware import Component, Compute, Hardware, Link, Memory, SpatialArray
from cosynth.hardware.laws import technology
from cosynth.report.contract import DimensionData, HardwareData, NodeData, OrUnlimited, RoofData
from cosynth.report.version import version

Factors = tuple[Format, Format]


def hardware_data(hardware: Hardware, factors: Factors | None = None) -> HardwareData:
    """Return hardware of plain numbers as data; compute units are priced for `factors`.

    Those are int8, with a ternary factor where that is all a unit takes, unless given.
    """
    formats = factors or _factors(hardware)
    priced = hw.priced(hardware)
    parts = silicon(priced, formats)
    return {
        "cosynth": "hardware",
        "name": hardware.name,
        "title": hardware.title,
        "family": hardware.family,
        "technology": float(hardware.technology),
        "voltage": None if hardware.voltage is None else float(hardware.voltage),
        "frequency": float(hardware.frequency),
        "overhead_power": float(hardware.overhead_power),
        "overhead_area": float(hardware.overhead_area),
        "area": float(sum(part.area for part in parts)),
        "static_power": float(sum(part.leakage for part in parts)),
        "peak": roof(hardware)["operations"],
        "tree": tree(hardware, formats),
        "sources": list(hardware.sources),
        "assumed": list(hardware.assumed),
        "notes": list(hardware.notes),
        "citations": list(law_citations(hardware)),
        "version": version(),
    }


def _factors(hardware: Hardware) -> Factors:
    """The first of some pairs that every unit multiplies."""
    units = [engine.compute.unit for engine in hardware.engines]
    pairs = [(known("int8"), known(name)) for name in ("int8", "ternary")]
    return next((pair for pair in pairs if all(takes(*pair, unit) for unit in units)), pairs[0])


def tree(hardware: Hardware, factors: Factors) -> list[NodeData]:
    """Return the components nested as they hang, absent numbers filled in by their laws."""
    return _below(None, hardware, hw.priced(hardware), factors)


def roof(hardware: Hardware) -> RoofData:
    """Return the peaks of a roofline: operations a second, and B/s of every memory."""
    peak = 0.0
    for engine in hardware.engines:
        if engine.compute.does == "mac":
            peak += engine.lanes * max(float(rate) for _, rate in engine.compute.rates)
    return {
        "operations": float(peak * hardware.frequency),
        "memories": {
            node.component.name: unlimited(
                node.component.read_bandwidth * hardware.instances(node.component.name)
            )
            for node in hardware.nodes
            if isinstance(node.component, Memory)
        },
    }


def law_citations(hardware: Hardware) -> tuple[str, ...]:
    """Return the papers behind the component laws that fill what a file leaves open."""
    found: dict[str, None] = {}
    for node in hardware.nodes:
        part = node.component
        if not _by_law(part):
            continue
        match part:
            case Memory(law="sram"):
                found |= dict.fromkeys(technology("sram")["sources"])
            case Memory(law="register") | Compute():
                found |= dict.fromkeys(technology("logic")["sources"])
            case Memory(law=law):
                kind = law.removeprefix("dram:")
                found[f"{kind.upper()}: {technology('dram')['sources'][kind]}"] = None
            case Link():
                found |= dict.fromkeys(technology("wire")["sources"])
    return tuple(found)


def unlimited(value: object) -> OrUnlimited:
    """Return a plain number, or None where it is infinite or no number."""
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def _below(
    name: str | None, stated: Hardware, priced: Hardware, factors: Factors
) -> list[NodeData]:
    found = []
    for node in priced.children(name):
        part = node.component
        data: NodeData = {
            "name": part.name,
            "kind": _kind(part),
            "instances": int(priced.instances(part.name)),
            "by_law": _by_law(stated.component(part.name)),
            "assumed": [
                key.removeprefix(f"{part.name}.")
                for key in stated.assumed
                if key.startswith(f"{part.name}.")
            ],
            "children": _below(part.name, stated, priced, factors),
        }
        _fill(data, part, priced, factors)
        found.append(data)
    return found


def _kind(part: Component) -> str:
    return {Memory: "memory", SpatialArray: "array", Link: "link", Compute: "compute"}[type(part)]


_LAWFUL = ("read_energy", "write_energy", "energy", "area", "leakage")


def _by_law(part: Component) -> list[str]:
    """Keys of a component as stated whose numbers its law fills."""
    return [key for key in _LAWFUL if getattr(part, key, 0.0) is None]


def _stated(value: Array | None) -> float:
    """A number of priced hardware, where none is absent."""
    assert value is not None
    return float(value)


def _fill(data: NodeData, part: Component, hardware: Hardware, factors: Factors) -> None:
    match part:
        case Memory():
            data["law"] = part.law
            data["size"] = unlimited(part.size)
            data["read_bandwidth"] = unlimited(part.read_bandwidth)
            data["write_bandwidth"] = unlimited(part.write_bandwidth)
            data["shared_port"] = part.shared_port
            data["contiguous"] = part.contiguous
            data["slides"] = part.slides
            data["width"] = float(part.width)
            data["keeps"] = list(part.keeps)
            data["double_buffered"] = part.double_buffered
            data["read_energy"] = _stated(part.read_energy)
            data["write_energy"] = _stated(part.write_energy)
            data["area"] = _stated(part.area)
            data["leakage"] = _stated(part.leakage)
        case SpatialArray():
            data["dimensions"] = [
                DimensionData(
                    name=each.name,
                    size=int(each.size),
                    multicast=list(each.multicast),
                    reduce=each.reduce,
                    serial=list(each.serial),
                    ranks=list(each.ranks),
                )
                for each in part.dimensions
            ]
        case Link():
            data["bandwidth"] = unlimited(part.bandwidth)
            data["energy"] = _stated(part.energy)
            data["length"] = float(part.length)
        case Compute():
            count = hardware.instances(part.name)
            static = {each.name: each for each in silicon(hardware, factors)}[part.name]
            data["does"] = part.does
            data["rates"] = {name: float(rate) for name, rate in part.rates}
            data["accumulator"] = part.accumulator
            data["unit"] = part.unit
            if part.tree is not None:
                data["tree"] = float(part.tree)
            data["energy"] = float(hw.compute_energy(part, hardware, *factors))
            data["area"] = float(static.area / count)
            data["leakage"] = float(static.leakage / count)
