"""What a multiply-accumulate costs in gates, by format pair, accumulator, kind of unit and recipe.

A multiplier's law is fitted to synthesised units without Booth multipliers, 21 units of 93 to 1901
gates: median error 5.4 %, worst 15 %. Other kinds of unit are put together from the same constants,
but for the lookup. `python -m bench.price` compares each with its synthesis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosynth.arrays import Array, either, namespace
from cosynth.errors import SpecError, did_you_mean
from cosynth.format.accumulator import EXACT_BITS, accumulator
from cosynth.format.number import Format
from cosynth.format.synthesis import law

# `decoded` turns floats into whole numbers first; the last three work on one operand's bits
UNITS = ("multiplier", "decoded", "lookup", "serial", "mux")
BY_PLANES = ("lookup", "serial", "mux")
# constants of the multiplier's law
TERMS = ("multiplier", "adder", "shifter", "aligner")
SELECTING = ("ternary", "binary")
# of a decoded float: wider ones are no longer worth decoding, and nobody does
WIDEST_DECODED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A whole unit with its accumulator: `gates` in NAND2, `cycles` an operation takes.

    `band` and `energy_band` are relative errors of the gates and of an operation's energy: the
    worst that a unit of its kind has shown. A unit that cannot multiply the formats has inf gates.
    """

    gates: float
    cycles: int
    band: float
    energy_band: float

    @property
    def work(self) -> float:
        """Gates times cycles, which an operation's energy follows."""
        return self.gates * self.cycles


def price(
    a: Format,
    b: Format,
    *,
    sum_in: str = "int32",
    unit: str = "multiplier",
    recipe: str = "booth",
) -> Price:
    """Return the price of a multiply-accumulate unit; SpecError for an unknown kind.

    >>> from cosynth.format import known
    >>> found = price(known("int8"), known("int4"), unit="serial")
    >>> round(found.gates), found.cycles
    (574, 4)
    """
    band = _band(a, b, unit)
    return Price(
        gates=mac_gates(a, b, sum_in=sum_in, unit=unit, recipe=recipe),
        cycles=cycles(a, b, unit),
        band=band["gates"],
        energy_band=band["energy"],
    )


def takes(a: Format, b: Format, unit: str) -> bool:
    """Whether a kind of unit can multiply two formats; SpecError for an unknown kind.

    Units by planes take whole numbers; a mux needs a factor that only selects or negates.

    >>> from cosynth.format import known
    >>> takes(known("int8"), known("ternary"), "mux"), takes(known("int8"), known("int4"), "mux")
    (True, False)
    """
    if unit not in UNITS:
        raise SpecError(f"unknown unit {unit!r}{did_you_mean(unit, UNITS)}; known: "
                        f"{', '.join(UNITS)}")  # fmt: skip
    if unit == "multiplier":
        return True
    if unit == "decoded":
        return all(_decoded(one) <= WIDEST_DECODED for one in (a, b))
    if "float" in (a.kind, b.kind):
        return False
    return unit != "mux" or planes_of(a, b).kind in SELECTING


def planes_of(a: Format, b: Format) -> Format:
    """The narrower of two formats, whose bits a unit takes apart; of equal ones the second."""
    return min((b, a), key=lambda one: (one.element_bits, one.precision))


def cycles(a: Format, b: Format, unit: str) -> int:
    """Cycles of one operation: a bit of the narrower factor each for a serial or lookup unit."""
    return planes_of(a, b).element_bits if unit in {"lookup", "serial"} else 1


def multiply_gates(
    a: Format,
    b: Format,
    *,
    sum_in: str = "exact",
    recipe: str = "default",
    unit: str = "multiplier",
    lanes: Array | None = None,
) -> Array:
    """NAND2 equivalents of one lane of a dot product: multiplier, alignment and its adder.

    `sum_in` names the accumulator, whose width floats are aligned to; `lanes` are added in one
    tree (8 unless given; may be an array). Infinite where the unit cannot multiply the formats. The
    law of the multiplier is 7.6 p_a p_b + 7.2 W + 2.6 W log2 S + 22 E.

    >>> from cosynth.format import known
    >>> round(multiply_gates(known("int4"), known("int4")))
    201
    """
    if not takes(a, b, unit):
        return math.inf
    lanes = law()["lanes"] if lanes is None else lanes
    if unit == "multiplier":
        return _multiplier(a, b, sum_in, recipe, lanes)
    if unit == "decoded":
        return _decoded_multiplier(a, b, recipe, lanes)
    return _by_planes(a, b, unit, lanes)


