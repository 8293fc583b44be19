"""What a compute unit runs natively, and how fast: operations a cycle for a pair of formats."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from cosynth.arrays import Array
from cosynth.format import Format, cycles, known, planes_of, takes, widest
from cosynth.format.price import BY_PLANES
from cosynth.hardware.tree import Compute

ANY = "any"


def rate(unit: Compute, a: Format, b: Format) -> Array:
    """Operations a cycle of one unit on two formats; 0 where it cannot run them.

    An entry of `rates` by the format's own name, else the first that serves it, else `any`.

    >>> from cosynth.format import known
    >>> unit = Compute(name="mac", rates=(("int8", 1.0), ("int4", 2.0)))
    >>> [rate(unit, known(name), known(name)) for name in ("int4", "int8_tensor", "mxint4")]
    [2.0, 1.0, 0.0]
    """
    if not takes(a, b, unit.unit):
        return 0.0
    by_planes = unit.unit in BY_PLANES
    format = planes_of(a, b) if by_planes else widest((a, b))
    rates = dict(unit.rates)
    if format.name in rates:
        return rates[format.name]
    found = _serving(format, tuple(rates), by_planes)
    return rates[found] if found else rates.get(ANY, 0.0)


@lru_cache(maxsize=1 << 10)
def _serving(format: Format, listed: tuple[str, ...], by_planes: bool) -> str:
    """Name of the first entry that runs a format as it stands, or an empty one."""
    for name in listed:
        if name != ANY and serves(known(name), format, by_planes=by_planes):
            return name
    return ""


def serves(native: Format, format: Format, *, by_planes: bool = False) -> bool:
    """Whether what multiplies one format also multiplies another, at the same speed.

    Elements must be equal but for what only an encoder sees: rule, axis, saturation and the place
    of an integer's point. The scale of a whole tensor comes after the sum and needs nothing; the
    scale of a block comes between sums, so that the unit must have it, for blocks as long. A unit
    with such a scale runs plain elements too, at a scale of one. `by_planes` a unit takes bits
    apart: any whole numbers of as many bits are alike.
    """
    scaled = format.scale is not None and format.block > 0
    if scaled and (native.scale, native.block) != (format.scale, format.block):
        return False
    if (format.zero, format.pairs) != (native.zero, native.pairs):
        return False
    if by_planes:
        whole = "float" not in (native.kind, format.kind)
        return whole and native.element_bits == format.element_bits
    bare = [replace(one.element, name="", saturate=True, full=False, fraction=0)
            for one in (native, format)]  # fmt: skip
    return bare[0] == bare[1]


def circuits(unit: Compute, a: Format, b: Format) -> Array:
    """How many multiply-accumulate circuits one compute unit is made of, by its fastest rate.

    One that takes several cycles for an operation is as large as one that takes a single cycle.
    """
    if unit.does != "mac":
        return dict(unit.rates)[ANY]
    begun = [
        speed * (cycles(a, b, unit.unit) if name == ANY else _passes(name, unit.unit))
        for name, speed in unit.rates
    ]
    return max(begun, key=float)


def _passes(name: str, unit: str) -> int:
    format = known(name)
    return cycles(format, format, unit)
