"""The verb map: the best mapping of every layer on a chip, with its proof."""

from __future__ import annotations

from pathlib import Path

import click

from cosynth.cli._inputs import chip, dim_option, dimensions, format_option, model
from cosynth.cli._output import json_option, json_text, save, say, show, write_json

DATA, NESTS, REPORT = "mapping.json", "mappings.txt", "report.html"


@click.command("map", short_help="The best mapping of every layer, proven.")
@click.argument("model_name", metavar="MODEL")
@click.option(
    "--on", "hardware", required=True, metavar="HW",
    help="Catalogue name, .toml file, or a design that explore wrote.",
)  # fmt: skip
@click.option(
    "--objective", default="latency", show_default=True, metavar="WHAT",
    help="latency, energy, edp, traffic:MEMORY, or a sum such as 'energy + 0.5 * latency'.",
)  # fmt: skip
@click.option("--layer", metavar="NAME", help="Map this layer alone, and show it in full.")
@click.option("--prove", is_flag=True, help="Search until nothing can be better.")
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), metavar="S",
    help="Stop after so long, with the best found and its gap.",
)  # fmt: skip
@click.option(
    "--limit", "limits", multiple=True, metavar="WHAT=SHARE",
    help="buffer=0.5, bandwidth:dram=0.5 at most, utilisation=0.7 at least.",
)  # fmt: skip
@click.option(
    "--front", type=click.IntRange(min=2), metavar="N",
    help="Show up to N mappings of each layer from the fastest to the most frugal.",
)  # fmt: skip
@click.option("--fuse", is_flag=True, help="Find layers that had better run as one.")
@format_option
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Samples at once.")
@dim_option
@click.option(
    "--save", "saved", type=click.Path(path_type=Path), metavar="FILE",
    help="Write the loop nests, which estimate --mapping FILE prices.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Write the nests, the JSON and a report with pictures.",
)  # fmt: skip
@json_option
def command(
    model_name: str,
    hardware: str,
    objective: str,
    layer: str | None,
    prove: bool,
    seconds: float | None,
    limits: tuple[str, ...],
    front: int | None,
    fuse: bool,
    formats: str | None,
    batch: int | None,
    dims: tuple[str, ...],
    saved: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Map MODEL onto HW: for every distinct layer the best loop nest, and how near it is to the
    optimum. A layer of its own (--layer) is shown in full: nest, memories, bound and proof.

    Within its limits of effort every answer is honest: a gap of "proven" means that no mapping of
    the space is better; --prove searches until it is 0, --seconds S stops after so long.

    \b
    cosynth map resnet18 --on eyeriss
    cosynth map resnet18 --on eyeriss --layer conv1 --objective energy --prove
    """  # noqa: D301 click reads the mark
    if out is not None and out.exists() and not out.is_dir():
        raise click.UsageError(f"--out {out}: is a file; give a folder")
    where = chip(hardware)
    workload = model(model_name, dimensions(dims), batch)
    from cosynth.cli._progress import layer_progress, say_if_cold
    from cosynth.codesign.mapping import MapRequest, map_model
    from cosynth.format import assignment
    from cosynth.mapper import PROVE
    from cosynth.report.mapping import map_data, nests

    chosen = assignment(formats) if formats else where.formats
    request = MapRequest(
        objective=objective,
        limits=limits,
        effort=PROVE if prove else None,
        seconds=seconds or float("inf"),
        layer=layer,
        front=front or 0,
        fuse=fuse,
    )
    say_if_cold()
    with layer_progress(f"mapping {workload.name}") as on_layer:
        found = map_model(workload, where.hardware, chosen, request, on_layer)
    data = map_data(found)
    written = [] if saved is None else [(saved, nests(found))]
    if out is not None:
        from cosynth.report import html as page

        written += [
            (out / NESTS, nests(found)),
            (out / DATA, json_text(data)),
            (out / REPORT, page.write_mapping(data)),
        ]
    for path, text in written:
        save(path, text)
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal import mapping_view

        show(mapping_view(data, single=len(found.layers) == 1))
    for path, _ in written:
        say(f"written  {path}")
