"""Hardware of plain numbers as TOML that the reader takes back."""

from __future__ import annotations

import math
from typing import Any

from cosynth.format import UNITS
from cosynth.hardware.tree import (
    Compute,
    Dimension,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
)


def write(hardware: Hardware) -> str:
    """Write hardware of plain numbers as TOML; `read` gives the same tree back."""
    import tomli_w

    return str(tomli_w.dumps(table(hardware)))


def table(hardware: Hardware) -> dict[str, Any]:
    """Return hardware of plain numbers as the tables of its file."""
    given = (
        ("title", hardware.title),
        ("technology", _quantity(hardware.technology, "m")),
        ("voltage", _quantity(hardware.voltage, "V")),
        ("frequency", _quantity(hardware.frequency, "Hz")),
        ("family", hardware.family),
        ("overhead_power", _quantity(hardware.overhead_power, "W")),
        ("overhead_area", _quantity(hardware.overhead_area, "m2")),
        ("sources", list(hardware.sources)),
        ("assumed", list(hardware.assumed)),
        ("notes", list(hardware.notes)),
    )
    top: dict[str, Any] = {"name": hardware.name}
    top |= {key: value for key, value in given if value not in ("", None, [])}
    top["component"] = [_table(node) for node in hardware.nodes]
    return top


def _quantity(value: Any, unit: str) -> str | None:
    if value is None or (isinstance(value, float) and math.isinf(value)) or value == 0.0:
        return None
    return f"{float(value)!r} {unit}"


def _table(node: Node) -> dict[str, Any]:
    part = node.component
    table: dict[str, Any] = {"kind": "", "name": part.name, "under": node.under}
    match part:
        case Memory():
            table |= {
                "kind": "memory",
                "law": part.law,
                "size": _quantity(part.size, "B"),
                "read_bandwidth": _quantity(part.read_bandwidth, "B/s"),
                "write_bandwidth": _quantity(part.write_bandwidth, "B/s"),
                "shared_port": part.shared_port,
                "contiguous": part.contiguous,
                "slides": part.slides,
                "width": float(part.width),
                "keeps": list(part.keeps),
                "double_buffered": part.double_buffered,
                "bypass": None if part.bypass else False,
                "read_energy": _stated(part.read_energy, "J"),
                "write_energy": _stated(part.write_energy, "J"),
                "area": _stated(part.area, "m2"),
                "leakage": _stated(part.leakage, "W"),
            }
        case SpatialArray():
            table |= {"kind": "array", "dimensions": [_dimension(d) for d in part.dimensions]}
        case Link():
            table |= {
                "kind": "link",
                "bandwidth": _quantity(part.bandwidth, "B/s"),
                "energy": _stated(part.energy, "J"),
                "length": _quantity(part.length, "m"),
            }
        case Compute():
            table |= {
                "kind": "compute",
                "does": part.does,
                "rates": {name: float(rate) for name, rate in part.rates},
                "accumulator": part.accumulator,
                "unit": None if part.unit == UNITS[0] else part.unit,
                "tree": None if part.tree is None else float(part.tree),
                "energy": _stated(part.energy, "J"),
                "area": _stated(part.area, "m2"),
                "leakage": _stated(part.leakage, "W"),
            }
    return {key: value for key, value in table.items() if value is not None}


def _stated(value: Any, unit: str) -> str | None:
    """A quantity for which zero is a statement and absent is not."""
    return None if value is None else f"{float(value)!r} {unit}"


def _dimension(dimension: Dimension) -> dict[str, Any]:
    return {
        "name": dimension.name,
        "size": int(dimension.size),
        "multicast": list(dimension.multicast),
        "reduce": dimension.reduce,
        "serial": list(dimension.serial),
        "ranks": list(dimension.ranks),
    }
