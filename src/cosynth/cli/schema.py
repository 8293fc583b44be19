"""The verb schema: JSON Schemas of files and of `--json`."""

from __future__ import annotations

import click

from cosynth.cli._output import write_json


@click.command("schema", short_help="JSON Schema of a file or of what --json prints.")
@click.argument("name")
def command(name: str) -> None:
    """Print a JSON Schema. NAME: hardware and space describe files that you write, for editors;
    estimate, exploration, mapping, model, chip, format, list, study, points and design what
    --json prints.

    \b
    cosynth schema hardware > hardware.schema.json
    cosynth schema estimate
    """  # noqa: D301 click reads the mark
    from cosynth.report.schema import schema

    write_json(schema(name))
