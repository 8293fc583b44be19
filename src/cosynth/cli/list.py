"""The verb list: what there is."""

from __future__ import annotations

import click

from cosynth.cli._output import json_option, show, write_json


@click.command("list", short_help="Models, hardware, formats, optimizers, families.")
@click.argument("kind")
@json_option
def command(kind: str, as_json: bool) -> None:
    """List what there is. KIND: models, hardware, formats, optimizers or families.

    \b
    cosynth list models
    cosynth list formats --json
    """  # noqa: D301 click reads the mark
    from cosynth.report.catalogue import listing

    data = listing(kind)
    if as_json:
        write_json(data)
        return
    from cosynth.report.terminal import list_view

    show(list_view(data))
