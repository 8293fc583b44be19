"""The verb synthesize: what a generated circuit is made of, beside the prediction."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cosynth.cli._output import json_option, show, write_json


@click.command("synthesize", short_help="Area of a generated circuit, beside the prediction.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--target", default="generic", show_default=True, metavar="TARGET",
              help="generic, ecp5, or a Liberty file.")  # fmt: skip
@json_option
def command(folder: Path, target: str, as_json: bool) -> None:
    """Synthesise the circuit in DIR with Yosys: gates by block, and the area of logic beside the
    cost model's. Memories are macros: their area is that of the SRAM law.

    `ecp5` also places and routes for an FPGA and tells its highest clock.

    \b
    cosynth synthesize chip
    cosynth synthesize chip --target cells.lib --json
    """  # noqa: D301 click reads the mark
    from cosynth import rtl
    from cosynth.cli._progress import layer_progress
    from cosynth.codesign import circuit
    from cosynth.report.circuit import synthesize_data
    from cosynth.workload.load import load

    library = None if target in {"generic", "ecp5"} else Path(target)
    if library is not None and not library.is_file():
        raise click.UsageError(f"--target {target}: write generic, ecp5, or a Liberty file's path")
    made = circuit.read(folder, load)
    files = tuple(sorted((folder / "rtl").glob("*.sv")))
    with layer_progress(f"synthesising {made.chip.name}") as on_layer:
        if on_layer:
            on_layer(0, 1)
        found = rtl.synthesise(
            files, "chip", made.chip.parameters(), liberty=library or rtl.OWN_CELLS
        )
        used = rtl.place(files, "chip", made.chip.parameters()) if target == "ecp5" else None
    device = {key: float(value) for key, value in asdict(used).items() if value} if used else {}
    data = synthesize_data(made, found, target, device)
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal import synthesize_view

        show(synthesize_view(data))
