"""A circuit's runs and its synthesis on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract_circuit import SimulateData, SynthesizeData
from cosynth.report.terminal.text import STRONG, named, safe, table
from cosynth.units import show

# blocks that are shown one by one
_SHOWN = 12


def simulate_view(data: SimulateData) -> RenderableType:
    """Show cycles beside the prediction, layer by layer, and whether every bit is right."""
    rows = table(("layer", "left"), "cycles", "predicted", "off", ("waits", "left"), "wrong")
    for layer in data["layers"]:
        off = layer["cycles"] / layer["predicted"] - 1 if layer["predicted"] else 0.0
        rows.add_row(
            safe(layer["name"]), f"{layer['cycles']:,}", f"{layer['predicted']:,.0f}",
            f"{off:+.1%}", _waits(layer["counters"]), f"{layer['wrong']:,}",
        )  # fmt: skip
    off = data["cycles"] / data["predicted"] - 1 if data["predicted"] else 0.0
    rows.add_row(
        "total", f"{data['cycles']:,}", f"{data['predicted']:,.0f}", f"{off:+.1%}", "",
        f"{data['wrong']:,}",
    )  # fmt: skip
    head = Text.assemble(named(data["model"], STRONG), " on ", named(data["chip"], STRONG),
                         ", simulated\n")  # fmt: skip
    right = "every bit is right" if not data["wrong"] else f"{data['wrong']:,} bits are WRONG"
    time = show(data["cycles"] / data["frequency"], "time")
    clock = show(data["frequency"], "frequency")
    foot = f"\n{data['bits']:,} bits compared: {right}. {time} at {clock};"
    foot += f" {data['rate'] / 1e3:,.0f} thousand cycles simulated a second."
    foot += f" A search reckons with {data['searched']:,.0f} cycles."
    parts: list[RenderableType] = [head, rows, Text(foot)]
    if "scales" in data:
        parts.append(Text(f"Scales {data['scales']}."))
    if "wraps" in data:
        parts.append(Text(f"Sums wrap {safe(data['wraps'])}.", style=STRONG))
    if data["host"]:
        names = ", ".join(f"{one['name']} ({one['reason']})" for one in data["host"])
        parts.append(Text(f"On the host: {safe(names)}"))
    return Group(*parts)


def _waits(counters: dict[str, int]) -> str:
    """What kept the array from a step, as a share of its cycles."""
    total = max(counters["cycles"], 1)
    shares = [
        ("operands", counters["waits_operands"]), ("sums", counters["waits_sums"]),
        ("start and end", total - counters["steps"] - counters["waits_operands"]
         - counters["waits_sums"]),
    ]  # fmt: skip
    return ", ".join(f"{name} {count / total:.0%}" for name, count in shares if count > total / 100)


def synthesize_view(data: SynthesizeData) -> RenderableType:
    """Show area by block beside the prediction, memories apart."""
    rows = table(("block", "left"), "instances", "gates", "share")
    for block in data["blocks"][:_SHOWN]:
        rows.add_row(
            safe(block["name"]), f"{block['instances']:,}", f"{block['gates']:,.0f}",
            f"{block['gates'] / data['gates']:.0%}",
        )  # fmt: skip
    rest = data["blocks"][_SHOWN:]
    if rest:
        gates = sum(block["gates"] for block in rest)
        rows.add_row(f"{len(rest)} others", "", f"{gates:,.0f}", f"{gates / data['gates']:.0%}")
    rows.add_row("total", "", f"{data['gates']:,.0f}", "")
    head = Text.assemble(named(data["chip"], STRONG), f", synthesised for {data['target']}\n")
    foot = (
        f"\nlogic     {show(data['logic'], 'area')}; the cost model says"
        f" {show(data['predicted'], 'area')} for units, registers and vector unit\n"
        f"memories  {show(data['memories'], 'area')} by the SRAM law, as macros:"
        f" {sum(one['count'] for one in data['macros'])} of them"
    )
    if data["device"]:
        foot += "\ndevice    " + ", ".join(
            f"{name} {show(value, 'frequency') if name == 'frequency' else f'{value:,.0f}'}"
            for name, value in data["device"].items()
        )
    return Group(head, rows, Text(foot))
