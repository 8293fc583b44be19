"""Circuits of a front's designs on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract_verification import VerificationData
from cosynth.report.terminal.text import NAME, WARN, named, safe, table, titled
from cosynth.units import show

_DIMENSION = {"latency": "time", "area": "area"}


def verification_view(data: VerificationData, before: int) -> RenderableType:
    """Show measured beside searched figures; `before` is how many designs the front had."""
    parts: list[RenderableType] = []
    if data["checks"]:
        parts.append(titled("Circuits: what was searched and what was measured", _checks(data)))
        parts.append(Text(_said(data, before)))
    for one in data["refused"]:
        parts.append(Text(f"{one['id']} has no circuit: {safe(one['why'])}", style=WARN))
    return Group(*parts)


def _checks(data: VerificationData) -> RenderableType:
    rows = table("design", "latency", "circuit", "off", "area", "circuit", "off", "wrong bits")
    for one in data["checks"]:
        cells = []
        for name, dimension in _DIMENSION.items():
            searched, found = one["predicted"][name], one["measured"][name]
            cells += [show(searched, dimension), show(found, dimension)]
            cells.append(f"{found / searched - 1:+.0%}")
        rows.add_row(named(one["id"], NAME), *cells, f"{one['wrong']:,} of {one['bits']:,}")
    return rows


def _said(data: VerificationData, before: int) -> str:
    errors = {name: one["error"] for name, one in data["residuals"].items()}
    told = [f"{name} to {error:.0%}" for name, error in errors.items() if error is not None]
    measured = sum(one["measured"] for one in data["front"])
    said = "Figures of other designs are corrected by what these show"
    said += f" ({', '.join(told)}, each told from the others)." if told else "."
    said += (
        f" Of the front's {before}, {data['stayed']} stay; it has {len(data['front'])} now,"
        f" {measured} of them measured. Energy is not measured."
    )
    return said
