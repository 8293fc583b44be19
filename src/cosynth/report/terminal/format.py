"""A number format on the terminal: its values on a line, its error and its price."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract import NumberFormatData
from cosynth.report.number import counted
from cosynth.report.terminal.text import MUTED, NAME, STRONG, named, safe, table

_COLUMNS = 61  # of the line of values: one in the middle for zero
_TICKS, _EMPTY = "│", "─"
_SHOWN = 16  # values that are written out
_RULES = {
    "floor": "the power of two of the peak over that of the largest value",
    "even": "as floor, of the peak rounded to the element's mantissa",
    "ceil": "as floor, of the peak rounded up to a power of two",
    "rceil": "the least power of two under which the peak fits",
    "amax": "peak over largest value",
}


def format_view(data: NumberFormatData) -> RenderableType:
    """Show a number format."""
    rows = table("", ("", "left"))
    rows.show_header = False
    inner = f"1 sign, {data['exponent']} exponent, {data['mantissa']} mantissa"
    element = counted(data["element_bits"], "bit")
    rows.add_row("element", f"{data['kind']}, {element}" + _layout(data, inner))
    rows.add_row("range", _range(data))
    if data["values"]:
        rows.add_row("values", _written(data["values"]))
        rows.add_row("", _line(data["values"]))
    if data["rule"]:
        rows.add_row("scale", _scale(data))
        rows.add_row("rule", f"{data['rule']}: {_RULES[data['rule']]}")
    rows.add_row("stored", f"{counted(data['bits'], 'bit')} an element")
    rows.add_row("error", _error(data))
    rows.add_row("unit", f"{data['multiply_gates']:.0f} gates (NAND2) to multiply and accumulate")
    head = Text.assemble(named(data["name"], STRONG), " · number format\n")
    about = Text(safe(data["about"]) + "\n" if data["about"] else "", style=MUTED)
    return Group(head, about, rows) if data["about"] else Group(head, rows)


def _layout(data: NumberFormatData, inner: str) -> str:
    # a table's values are multiplied as floats, but stored as codes
    stored = data["exponent"] + data["mantissa"] < data["element_bits"]
    return f": {inner}" if data["kind"] == "float" and stored else ""


def _range(data: NumberFormatData) -> str:
    smallest, largest = f"{data['smallest']:.4g}", f"{data['largest']:.4g}"
    zero = 0 in data["values"] if data["values"] else data["exponent"] < data["element_bits"]
    ends = smallest if smallest == largest else f"{smallest} to {largest}"
    return f"{ends}, and 0" if zero else ends


def _written(values: list[float]) -> str:
    """The values; of a symmetric set those from zero up."""
    mirrored = all(-value in values for value in values)
    listed = [value for value in values if value >= 0] if mirrored else values
    if len(listed) > _SHOWN:
        step = listed[-1] - listed[-2]
        return f"{len(values)}, the last {step:.4g} apart"
    text = "  ".join(f"{value:.4g}" for value in listed)
    return f"±  {text}" if mirrored else text


def _line(values: list[float]) -> Text:
    """A line from the least to the largest value, with a mark where there is one."""
    low, high = values[0], values[-1]
    if low < 0:
        low, high = min(low, -high), max(high, -low)
    places = {round((value - low) / (high - low) * (_COLUMNS - 1)) for value in values}
    return Text("".join(_TICKS if at in places else _EMPTY for at in range(_COLUMNS)), style=NAME)


def _scale(data: NumberFormatData) -> str:
    over = f"{data['block']} elements" if data["block"] else "the tensor"
    second = ", under a float32 scale of the tensor" if data["tensor_scale"] else ""
    what = safe(data["scale"]) + (" and a zero point" if data["zero_point"] else "")
    return f"{counted(data['scale_bits'], 'bit')} ({what}) for {over}{second}"


def _error(data: NumberFormatData) -> RenderableType:
    """Signal over noise: of Gaussian data, and by the law."""
    gaussian = data["gaussian_qsnr"]
    said = "nothing lost" if gaussian is None else f"noise {gaussian:.1f} dB below the signal"
    parts: list[RenderableType] = [f"{said}, of Gaussian data"]
    if data["law"]:
        crests = "".join(f"{one['crest']:7g}" for one in data["law"])
        decibels = "".join(f"{one['qsnr']:7.1f}" for one in data["law"])
        parts += [f"peak / rms of a block {crests}", f"law, dB               {decibels}"]
    return Group(*parts)
