"""The verb harden: a generated circuit with its most vulnerable registers protected."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from cosynth.cli._output import json_option, say, show, write_json


@click.command("harden", short_help="Protect what fails most, for a given area.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--area", "budget", type=click.FloatRange(min=0, min_open=True), required=True,
              metavar="PERCENT", help="How much the circuit may grow.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="Folder for the protected circuit.")  # fmt: skip
@click.option("--by", type=click.Choice(["corrected", "detected"]), default="corrected",
              show_default=True, help="Three copies of a register, or its parity.")  # fmt: skip
@click.option("--faults", type=click.IntRange(min=1), default=900, show_default=True,
              help="How many flips, before and after.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="What places and cycles are drawn from.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Chips that run beside one another.")  # fmt: skip
@json_option
def command(
    folder: Path, budget: float, out: Path, by: str, faults: int, seed: int, workers: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Write the circuit of DIR with protection where flips fail most for the area it costs:
    registers kept three times, or with a parity that raises the chip's new output `alarm` when a
    bit was flipped; memories with a code that corrects a bit. Then measure it again: area by
    synthesis, cycles and every bit by simulation, failures by other flips.

    \b
    cosynth harden chip --area 10 --out safe
    cosynth inject safe
    """  # noqa: D301 click reads the mark
    from cosynth import rtl
    from cosynth.cli._progress import layer_progress
    from cosynth.codesign import circuit
    from cosynth.report.faults import harden_data
    from cosynth.workload.load import load

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise click.UsageError(f"--out {out}: is there already; give a new folder")
    made = circuit.read(folder, load)
    files = tuple(sorted((folder / "rtl").glob("*.sv")))
    node, parameters = float(made.hardware.technology), made.chip.parameters()
    with layer_progress("flipping bits without protection") as on_fault:
        before = made.inject(faults, sources=files, seed=seed, workers=workers, on_fault=on_fault)
    area = rtl.silicon_area(rtl.synthesise(files, "chip", parameters), node)
    among = rtl.options(before, files, "chip", parameters, node)
    if by == "detected":
        among = rtl.with_parity(among, files, node)
    chosen = rtl.chosen_protection(among, budget / 100 * area)
    shutil.copytree(folder, out, dirs_exist_ok=True)
    safe = rtl.harden(files, chosen.registers, chosen.memories, out / "rtl", checked=chosen.checked)
    run = made.simulate(sources=safe)
    grown = rtl.silicon_area(rtl.synthesise(safe, "chip", parameters), node)
    with layer_progress("flipping bits with protection") as on_fault:
        # other flips than those that the choice was made by
        after = made.inject(faults, sources=safe, seed=seed + 1, workers=workers, on_fault=on_fault)
    data = harden_data(made, chosen, str(out), budget / 100, (area, grown), before, after, run)
    if as_json:
        write_json(data)
        return
    from cosynth.report.terminal import harden_view

    show(harden_view(data))
    say(f"written  {out}")
