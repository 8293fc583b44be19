"""Quantities with units: read from text, written for people. Inside, everything is SI."""

from __future__ import annotations

import math
import re

from cosynth.errors import SpecError

# dimension -> {unit: factor to SI}. Bytes are the SI here: 8 bit, not a power of ten.
_DECIMAL = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_SMALL = {"": 1.0, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "a": 1e-18}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}


def _prefixed(unit: str, *prefixes: dict[str, float], scale: float = 1.0) -> dict[str, float]:
    return {p + unit: f * scale for table in prefixes for p, f in table.items()}


_BYTES = _prefixed("B", _DECIMAL, _BINARY) | _prefixed("bit", _DECIMAL, _BINARY, scale=1 / 8)
UNITS: dict[str, dict[str, float]] = {
    "bytes": _BYTES,
    "bits": {"bit": 1.0, "B": 8.0},
    "bandwidth": {f"{u}/s": f for u, f in _BYTES.items()},
    "bytes_per_cycle": {f"{u}/cycle": f for u, f in _BYTES.items()},
    "frequency": _prefixed("Hz", _DECIMAL),
    "time": _prefixed("s", _SMALL) | {"min": 60.0, "h": 3600.0, "d": 86400.0},
    "energy": _prefixed("J", _SMALL, {"k": 1e3, "M": 1e6}) | {"Wh": 3600.0, "kWh": 3.6e6},
    "power": _prefixed("W", _SMALL, {"k": 1e3, "M": 1e6}),
    "area": {"m2": 1.0, "cm2": 1e-4, "mm2": 1e-6, "um2": 1e-12, "µm2": 1e-12, "nm2": 1e-18},
    "length": {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9},
    "voltage": {"V": 1.0, "mV": 1e-3},
    "number": {"": 1.0},
}

_QUANTITY = re.compile(r"^\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\s\d].*?)?\s*$")


def parse(text: str | float, dimension: str) -> float:
    """Return the SI value of a quantity such as `"64 GB/s"`.

    Raises SpecError with the accepted units when the unit is missing or of another dimension.

    >>> parse("512 KiB", "bytes")
    524288.0
    >>> parse("2mm2", "area")
    2e-06
    """
    table = UNITS[dimension]
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        if dimension in {"number", "bits"}:
            return float(text)
        raise SpecError(f"{text!r} has no unit; write for example {_example(text, dimension)!r}")
    match = _QUANTITY.match(text) if isinstance(text, str) else None
    if not match:
        raise SpecError(f"{text!r} is not a quantity; write for example {_example(1, dimension)!r}")
    number, unit = match.group(1), (match.group(2) or "").replace("²", "2")
    if unit not in table:
        raise SpecError(
            f"{text!r}: {unit!r} is no unit of {dimension}; use {', '.join(_shown(dimension))}"
            if unit
            else f"{text!r} has no unit; write for example {_example(float(number), dimension)!r}"
        )
    value = float(number.replace("_", "")) * table[unit]
    if not math.isfinite(value):
        raise SpecError(f"{text!r} is not a finite {dimension}")
    return value


def _shown(dimension: str) -> list[str]:
    return [unit for unit in UNITS[dimension] if "µ" not in unit][:12]


def _example(number: float, dimension: str) -> str:
    unit = {
        "bytes": "KiB", "bandwidth": "GB/s", "frequency": "MHz", "time": "ms", "energy": "pJ",
        "area": "mm2", "length": "nm", "power": "mW",
    }  # fmt: skip
    return f"{number:g} {unit.get(dimension, next(iter(UNITS[dimension])))}"


_SHOWN = {
    "time": ("s", _SMALL), "energy": ("J", _SMALL | {"k": 1e3, "M": 1e6}),
    "power": ("W", _SMALL | {"k": 1e3, "M": 1e6}), "frequency": ("Hz", _DECIMAL),
    "bandwidth": ("B/s", _DECIMAL), "number": ("", _DECIMAL),
}  # fmt: skip


def show(value: float, dimension: str, digits: int = 3) -> str:
    """Write an SI value for a person: three digits, a fitting prefix.

    >>> show(0.00123, "time"), show(524288, "bytes"), show(2.1e-6, "area")
    ('1.23 ms', '512 KiB', '2.1 mm²')
    """
    value = float(value)
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "?"
    if dimension == "area":
        unit, factor = ("mm²", 1e-6) if abs(value) >= 1e-9 else ("µm²", 1e-12)
        return f"{value / factor:.{digits}g} {unit}"
    if dimension == "bytes":
        table, unit = {"": 1.0} | _BINARY, "B"
    else:
        unit, table = _SHOWN[dimension]
    if value == 0:
        return f"0 {unit}".strip()
    fitting = [(f, p) for p, f in table.items() if p not in {"u", "K"} and f <= abs(value) * 1.0005]
    factor, prefix = max(fitting) if fitting else min((f, p) for p, f in table.items() if p != "u")
    scaled = value / factor
    shown = f"{scaled:.0f}" if abs(scaled) >= 10 ** (digits - 1) else f"{scaled:.{digits}g}"
    return f"{shown} {prefix}{unit}".strip()
