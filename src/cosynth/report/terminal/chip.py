"""Hardware and formats on the terminal: the tree with its numbers and where they come from."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.format import UNITS
from cosynth.report.contract import HardwareData, NodeData
from cosynth.report.terminal.text import MUTED, STRONG, listed, named, note, safe, table
from cosynth.units import show

_LAW, _ASSUMED = "~", "?"


def chip_view(data: HardwareData) -> RenderableType:
    """Show a chip: its tree, one component a row, and the sources of its numbers."""
    supply = f", {data['voltage']:g} V" if data["voltage"] else ""
    head = Text.assemble(
        named(data["name"], STRONG),
        (f" · {safe(data['title'])}" if data["title"] else "", MUTED),
        f"\n{data['technology'] * 1e9:g} nm{supply}, {show(data['frequency'], 'frequency')},"
        f" {show(data['peak'], 'number')} multiply-accumulates/s, {show(data['area'], 'area')},"
        f" {show(data['static_power'], 'power')} static\n",
    )
    rows = table("component", "×", "size", "bandwidth", "bits", "energy", "area")
    for prefix, node in _walk(data["tree"], ""):
        name = Text.assemble(
            (prefix, MUTED), named(node["name"]), _about(node), no_wrap=True, overflow="ellipsis"
        )
        rows.add_row(name, *_row(node))
    legend = (
        f"× copies on the chip, numbers are of one. Energy: of an access of so many bits, of a bit"
        f" on a link, of an operation in int8. {_LAW} by component law, {_ASSUMED} assumed."
    )
    details = _details(data["tree"])
    return Group(
        head,
        rows,
        note(legend),
        listed("Arrays and memories", details),
        listed("Assumed", [", ".join(data["assumed"])] if data["assumed"] else []),
        listed("Notes", data["notes"]),
        listed("Sources", data["sources"]),
        listed("Laws", data["citations"]),
    )


def _walk(nodes: list[NodeData], indent: str) -> Iterator[tuple[str, NodeData]]:
    """Nodes from the top down; what is alone under another stands right below it."""
    for at, node in enumerate(nodes):
        last = at == len(nodes) - 1
        yield indent + ("└" if last else "├") + " ", node
        yield from _walk(node["children"], indent + (" " if last else "│"))


def _about(node: NodeData) -> Text:
    match node["kind"]:
        case "array":
            return Text(" " + "×".join(str(d["size"]) for d in node["dimensions"]), style=STRONG)
        case "memory" if node["law"].startswith("dram:"):
            return Text(f" {safe(node['law'].removeprefix('dram:'))}", style=MUTED)
        case "link":
            return Text(" link", style=MUTED)
    return Text("")


def _row(node: NodeData) -> tuple[str, ...]:
    copies = str(node["instances"]) if node["instances"] > 1 else ""
    match node["kind"]:
        case "memory":
            size = node["size"]
            return (
                copies,
                "" if size is None else show(size, "bytes") + _mark(node, "size"),
                _bandwidths(node),
                f"{node['width']:g}" + _mark(node, "width"),
                show(node["read_energy"], "energy") + _mark(node, "read_energy"),
                show(node["area"], "area") + _mark(node, "area") if node["area"] else "",
            )
        case "link":
            speed = node["bandwidth"]
            shown = "" if speed is None else show(speed, "bandwidth") + _mark(node, "bandwidth")
            energy = show(node["energy"], "energy") + _mark(node, "energy")
            length = f"{node['length'] * 1e3:g} mm{_mark(node, 'length')}" if node["length"] else ""
            return (copies, length, shown, "", energy, "")
        case "compute":
            energy = show(node["energy"], "energy") + _mark(node, "energy")
            area = show(node["area"], "area") + _mark(node, "area")
            return (copies, "", "", "", energy, area)
    return (copies, "", "", "", "", "")


def _bandwidths(node: NodeData) -> str:
    """Read and written bandwidth: once where they are equal or shared."""
    read, write = node["read_bandwidth"], node["write_bandwidth"]
    mark = _mark(node, "read_bandwidth")
    if read is None or node["shared_port"] or read == write:
        return "" if read is None else show(read, "bandwidth") + mark
    into = "∞" if write is None else show(write, "bandwidth")
    number, _, unit = show(read, "bandwidth").partition(" ")
    return f"{number if into.endswith(' ' + unit) else f'{number} {unit}'} / {into}{mark}"


def _mark(node: NodeData, key: str) -> str:
    if key in node["assumed"]:
        return _ASSUMED
    return _LAW if key in node["by_law"] else " "


def _details(nodes: list[NodeData]) -> list[str]:
    """A sentence for what the table has no column for."""
    found = []
    for _, node in _walk(nodes, ""):
        match node["kind"]:
            case "array":
                for each in node["dimensions"]:
                    text = f"{node['name']}.{each['name']}: {each['size']}"
                    text += f", unrolls {', '.join(each['ranks']) or 'any rank'}"
                    text += f"; multicasts {', '.join(each['multicast'])}" * bool(each["multicast"])
                    text += "; adds up partial sums" * each["reduce"]
                    if each["serial"]:
                        text += f"; {', '.join(each['serial'])} by one port, an element a cycle"
                    found.append(text)
            case "memory":
                said = [f"keeps {', '.join(node['keeps'])} only"] if len(node["keeps"]) < 3 else []
                said += ["double-buffered"] if node["double_buffered"] else []
                found += [f"{node['name']}: {', '.join(said)}"] if said else []
            case "compute":
                rates = ", ".join(f"{name} {rate:g}" for name, rate in node["rates"].items())
                what = "multiply-accumulates" if node["does"] == "mac" else "vector operations"
                mark = _mark(node, "rates").strip()
                kind = f" ({node['unit']})" if node["unit"] != UNITS[0] else ""
                found.append(f"{node['name']}{kind}: {what} a cycle: {rates}{mark}")
    return found
