"""What became of faults, on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract_faults import InjectData, ShareData
from cosynth.report.terminal.text import STRONG, named, safe, table

# registers that are shown one by one
_SHOWN = 12


def inject_view(data: InjectData) -> RenderableType:
    """Show shares by class and kind with their intervals, and the most vulnerable registers."""
    where = f", layer {data['layer']}" if data["layer"] else ""
    head = Text.assemble(
        named(data["model"], STRONG), " on ", named(data["chip"], STRONG),
        f"{where}: {data['faults']:,} flips in {data['cycles']:,} cycles\n",
    )  # fmt: skip
    classes = table(("outcome", "left"), *(one["kind"] for one in data["strata"]), "any bit")
    names = [name for name in data["outcomes"] if _seen(data, name)]
    for name in names:
        classes.add_row(
            name,
            *(_interval(one["outcomes"][name]) for one in data["strata"]),
            _interval(data["outcomes"][name]),
        )
    classes.add_row("bits", *(f"{one['bits']:,}" for one in data["strata"]),
                    f"{sum(one['bits'] for one in data['strata']):,}")  # fmt: skip
    rows = table(("register", "left"), "bits", "flips", "failures", "part of all")
    for one in [each for each in data["registers"] if each["part"]][:_SHOWN]:
        rows.add_row(
            safe(one["name"]), f"{one['bits']:,}", f"{one['faults']:,}",
            _interval(one["failures"]), f"{one['part']:.0%}",
        )  # fmt: skip
    foot = (
        f"\nTolerable: {data['answer']}. Failures: wrong answers and hangs. Intervals: 95 %."
        f"\n{data['rate']:,.0f} flips a second."
    )
    return Group(head, classes, Text(), rows, Text(foot))


def _seen(data: InjectData, name: str) -> bool:
    return name != "detected" or data["outcomes"][name]["share"] > 0


def _interval(one: ShareData) -> str:
    """Percent with its interval."""
    if one["share"] != one["share"]:
        return ""
    return f"{one['share']:.1%} ({one['low'] * 100:.1f}-{one['high'] * 100:.1f})"
