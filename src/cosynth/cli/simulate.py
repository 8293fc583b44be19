"""The verb simulate: a generated circuit in Verilator, every bit compared."""

from __future__ import annotations

import time
from pathlib import Path

import click

from cosynth.cli._output import json_option, say, show, write_json


@click.command("simulate", short_help="Run a generated circuit, bit by bit.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--input", "given", type=click.Path(path_type=Path), metavar="FILE.npz",
              help="Arrays by the names of the model's inputs.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), metavar="N",
              help="Draw other inputs, and the state at power-on.")  # fmt: skip
@click.option("--latency", type=click.IntRange(min=1), metavar="CYCLES",
              help="Of DRAM.  [default: 100 ns]")  # fmt: skip
@click.option("--trace", type=click.Path(path_type=Path), metavar="FILE.fst",
              help="Write waveforms, as .fst or .vcd.")  # fmt: skip
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    given: Path | None,
    seed: int | None,
    latency: int | None,
    trace: Path | None,
    as_json: bool,
) -> None:
    """Simulate the circuit in DIR with Verilator: the whole network, every bit compared with its
    NumPy twin, and the cycles that the circuit counts beside those of the cost model.

    Exits 1 if a bit is wrong.

    \b
    cosynth simulate chip
    cosynth simulate chip --input sample.npz --trace waves.fst
    """  # noqa: D301 click reads the mark
    if given and seed is not None:
        raise click.UsageError("--input and --seed: give one of them")
    if trace and trace.suffix not in {".fst", ".vcd"}:
        raise click.UsageError(f"--trace {trace}: ends in neither .fst nor .vcd")
    from cosynth.cli._progress import layer_progress
    from cosynth.codesign import circuit
    from cosynth.codesign.stored import arrays
    from cosynth.report.circuit import simulate_data
    from cosynth.workload.load import load

    made = circuit.read(folder, load)
    inputs = arrays(given) if given else made.inputs(seed)
    files = tuple(sorted((folder / "rtl").glob("*.sv")))
    with layer_progress(f"simulating {made.model}") as on_layer:
        begun = time.perf_counter()
        run = made.simulate(
            inputs, sources=files, latency=latency, seed=seed or 0, trace=trace, on_layer=on_layer
        )
        seconds = time.perf_counter() - begun
    data = simulate_data(made, run, seconds)
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal import simulate_view

        show(simulate_view(data))
    if trace:
        say(f"waves  {trace}")
    if data["wrong"]:
        ctx.exit(1)