def mac_gates(
    a: Format,
    b: Format,
    *,
    sum_in: str = "int32",
    recipe: str = "booth",
    unit: str = "multiplier",
    tree: Array | None = None,
) -> Array:
    """NAND2 equivalents of a whole multiply-accumulate unit with its own accumulator register.

    Four weights of a lookup share one. Where `tree` units are added to one accumulator, a number or
    an array, it is one of them with its part of that.

    >>> from cosynth.format import known
    >>> [round(mac_gates(known("int8"), known("int8"), tree=tree)) for tree in (None, 1, 4, 16)]
    [932, 910, 576, 504]
    """
    per_bit = law()["recipes"][recipe]["accumulator"]
    kept = accumulator(sum_in).width or EXACT_BITS
    shared = law()["lookup_weights"] if unit == "lookup" else 1
    alone = multiply_gates(a, b, sum_in=sum_in, recipe=recipe, unit=unit, lanes=tree)
    return alone + float(per_bit) * kept / (shared if tree is None else tree)


def terms(a: Format, b: Format, sum_in: str, lanes: Array) -> tuple[Array, Array, Array, Array]:
    """Return what the constants of the multiplier's law are multiplied with.

    Product bits, adder bits, adder bits times shift stages, exponent bits.
    """
    floats = [f for f in (a, b) if f.kind == "float"]
    product, carry = a.precision * b.precision, _log2(lanes)
    if not floats:
        return product, _summed(a) + _summed(b) + carry, 0.0, 0.0
    spread = 1 + sum(_binades(f) - 1 for f in floats)
    full = a.precision + b.precision + spread - 1 + carry
    kept = accumulator(sum_in).width
    aligned = kept < full if kept else False
    width = either(aligned, kept, full)
    exponent = either(aligned, max(f.exponent for f in floats) + 1, 0)
    return product, width, width * math.log2(spread), exponent


def _log2(lanes: Array) -> Array:
    return math.log2(lanes) if isinstance(lanes, int | float) else namespace(lanes).log2(lanes)


def _multiplier(a: Format, b: Format, sum_in: str, recipe: str, lanes: Array) -> Array:
    c = law()
    product, *others = terms(a, b, sum_in, lanes)
    booth = 1.0 if "float" in (a.kind, b.kind) else float(c["recipes"][recipe]["multiplier"])
    total = float(c["multiplier"]) * product * booth
    for name, term in zip(TERMS[1:], others, strict=True):
        total += float(c[name]) * term
    return total


def _decoded_multiplier(a: Format, b: Format, recipe: str, lanes: Array) -> Array:
    """Whole numbers of a common grid, in two's complement, times each other."""
    c = law()
    widths = [_decoded(one) for one in (a, b)]
    factor = float(c["recipes"][recipe]["multiplier"])
    total = float(c["multiplier"]) * widths[0] * widths[1] * factor
    total += float(c["adder"]) * (sum(widths) + _log2(lanes))
    for one, width in zip((a, b), widths, strict=True):
        if one.kind == "float":  # shifted by its exponent, then negated
            total += float(c["shifter"]) * width * math.log2(_binades(one))
            total += float(c["adder"]) * width
    return total


def _by_planes(a: Format, b: Format, unit: str, lanes: Array) -> Array:
    """One bit of the narrower factor a cycle (a ternary one whole)."""
    c = law()
    narrow = planes_of(a, b)
    other = a if narrow is b else b
    if unit == "lookup":
        return float(c["lookup"]) * other.precision if _summed(other) else float(c["lookup"])
    if other.kind == narrow.kind == "binary":
        # a popcount of n bits takes about n - 1 adders
        return float(c["xnor"]) + float(c["adder"]) * (1 - 1 / lanes)
    width = max(_summed(other), 1)
    selected = float(c["multiplier"]) * width / 2  # half a bit, as in the multiplier's law
    return selected + float(c["adder"]) * (width + _log2(lanes))


def _summed(a: Format) -> float:
    return 0 if a.kind in SELECTING else a.precision


def _binades(a: Format) -> int:
    """Exponents that a float's products can have, subnormals in the lowest."""
    reserved = 0 if a.exponent <= 3 or a.mantissa == 3 else 1
    return int(2**a.exponent) - 1 - reserved


def _decoded(a: Format) -> float:
    """Bits of an element as a whole number of its smallest step, with its sign."""
    if a.kind != "float":
        return max(a.precision, 1)
    if a.element.values:
        return math.inf  # no common grid
    return math.floor(math.log2(a.largest)) + 1 - a.element.step + 1


def _band(a: Format, b: Format, unit: str) -> dict[str, float]:
    """Relative errors of a family of units."""
    family = "few"
    if unit == "multiplier":
        family = "float" if "float" in (a.kind, b.kind) else "integer"
    elif unit == "serial":
        family = "none"
    return dict(law()["bands"][family])
