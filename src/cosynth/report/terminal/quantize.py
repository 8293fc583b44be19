"""A choice of formats on the terminal: what was chosen, layer by layer, and the front around it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.codesign.quantize import decibels
from cosynth.report.contract_quantize import MixData, QuantizeData
from cosynth.report.terminal.text import (
    MUTED,
    STRONG,
    bar,
    count,
    listed,
    named,
    percent,
    table,
    titled,
)
from cosynth.units import show

_BAR = 24


def quantize_view(data: QuantizeData) -> RenderableType:
    """Show a choice of formats: figures, metrics, layers, the front, and remarks."""
    refused = [f"{name} cannot run here: {why}" for name, why in data["refused"].items()]
    return Group(
        _head(data),
        _figures(data),
        titled("Layers", _layers(data)),
        titled("Front: what each average of bits can reach", _front(data)),
        listed("Remarks", [*data["notes"], *refused]),
    )


def _head(data: QuantizeData) -> Text:
    said = f" · {data['samples']} samples, {data['data']} · run by {', '.join(data['engine'])}"
    return Text.assemble(named(data["model"], STRONG), (said, MUTED), "\n")


def _figures(data: QuantizeData) -> RenderableType:
    best = data["best"]
    rows = table("", "", ("", "left"))
    rows.show_header = False
    size = best["bits"] * data["elements"] / 8
    whole = f"{show(size, 'bytes')} instead of {show(data['elements'] * 4, 'bytes')}"
    rows.add_row("bits of a weight", f"{best['bits']:.3f}", whole)
    rows.add_row("error", ratio(best["noise"]), f"{share(best['noise'])} of the outputs' power")
    rows.add_row("", ratio(best["predicted"]), "predicted: the sum of the layers' alone")
    for metric in data["metrics"]:
        rows.add_row(
            named(metric["name"], ""),
            number(metric["quantised"]),
            f"exact {number(metric['exact'])}",
        )
    if data["cost"] is not None:
        figures = data["cost"]["figures"]
        for name, dimension in (("latency", "time"), ("energy", "energy")):
            value = figures["latency"] if name == "latency" else figures["energy"]
            said = f"on {data['cost']['hardware']}"
            rows.add_row(name, show(value, dimension) if value is not None else "?", said)
    return rows


def _layers(data: QuantizeData) -> RenderableType:
    computed = any(each["activations"] != "fp32" for each in data["layers"])
    heads = [("activations", "left")] if computed else []
    rows = table("layer", "weights", ("format", "left"), *heads, "bits", "error", ("share", "left"))
    total = sum(each["noise"] or 0.0 for each in data["layers"])
    for each in data["layers"]:
        noise = each["noise"] or 0.0
        part = noise / total if total else 0.0
        rows.add_row(
            named(each["name"]),
            count(each["elements"]),
            named(each["weights"] + (" (kept)" if each["kept"] else ""), ""),
            *([named(each["activations"], "")] if computed else []),
            f"{each['bits']:.2f}" if each["elements"] else "",
            ratio(each["noise"]),
            Text.assemble(bar(part, 8), f" {percent(part)}"),
        )
    return rows


def _front(data: QuantizeData) -> RenderableType:
    priced = any("latency" in each for each in data["front"])
    heads = ["latency", "energy"] if priced else []
    rows = table("", "bits", *heads, "error", ("", "left"))
    reached = [each["qsnr"] for each in data["front"] if each["qsnr"] is not None]
    top = max(reached, default=1.0)
    for each in data["front"]:
        costs = [show(each["latency"], "time"), show(each["energy"], "energy")] if priced else []
        drawn = bar(max(each["qsnr"] or 0.0, 0.0) / max(top, 1e-9), _BAR)
        rows.add_row(
            named(_mark(each), STRONG if each["chosen"] else ""),
            f"{each['bits']:.2f}",
            *costs,
            ratio(each["noise"]),
            drawn,
        )
    return rows


def _mark(mix: MixData) -> str:
    return " · ".join(filter(None, ["chosen" if mix["chosen"] else "", mix["uniform"]]))


def ratio(noise: float | None) -> str:
    """Write a noise as the ratio of signal to it.

    >>> ratio(0.001), ratio(0), ratio(None)
    ('30.0 dB', 'exact', 'not finite')
    """
    if noise is None:
        return "not finite"
    return f"{decibels(noise):.1f} dB" if noise > 0 else "exact"


def share(noise: float | None) -> str:
    """Write a noise as a share.

    >>> share(0.0123), share(3.2e-7), share(0.0)
    ('1.23 %', '3.2e-05 %', '0 %')
    """
    if noise is None:
        return "more than all"
    return f"{100 * noise:.3g} %"


def number(value: float | None) -> str:
    """Write a metric.

    >>> number(0.98765), number(None)
    ('0.9877', 'not finite')
    """
    return "not finite" if value is None else f"{value:.4g}"
