"""The program of a circuit's layer on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract_circuit import ProgramData
from cosynth.report.terminal.text import NAME, named, safe, table, titled


def program_view(data: ProgramData) -> RenderableType:
    """Show what each unit is told, then every word."""
    rows = table("unit", "commands", "words", ("what it does", "left"))
    for one in data["units"]:
        rows.add_row(
            named(one["unit"], NAME), f"{one['commands']:,}", f"{one['words']:,}",
            Text(safe(one["about"])),
        )  # fmt: skip
    width = len(f"{data['words'] - 1}")
    lines = [f"{at:{width}}  {safe(line)}" for at, line in enumerate(data["listing"])]
    return Group(
        titled(f"Program of {data['words']:,} words", rows), Text("\n".join(lines), no_wrap=True)
    )
