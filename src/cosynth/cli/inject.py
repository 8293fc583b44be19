"""The verb inject: flips of single bits in a generated circuit, and what becomes of each."""

from __future__ import annotations

from pathlib import Path

import click

from cosynth.cli._output import json_option, show, write_json


@click.command("inject", short_help="Flip bits of a generated circuit; see what fails.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--faults", type=click.IntRange(min=1), default=300, show_default=True,
              help="How many flips.")  # fmt: skip
@click.option("--layer", default="", metavar="NAME",
              help="Flip bits only while this layer runs.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="What places and cycles are drawn from.")  # fmt: skip
@click.option("--tolerance", type=click.FloatRange(min=0), metavar="ERROR",
              help="Relative error of an output that is tolerable.  "
                   "[default: after a softmax, that the greatest stays; else 0.05]")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Chips that run beside one another.")  # fmt: skip
@json_option
def command(
    folder: Path,
    faults: int,
    layer: str,
    seed: int,
    tolerance: float | None,
    workers: int,
    as_json: bool,
) -> None:
    """Flip single bits of the circuit in DIR while it runs its network in Verilator, one at a
    time, and tell what share is masked, tolerable, a wrong answer or a hang, with 95 % intervals,
    and which registers cause the failures.

    A third of the flips each goes to flip-flops, to configuration registers (what instructions set)
    and to memories, drawn uniformly over their bits and all cycles.

    \b
    cosynth inject chip --faults 1000
    cosynth inject chip --layer conv1 --seed 1 --json
    """  # noqa: D301 click reads the mark
    from cosynth import rtl
    from cosynth.cli._progress import layer_progress
    from cosynth.codesign import circuit
    from cosynth.report.faults import inject_data
    from cosynth.workload.load import load

    made = circuit.read(folder, load)
    files = tuple(sorted((folder / "rtl").glob("*.sv")))
    answer = None if tolerance is None else rtl.Answer(top1=False, error=tolerance)
    with layer_progress(f"flipping bits of {made.chip.name}") as on_fault:
        found = made.inject(
            faults, sources=files, layer=layer, seed=seed, answer=answer, workers=workers,
            on_fault=on_fault,
        )  # fmt: skip
    data = inject_data(made, found, layer, seed)
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal import inject_view

        show(inject_view(data))
