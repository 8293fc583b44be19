"""A model on the terminal: a row for each layer, repeated blocks condensed, totals."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract import ModelData, RowData
from cosynth.report.terminal.text import MUTED, STRONG, count, listed, named, note, table


def model_view(data: ModelData) -> RenderableType:
    """Show a model as a person reads it."""
    head = Text.assemble(
        named(data["name"], STRONG),
        (f" · {count(data['operations']) or '0'} operations", MUTED),
        (f" · {count(data['parameters']) or '0'} parameters", MUTED),
        "\n",
    )
    rows = table("layer", ("operators", "left"), ("output", "left"), "ops", "weights")
    for name, shape in data["inputs"].items():
        rows.add_row(named(name), "input", _shape(shape), "", "", style=MUTED)
    for block in data["blocks"]:
        if block["times"] > 1:
            copies = Text(f"╭ {block['times']} times:", style=STRONG)
            rows.add_row(copies, "", "", "", "")
        for at, layer in enumerate(block["layers"]):
            last = at == len(block["layers"]) - 1
            mark = "" if block["times"] == 1 else "╰ " if last else "│ "
            rows.add_row(*_row(mark, layer))
    rows.add_row()
    rows.add_row(
        Text("total", style=STRONG),
        "",
        "",
        Text(count(data["operations"]) or "0", style=STRONG),
        Text(count(data["parameters"]) or "0", style=STRONG),
    )
    said = f"{count(data['vector_operations']) or 'no'} other operations (activations, sums, ...);"
    said += " ops are multiply-accumulates, one each; rows of a repeated block are sums over it"
    cited = listed("Papers", data["citations"])
    return Group(head, rows, note(said), cited)


def _row(mark: str, layer: RowData) -> tuple[RenderableType, ...]:
    return (
        Text.assemble((mark, STRONG), named(layer["name"]), no_wrap=True, overflow="ellipsis"),
        named("+".join(map(_short, layer["operators"])), ""),
        named(_shape(layer["shape"]), ""),
        count(layer["operations"]),
        count(layer["parameters"]),
    )


def _short(operator: str) -> str:
    """Names that people know an operator by."""
    known = {"BatchNormalization": "BatchNorm", "GlobalAveragePool": "AveragePool"}
    return known.get(operator, operator)


def _shape(shape: list[int]) -> str:
    return "×".join(map(str, shape)) or "scalar"
