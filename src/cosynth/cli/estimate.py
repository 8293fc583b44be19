"""The verb estimate: what a model costs on a chip."""

from __future__ import annotations

from pathlib import Path

import click

from cosynth.cli._inputs import chip, dim_option, dimensions, format_option, mappings, model
from cosynth.cli._output import json_option, save, say, show, write_json


@click.command("estimate", short_help="What a model costs on a chip.")
@click.argument("model_name", metavar="MODEL")
@click.option(
    "--on", "hardware", required=True, metavar="HW",
    help="Catalogue name, .toml file, or a design that explore wrote.",
)  # fmt: skip
@format_option
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Samples at once.")
@dim_option
@click.option(
    "--objective", type=click.Choice(["latency", "energy", "edp"]), default="latency",
    show_default=True, help="What mappings are chosen for.",
)  # fmt: skip
@click.option(
    "--mapping", type=click.Path(path_type=Path), metavar="FILE",
    help="Loop nests to use instead of those that would be found.",
)  # fmt: skip
@click.option("--layers/--no-layers", default=True, help="Show a row for each layer.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a report, too."
)
@json_option
def command(
    model_name: str,
    hardware: str,
    formats: str | None,
    batch: int | None,
    dims: tuple[str, ...],
    objective: str,
    mapping: Path | None,
    layers: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Estimate latency, energy, area and power of MODEL on HW, beside their physical bounds.

    MODEL is a path (.onnx, config.json, .toml) or a name of the zoo with options, such as
    llama-3.1-8b@decode:4096; `cosynth list models` and `cosynth list hardware` tell the names.

    \b
    cosynth estimate resnet18 --on eyeriss
    cosynth estimate net.onnx --on out/designs/d17.json --dim batch=8 --json
    """  # noqa: D301 click reads the mark
    where = chip(hardware)
    workload = model(model_name, dimensions(dims), batch)
    from cosynth import codesign
    from cosynth.cli._progress import layer_progress, say_if_cold
    from cosynth.format import assignment
    from cosynth.report.data import estimate_data

    chosen = assignment(formats) if formats else where.formats
    # a design brings the nests that its figures were found with
    own = where.mappings.get(model_name) if chosen is where.formats and not batch else None
    prescribed = mappings(mapping) if mapping else own
    say_if_cold()
    with layer_progress(f"mapping {workload.name}") as on_layer:
        found = codesign.estimate(
            workload, where.hardware, chosen, objective, mappings=prescribed, on_layer=on_layer
        )
    data = estimate_data(found)
    if html:
        from cosynth.report import html as page

        save(html, page.write_estimate(data))
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal import estimate_view

        show(estimate_view(data, layers=layers))
    if html:
        say(f"report  {html}")
