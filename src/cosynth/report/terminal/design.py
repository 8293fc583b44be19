"""A design, and a space of designs, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.codesign import Design
from cosynth.report.contract import HardwareData, ParameterData
from cosynth.report.terminal.chip import chip_view
from cosynth.report.terminal.front import FIGURES, shown_value
from cosynth.report.terminal.text import MUTED, STRONG, listed, named, safe, table, titled
from cosynth.units import show


def design_view(design: Design, data: HardwareData) -> RenderableType:
    """Show a design: its figures, the choices that made it, its chip."""
    formats = ", ".join(dict.fromkeys([design.formats.weights, design.formats.activations]))
    head = Text.assemble(
        "design ",
        named(design.name, STRONG),
        (
            f" · for {safe(', '.join(design.mappings))} · {safe(formats)} · seed {design.seed}",
            MUTED,
        ),
        "\n",
    )
    rows = table("", "")
    rows.show_header = False
    for name, value in design.figures.items():
        figure = show(value, FIGURES[name]) if name in FIGURES else f"{value:.3g}"
        rows.add_row(named(name, ""), Text(figure, style=STRONG))
    point = ", ".join(f"{name} {_value(name, value)}" for name, value in design.point.items())
    layers = sum(len(layers) for layers in design.mappings.values())
    return Group(
        head,
        rows,
        listed("Choices", [point] if point else []),
        Text(f"\n{layers} layers are mapped; their loop nests stand in the file\n", style=MUTED),
        chip_view(data),
    )


def space_view(parameters: Sequence[ParameterData]) -> RenderableType:
    """Show a space: a row for each parameter."""
    rows = table("parameter", ("kind", "left"), "values", ("from", "left"), ("about", "left"))
    points = 1
    for each in parameters:
        points *= each["count"]
        rows.add_row(
            named(each["name"]), each["kind"], str(each["count"]), _range(each), safe(each["doc"])
        )
    return Group(rows, titled(f"{show(points, 'number')} combinations at most"))


def _range(parameter: ParameterData) -> Text:
    low, high = parameter["low"], parameter["high"]
    if low is None or high is None:
        return Text(safe(", ".join(map(str, parameter["values"]))))
    return Text(f"{shown_value(low, parameter)} to {shown_value(high, parameter)}")


def _value(name: str, value: object) -> str:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return safe(value)
    return show(value, "bandwidth") if name.endswith("bandwidth") else f"{value:g}"
