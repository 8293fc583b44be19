"""Mappings on the terminal: one layer in full, or a line a layer; fronts and fused groups."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract_mapping import (
    FusionData,
    MapData,
    MappedLayerData,
    ProofData,
    UseData,
)
from cosynth.report.terminal.text import (
    MUTED,
    STRONG,
    WARN,
    listed,
    named,
    percent,
    safe,
    table,
    titled,
)
from cosynth.units import show

_DIMENSIONS = {"latency": "time", "energy": "energy"}
_MOST_NAMES = 3


def mapping_view(data: MapData, *, single: bool) -> RenderableType:
    """Show mappings: with `single` the one layer in full, else a line a layer and totals."""
    parts: list[RenderableType] = [_head(data)]
    if single:
        parts += _full(data, data["layers"][0])
    else:
        parts.append(_layers(data))
        left_out = dict.fromkeys(t for one in data["layers"] for t in one["proof"]["left_out"])
        parts.append(listed("Not in the space", list(left_out)))
    parts += [_front(one, single) for one in data["layers"] if one["front"]]
    if "fusion" in data:
        parts += _fusion(data["fusion"])
    return Group(*parts)


def objective_text(value: float, objective: str) -> str:
    """Write a value of an objective with its unit.

    >>> objective_text(0.002, "latency"), objective_text(2048, "traffic:dram")
    ('2 ms', '2 KiB')
    >>> objective_text(3.1e-9, "edp"), objective_text(0.25, "energy + latency")
    ('3.1e-09 J s', '0.25')
    """
    if objective in _DIMENSIONS:
        return show(value, _DIMENSIONS[objective])
    if objective.startswith("traffic:"):
        return show(value, "bytes")
    return f"{value:.4g} J s" if objective == "edp" else f"{value:.4g}"


def gap_text(gap: float | None) -> str:
    """Write a gap: proven, or how much better a mapping might be.

    >>> gap_text(0.0), gap_text(0.034), gap_text(None)
    ('proven', '3.4 %', 'unknown')
    """
    if gap is None:
        return "unknown"
    return "proven" if gap == 0 else f"{100 * gap:.2g} %" if gap < 1 else f"{100 * gap:.0f} %"


def _head(data: MapData) -> Text:
    limits = f" · within {', '.join(data['limits'])}" if data["limits"] else ""
    given = data["formats"]
    formats = ", ".join(dict.fromkeys([given["weights"], given["activations"]]))
    said = f" · {safe(formats)} · mapped for {safe(data['objective'])}{safe(limits)}"
    return Text.assemble(
        named(data["model"], STRONG), " on ", named(data["hardware"], STRONG), (said, MUTED), "\n"
    )


def _full(data: MapData, layer: MappedLayerData) -> list[RenderableType]:
    sizes = ", ".join(f"{rank} {size:,}" for rank, size in layer["sizes"].items())
    times = layer["count"] * layer["repeat"]
    said = f"{layer['einsum']} · {sizes}" + (f" · × {times}" if times > 1 else "")
    nest = Text(safe("\n".join(layer["mapping"])), no_wrap=True, overflow="ellipsis")
    rows = table("", "", ("", "left"))
    rows.show_header = False
    proof = layer["proof"]
    if data["objective"] not in _DIMENSIONS:
        rows.add_row(
            named(data["objective"], ""), objective_text(layer["value"], data["objective"]), ""
        )
    rows.add_row("latency", show(layer["latency"], "time"), f"limited by {safe(layer['limit'])}")
    rows.add_row("energy", show(layer["energy"], "energy"), "of accesses and operations")
    rows.add_row("utilisation", percent(layer["utilisation"]) or "0 %", "of the units' time")
    rows.add_row("bound", objective_text(proof["bound"], data["objective"]), _found(proof))
    return [
        Text(safe(said) + "\n", style=MUTED),
        nest,
        titled("Levels", _uses(layer["uses"])),
        titled("Cost of all copies", rows),
        _proof(proof),
    ]


def _found(proof: ProofData) -> str:
    if proof["gap"] == 0:
        return "met: proven optimal"
    return f"gap {gap_text(proof['gap'])}: the optimum lies between"


def _uses(uses: list[UseData]) -> RenderableType:
    rows = table("level", ("tensor", "left"), "in", "out", "holds", "of it", ("", "left"))
    last = ""
    for use in uses:
        rows.add_row(
            named(use["level"] if use["level"] != last else ""),
            named(use["tensor"], ""),
            show(use["written"], "bytes") if use["written"] else "",
            show(use["read"], "bytes") if use["read"] else "",
            show(use["held"], "bytes") if use["held"] else "",
            percent(use["share"]),
            "two tiles" if use["double_buffered"] and use["held"] else "",
        )
        last = use["level"]
    return rows


def _proof(proof: ProofData) -> RenderableType:
    said = [f"{proof['nodes']:,} bounds computed"] if proof["nodes"] else []
    said += [*proof["cuts"], *(f"not in the space: {each}" for each in proof["left_out"])]
    return listed("Proof", list(dict.fromkeys(said)))


def _layers(data: MapData) -> RenderableType:
    own = data["objective"] not in _DIMENSIONS
    heads = ["latency", "energy", "use", *(["objective"] if own else []), "gap"]
    rows = table("layer", "×", *heads, ("limit", "left"))
    for one in data["layers"]:
        times = one["count"] * one["repeat"]
        value = [objective_text(one["value"] * one["count"], data["objective"])] if own else []
        rows.add_row(
            named(one["name"]),
            str(times) if times > 1 else "",
            show(one["latency"] * one["count"], "time"),
            show(one["energy"] * one["count"], "energy"),
            percent(one["utilisation"]),
            *value,
            gap_text(one["proof"]["gap"]),
            named(one["limit"], ""),
        )
    value = [objective_text(data["value"], data["objective"])] if own else []
    rows.add_row(
        Text("all, one after the other", style=STRONG, no_wrap=True, overflow="ellipsis"),
        "",
        Text(show(data["latency"], "time"), style=STRONG),
        Text(show(data["energy"], "energy"), style=STRONG),
        "",
        *value,
        gap_text(data["gap"]),
        "",
    )
    return rows


def _front(layer: MappedLayerData, single: bool) -> RenderableType:
    rows = table("latency", "energy", "use", "gap")
    for each in layer["front"]:
        rows.add_row(
            show(each["latency"], "time"),
            show(each["energy"], "energy"),
            percent(each["utilisation"]),
            gap_text(each["gap"]),
        )
    what = "Latency against energy" + ("" if single else f": {safe(layer['name'])}")
    return titled(what, rows)


def _fusion(fusion: FusionData) -> list[RenderableType]:
    rows = table("group", "latency", "alone", "energy", "alone")
    for group in fusion["groups"]:
        rows.add_row(
            named(_some(group["names"]), WARN if group["fused"] else ""),
            show(group["latency"], "time"),
            _or_blank(group["alone"][0], "time"),
            show(group["energy"], "energy"),
            _or_blank(group["alone"][1], "energy"),
        )
    rows.add_row(
        Text("all, one after the other", style=STRONG, no_wrap=True, overflow="ellipsis"),
        Text(show(fusion["latency"], "time"), style=STRONG),
        show(fusion["alone"][0], "time"),
        Text(show(fusion["energy"], "energy"), style=STRONG),
        show(fusion["alone"][1], "energy"),
    )
    nests = [group["nest"] for group in fusion["groups"] if group["fused"]]
    blocks = [group["block"] for group in fusion["groups"] if group["fused"]]
    shown: list[RenderableType] = [titled("Groups that run as one", rows)]
    for nest, block in zip(nests, blocks, strict=True):
        lines = list(nest)
        if block:
            lines.insert(0, f"softmax in one pass, {block} positions at a time")
        text = Text(safe("\n".join(lines)), no_wrap=True, overflow="ellipsis")
        shown.append(Group(Text(""), text))
    if not nests:
        shown.append(Text("\nno fusion is better than each layer alone", style=MUTED))
    shown.append(listed("Fusions not tried", fusion["left_out"]))
    return shown


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return " + ".join(names[:_MOST_NAMES]) + (f" + {more} more" if more > 0 else "")


def _or_blank(value: float | None, dimension: str) -> str:
    return "" if value is None else show(value, dimension)
