"""An estimate on the terminal: figures beside their bounds, resources, layers."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract import EstimateData
from cosynth.report.terminal.text import (
    MUTED,
    STRONG,
    WARN,
    bar,
    count,
    listed,
    named,
    percent,
    safe,
    table,
    titled,
)
from cosynth.units import show

_BAR = 5


def estimate_view(data: EstimateData, *, layers: bool = True) -> RenderableType:
    """Show an estimate; `layers` adds a row for each class of equal layers."""
    parts: list[RenderableType] = [_head(data), _figures(data), _resources(data)]
    if layers:
        parts.append(_layers(data))
    if data["assumed"]:
        what = f"{data['hardware']}: numbers without a source"
        parts.append(listed(what, [", ".join(data["assumed"])]))
    return Group(*parts)


def _head(data: EstimateData) -> Text:
    given = data["formats"]
    formats = given["weights"]
    if given["activations"] != formats:
        formats = f"weights {formats}, activations {given['activations']}"
    if given["states"] != given["activations"]:
        formats += f", states {given['states']}"
    return Text.assemble(
        named(data["model"], STRONG),
        " on ",
        named(data["hardware"], STRONG),
        (f" · {safe(formats)} · mapped for {data['objective']}", MUTED),
        "\n",
    )


def _figures(data: EstimateData) -> RenderableType:
    rows = table("", "", "at least", ("", "left"))
    bound = data["bound"]
    rows.add_row(
        "latency",
        Text(show(data["latency"], "time"), style=STRONG),
        show(bound["latency"], "time"),
        Text.assemble("limited by ", named(data["limit"], WARN)),
    )
    rows.add_row(
        "energy",
        Text(show(data["energy"], "energy"), style=STRONG),
        show(bound["energy"], "energy"),
        f"{percent(1 - data['dynamic_energy'] / data['energy']) or '0 %'} of it static",
    )
    rows.add_row("area", Text(show(data["area"], "area"), style=STRONG), "", "")
    rows.add_row("power", Text(show(data["power"], "power"), style=STRONG), "", "")
    rows.add_row(
        "operations",
        Text(count(data["operations"]) or "0", style=STRONG),
        "",
        f"{percent(data['utilisation']) or '0 %'} of the units' time",
    )
    stored = ", ".join(f"{role} {show(size, 'bytes')}" for role, size in data["bytes"].items())
    rows.add_row("parameters", Text(count(data["parameters"]) or "0", style=STRONG), "", stored)
    return rows


def _resources(data: EstimateData) -> RenderableType:
    rows = table("resource", "busy", "", "energy", "", "read", "written", "area")
    for part in data["parts"]:
        energy = part["energy"] + part["leakage"] * data["latency"]
        if not (part["time"] or energy or part["area"]):
            continue
        rows.add_row(
            named(part["name"], WARN if part["name"] == data["limit"] else "cyan"),
            show(part["time"], "time") if part["time"] else "",
            percent(part["time"] / data["latency"]),
            show(energy, "energy") if energy else "",
            percent(energy / data["energy"]),
            show(part["read"], "bytes") if part["read"] else "",
            show(part["written"], "bytes") if part["written"] else "",
            show(part["area"], "area") if part["area"] else "",
        )
    return titled("Resources", rows)


def _layers(data: EstimateData) -> RenderableType:
    rows = table(
        "layer",
        "×",
        "ops",
        "latency",
        ("", "fixed"),
        "",
        "energy",
        ("limit", "left"),
        "× bound",
    )
    whole = sum(layer["latency"] for layer in data["layers"])
    for layer in data["layers"]:
        share = layer["latency"] / whole if whole else 0.0
        bound = layer["bound"]["latency"]
        rows.add_row(
            named(layer["name"]),
            str(layer["count"] * layer["repeat"]) if layer["count"] * layer["repeat"] > 1 else "",
            count(layer["operations"]),
            show(layer["latency"], "time"),
            bar(share, _BAR),
            percent(share),
            show(layer["energy"], "energy"),
            named(layer["limit"], ""),
            f"{layer['latency'] / bound:.3g}" if bound else "",
        )
    return titled("Layers", rows)
