"""Lists of what there is, on the terminal."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cosynth.report.contract import ListData
from cosynth.report.terminal.text import named, safe


def list_view(data: ListData) -> RenderableType:
    """Show a list: a name and a line on each."""
    rows = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True)
    rows.add_column()
    for entry in data["entries"]:
        mark = " (circuits: cosynth generate)" if entry.get("circuit") else ""
        rows.add_row(named(entry["name"]), Text(safe(entry["about"]) + mark))
    return rows
