"""What became of faults, on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract_faults import HardenData, InjectData, ShareData
from cosynth.report.terminal.text import STRONG, named, safe, table
from cosynth.units import show

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
    drawn = (
        f"\n{data['simulated']:,} flips were simulated, {data['rate']:,.0f} a second;"
        " the others lay in words that are never read."
    )
    foot = (
        f"\nTolerable: {data['answer']}. Failures: wrong answers and hangs. Intervals: 95 %.{drawn}"
    )
    return Group(head, classes, Text(), rows, Text(foot))


def _seen(data: InjectData, name: str) -> bool:
    return name != "detected" or data["outcomes"][name]["share"] > 0


def _interval(one: ShareData) -> str:
    """Percent with its interval."""
    if one["share"] != one["share"]:
        return ""
    low, high = (f"{100 * end:.{1 if end < 0.1 else 0}f}" for end in (one["low"], one["high"]))
    return f"{one['share']:.1%} {low}-{high}"


def harden_view(data: HardenData) -> RenderableType:
    """Show what is protected, and what that costs and saves."""
    head = Text.assemble(
        named(data["chip"], STRONG), f": protection for {data['budget']:.0%} of its area\n"
    )
    rows = table(
        ("block", "left"), ("registers kept three times", "left"), ("with a parity", "left"),
        ("memories", "left"),
    )  # fmt: skip
    for one in data["protected"]:
        rows.add_row(
            safe(one["block"]), safe(", ".join(one["registers"])), safe(", ".join(one["checked"])),
            "corrected" if one["memories"] else "",
        )  # fmt: skip
    right = "every bit is right" if not data["wrong"] else f"{data['wrong']:,} bits are WRONG"
    foot = (
        f"\narea      {show(data['area'], 'area')} and {data['added']:.1%} more, synthesised"
        f"\ncycles    {data['cycles']:,} without, {data['protected_cycles']:,} with; {right}"
        f"\nfailures  {_interval(data['before'])} % of flips without,"
        f" {_interval(data['after'])} % with; {data['residual']:.0%} of those before, as there"
        " are more bits to flip"
    )
    if data["detected"]["share"]:
        foot += f"\ndetected  {_interval(data['detected'])} % of flips raise the alarm"
    return Group(head, rows, Text(foot))
