"""Where output goes: results on stdout as tables or JSON, everything else on stderr."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 80
_MOST_WIDTH = 160

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, as documented.")


def width() -> int:
    """Return the columns of stdout: those of the terminal, 80 in a pipe or a file."""
    if not sys.stdout.isatty():
        return PIPE_WIDTH
    return max(20, min(shutil.get_terminal_size().columns, _MOST_WIDTH))


def console(*, error: bool = False) -> Console:
    """Return a console on which names are never markup. Colours: terminals without NO_COLOR."""
    from rich.console import Console

    size = None if error else width()
    return Console(stderr=error, width=size, markup=False, emoji=False, highlight=False)


def show(view: RenderableType) -> None:
    """Print a view on stdout."""
    screen = console()
    with screen.capture() as captured:
        screen.print(view)
    lines = captured.get().splitlines()
    click.echo("\n".join(line.rstrip() for line in lines), color=True)


def write_json(data: Mapping[str, object]) -> None:
    """Print data as JSON on stdout."""
    click.echo(json_text(data), nl=False)


def json_text(data: Mapping[str, object]) -> str:
    """Return data as JSON; numbers are finite by contract."""
    return json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def compact(data: Mapping[str, object]) -> str:
    """Return data as JSON without blanks: thousands of evaluations are written in no time."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False) + "\n"


def say(text: str) -> None:
    """Tell a person something that is no result: on stderr."""
    click.echo(text, err=True)


def save(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = str(path)
        raise
