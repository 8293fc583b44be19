"""The verb quantize: a number format for every layer of a model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosynth.cli._inputs import chip, dim_option, dimensions
from cosynth.cli._output import json_option, say, show, write_json
from cosynth.cli._progress import step_progress
from cosynth.errors import SpecError

if TYPE_CHECKING:
    from cosynth.codesign.quantize import Quantised
    from cosynth.compress import Choice, Network
    from cosynth.compress.data import Samples
    from cosynth.compress.metrics import Metric
    from cosynth.compress.sensitivity import Measure
    from cosynth.hardware import Hardware
    from cosynth.report.contract_quantize import MetricData
    from cosynth.workload import Workload

SAME, NONE = "same", "none"


@click.command("quantize", short_help="Choose a number format for every layer.")
@click.argument("model_file", metavar="MODEL.onnx", type=click.Path(path_type=Path))
@click.option(
    "--formats", required=True, metavar="F,F", help="What weights may take: mxint8,mxfp4."
)
@click.option(
    "--activations", default=NONE, show_default=True, metavar="F,F",
    help="What layers compute with: none leaves it in float32, same is the weights' format.",
)  # fmt: skip
@click.option("--average-bits", type=float, metavar="B", help="Most bits of a weight on average.")
@click.option("--qsnr", type=float, metavar="DB", help="Least signal over error of the outputs.")
@click.option("--on", "hardware", metavar="HW", help="The chip that latency and energy are of.")
@click.option("--latency", metavar="T", help="Most time of a run on it, such as 5ms.")
@click.option("--energy", metavar="E", help="Most energy of a run on it, such as 2mJ.")
@click.option(
    "--minimize", type=click.Choice(["error", "bits", "latency", "energy"]),
    help="What is made small within the limits.  [default: error; with --qsnr bits]",
)  # fmt: skip
@click.option(
    "--keep", "kept", multiple=True, metavar="LAYER=F",
    help="A layer without a choice: F, or WEIGHTS:ACTIVATIONS; fp32 leaves it alone.",
)  # fmt: skip
@click.option(
    "--data", "file", type=click.Path(path_type=Path), metavar="FILE.npz",
    help="Samples by input name, and labels.  [default: random samples]",
)  # fmt: skip
@click.option(
    "--samples", "count", type=click.IntRange(min=1), default=32, show_default=True, metavar="N",
    help="How many of them errors are measured on.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N",
    help="Of random samples.",
)  # fmt: skip
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME",
    help="Report also accuracy, loss, top1, cosine or mse.",
)  # fmt: skip
@click.option(
    "--points", type=click.IntRange(min=2), default=12, show_default=True, metavar="N",
    help="Of the front that are measured.",
)  # fmt: skip
@click.option(
    "--step", "steps", multiple=True, metavar="NAME[:N]",
    help="Prepare layers first: hadamard, reorder, clip-mse or clip-percentile.",
)  # fmt: skip
@click.option(
    "--prune", "pruning", metavar="P",
    help="Prune first: 0.5 of all weights, 2:4 of neighbours, or channels:0.25.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="OUT.onnx", help="Write it here.")
@dim_option
@json_option
def command(
    model_file: Path,
    formats: str,
    activations: str,
    average_bits: float | None,
    qsnr: float | None,
    hardware: str | None,
    latency: str | None,
    energy: str | None,
    minimize: str | None,
    kept: tuple[str, ...],
    file: Path | None,
    count: int,
    seed: int,
    metrics: tuple[str, ...],
    points: int,
    steps: tuple[str, ...],
    pruning: str | None,
    out: Path | None,
    dims: tuple[str, ...],
    as_json: bool,
) -> None:
    """Choose the formats of MODEL's layers that disturb its outputs least, and write the model.

    The error of every format in every layer is measured on samples; an integer program finds the
    best choice within the limits, and the front from the fewest bits to the least error.

    \b
    cosynth quantize net.onnx --formats mxint8,mxfp4 --average-bits 5 --out q.onnx
    cosynth quantize net.onnx --formats int8,int4 --activations int8 --on gemmini
    """  # noqa: D301 click reads the mark
    from cosynth.codesign import quantize as search
    from cosynth.compress import Runner, metric, read, step, stepped
    from cosynth.compress.sensitivity import Measure

    sizes = dimensions(dims)
    wanted = search.Wanted(
        options=_options(formats, activations),
        minimize=_minimized(minimize, qsnr),
        limits=_limits(average_bits, qsnr, latency, energy),
        kept=dict(map(_kept, kept)),
        points=points,
    )
    chosen = [metric(name) for name in metrics]
    prepared = [step(name, seed) for name in steps]
    if out is not None and out.is_dir():
        raise click.UsageError(f"--out {out}: is a folder; give a file")
    whole = read(_onnx(model_file))
    network = whole if pruning is None else _pruned(whole, pruning)
    if out is not None:
        from cosynth.compress.write import check_writable

        check_writable(network, (*wanted.options, *wanted.kept.values()))
    samples = _samples(network, file, count, seed, sizes)
    _check_labels(chosen, samples)
    where = _priced(network, model_file, hardware, sizes)
    runner = stepped(Runner(network=network), prepared, samples.feeds)
    reference = None if pruning is None else Runner(network=whole)
    measure = Measure(runner=runner, feeds=samples.feeds, reference=reference)
    with step_progress("choosing formats") as hear:
        found = search.quantize(network, measure, wanted, where, hear)
    _report(found, measure, samples, _metrics(found, measure, samples, chosen), out, as_json)


def _options(formats: str, activations: str) -> tuple[Choice, ...]:
    from cosynth.compress import Choice

    weights = _names(formats, "--formats")
    if activations.strip() == SAME:
        return tuple(Choice(weights=name, activations=name) for name in weights)
    if activations.strip() == NONE:
        return tuple(Choice(weights=name) for name in weights)
    computed = _names(activations, "--activations")
    return tuple(Choice(weights=w, activations=a) for w in weights for a in computed)


def _names(text: str, option: str) -> list[str]:
    from cosynth.format import known

    found = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not found:
        raise SpecError(f"{option}: name at least one format")
    return [known(name).name if not name.endswith(".toml") else name for name in found]


def _minimized(minimize: str | None, qsnr: float | None) -> str:
    if minimize is None:
        return "noise" if qsnr is None else "bits"
    return "noise" if minimize == "error" else minimize


def _limits(
    bits: float | None, qsnr: float | None, latency: str | None, energy: str | None
) -> dict[str, float]:
    from cosynth import units

    found: dict[str, float] = {}
    if bits is not None:
        if not 0 < bits < 1e3:
            raise SpecError(f"--average-bits {bits:g}: must be more than 0")
        found["bits"] = bits
    if qsnr is not None:
        if not -300 < qsnr < 300:
            raise SpecError(f"--qsnr {qsnr:g}: a ratio in dB, such as 30")
        found["noise"] = 10 ** (-qsnr / 10)
    for name, text, kind in (("latency", latency, "time"), ("energy", energy, "energy")):
        if text is None:
            continue
        try:
            found[name] = units.parse(text, kind)
        except SpecError as error:
            raise SpecError(f"--{name} {text!r}: {error}") from None
    return found


def _kept(text: str) -> tuple[str, Choice]:
    from cosynth.compress import Choice
    from cosynth.format import known

    layer, mark, form = text.rpartition("=")
    if not mark or not layer or not form:
        raise SpecError(f"--keep {text!r}: write for example conv1=int8")
    weights, _, activations = form.partition(":")
    names = [known(name.strip()).name for name in (weights, activations or "fp32")]
    return layer.strip(), Choice(weights=names[0], activations=names[1])


def _onnx(path: Path) -> Path:
    from cosynth.workload.load import checked_file

    if path.suffix != ".onnx":
        raise SpecError(f"{path}: formats are chosen for the weights in an ONNX file (.onnx)")
    return checked_file(path)


def _samples(
    network: Network, file: Path | None, count: int, seed: int, dims: dict[str, int]
) -> Samples:
    from cosynth.compress.data import load_samples, random_samples

    if file is None:
        return random_samples(network, count, seed, dims)
    return load_samples(file, network, count, dims)


def _pruned(network: Network, text: str) -> Network:
    """The network after what --prune says."""
    from cosynth.compress import prune_channels, prune_pattern, prune_weights

    keep, colon, rest = text.strip().partition(":")
    try:
        if keep == "channels":
            return prune_channels(network, float(rest)).network
        if colon:
            return prune_pattern(network, int(keep), int(rest)).network
        return prune_weights(network, float(keep)).network
    except ValueError:
        hint = "write 0.5, 2:4 or channels:0.25"
        raise SpecError(f"--prune {text!r}: {hint}") from None


def _priced(
    network: Network, path: Path, hardware: str | None, dims: dict[str, int]
) -> tuple[Workload, Hardware] | None:
    if hardware is None:
        return None
    from cosynth.cli._progress import say_if_cold
    from cosynth.compress.write import save
    from cosynth.workload.load import load

    where = chip(hardware).hardware
    say_if_cold()
    with tempfile.TemporaryDirectory() as folder:
        # as it is run: channels that are pruned cost nothing
        copy = Path(folder) / path.name
        save(network.model, copy)
        return load(str(copy), dims), where


def _check_labels(metrics: list[Metric], samples: Samples) -> None:
    """Before minutes are spent: some metrics want labels."""
    for one in metrics:
        if one.labelled and samples.labels is None:
            raise SpecError(f"--metric {one.name}: needs samples with labels (--data)")


def _metrics(
    found: Quantised, measure: Measure, samples: Samples, metrics: list[Metric]
) -> list[MetricData]:
    import numpy as np

    from cosynth.report.chip import unlimited

    if not metrics:
        return []
    first = found.network.outputs[0]
    exact = np.concatenate([each[first] for each in measure.exact])
    given = np.concatenate([each[first] for each in measure.outputs(found.choices)])
    rows: list[MetricData] = []
    for one in metrics:
        labels = exact if samples.labels is None else samples.labels[: len(exact)]
        rows.append({
            "name": one.name,
            "exact": unlimited(one.of(exact, exact, labels)),
            "quantised": unlimited(one.of(exact, given, labels)),
            "better": one.better,
        })  # fmt: skip
    return rows


def _report(
    found: Quantised,
    measure: Measure,
    samples: Samples,
    metrics: list[MetricData],
    out: Path | None,
    as_json: bool,
) -> None:
    from cosynth.report.quantize import Told, quantize_data

    notes: tuple[str, ...] = ()
    size = 0
    if out is not None:
        from cosynth.compress.write import save, written

        made = written(measure.runner, found.choices)
        size, notes = save(made.model, out), made.notes
    told = Told(
        data=samples.said,
        samples=samples.count,
        engine=measure.runner.engines,
        metrics=metrics,
        written="" if out is None else str(out),
        size=size,
        notes=notes,
    )
    data = quantize_data(found, told)
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal.quantize import quantize_view

        show(quantize_view(data))
    if out is not None:
        say(f"written  {out}")
