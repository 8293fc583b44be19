"""The verb generate: the circuit of a chip, with a network's program."""

from __future__ import annotations

from pathlib import Path

import click

from cosynth.cli._inputs import chip, dim_option, dimensions, format_option, model
from cosynth.cli._output import json_option, say, write_json


@click.command("generate", short_help="The circuit of a chip, with a network's program.")
@click.argument("design", metavar="DESIGN")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR",
    help="Folder for SystemVerilog, program, memory, bench and driver.",
)  # fmt: skip
@click.option("--model", "model_name", metavar="MODEL",
              help="Model to compile.  [default: the design's only one]")  # fmt: skip
@format_option
@dim_option
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE.npz",
              help="Inputs by name, for the ranges of activations.  [default: drawn]")  # fmt: skip
@click.option("--drawn", is_flag=True, help="Draw weights even if MODEL is a file that has some.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="What weights and inputs are drawn from.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write into DIR even if it is not empty.")
@json_option
def command(
    design: str,
    out: Path,
    model_name: str | None,
    formats: str | None,
    dims: tuple[str, ...],
    data: Path | None,
    drawn: bool,
    seed: int,
    force: bool,
    as_json: bool,
) -> None:
    """Write the circuit of DESIGN: a design that explore wrote, or hardware of the family engine
    with --model. SystemVerilog, a program for each layer, the image of its DRAM, a test bench that
    needs no Cosynth, and a driver's header.

    Weights are those of an .onnx file, whose results are compared with ONNX Runtime's, else drawn
    by --seed; what the array cannot run is left to the host, and said.

    \b
    cosynth generate out/designs/d17.json --out chip
    cosynth generate engine.toml --model resnet8 --format int8 --out chip
    """  # noqa: D301 click reads the mark
    where = chip(design)
    name = model_name or (next(iter(where.mappings)) if len(where.mappings) == 1 else None)
    if name is None:
        many = ", ".join(where.mappings)
        raise click.UsageError(f"--model: say which; the design has {many}" if many else
                               "--model: required: hardware alone has no model")  # fmt: skip
    if out.exists() and not out.is_dir():
        raise click.UsageError(f"--out {out}: is a file; give a folder")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise click.UsageError(f"--out {out}: is not empty; --force writes into it")
    sizes = dimensions(dims)
    from cosynth.codesign.stored import arrays, stored

    given = None
    if name.endswith(".onnx") and not drawn:
        from cosynth.workload.load import checked_file

        given = stored(checked_file(Path(name)), sizes, seed)
    workload = given.model if given else model(name, sizes)
    from cosynth.cli._progress import say_if_cold, step_progress
    from cosynth.codesign import circuit
    from cosynth.format import assignment

    chosen = assignment(formats) if formats else where.formats
    say_if_cold()
    with step_progress(f"mapping {workload.name} for the circuit") as on_step:
        found = circuit.generate(
            workload,
            where.hardware,
            chosen,
            name=name,
            mappings=where.mappings.get(name),
            weights=given.weights if given else None,
            data=arrays(data) if data else None,
            dims=sizes,
            seed=seed,
            on_step=on_step,
        )
    circuit.write(found, out)
    from cosynth.report.circuit import generate_data

    told = generate_data(found, str(out))
    if as_json:
        write_json(told)
        return
    one = found.chip
    click.echo(
        f"{one.name}: {one.rows} x {one.columns}, {one.flow}-stationary,"
        f" {one.weights.name} x {one.activations.name}\n"
        f"{name}: {len(told['layers'])} layers on the array, {told['own']} of them under the"
        f" design's own mappings; {told['words']:,} words of program"
    )
    click.echo(
        f"weights: of {name}, which computes the same in {given.witness}"
        if given
        else f"weights: drawn by seed {seed}"
    )
    if "scales" in told:
        click.echo(f"scales: {told['scales']}")
    if "wraps" in told:
        click.echo(f"sums wrap {told['wraps']}")
    if told["host"]:
        left = (f"{part['name']} ({part['reason']})" for part in told["host"])
        click.echo("on the host: " + ", ".join(left))
    say(f"written  {out}")
