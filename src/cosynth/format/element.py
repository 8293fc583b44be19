"""What one element of a tensor can be: its codes, its values, what it does beyond its range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

# which codes of a float are no numbers: none, the IEEE pattern, all ones only, minus zero only
SPECIALS = ("none", "ieee", "fn", "fnuz")
KINDS = ("integer", "float", "exponent", "ternary", "binary", "lookup")
WIDEST_TABLE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A set of values with a code for each.

    An integer is a float of one binade: both are a grid of `grid` mantissa bits whose lowest
    binade begins at 2^`low`, up to the magnitude code `top`. So one formula encodes them.
    `fraction` are an integer's bits behind the point; `full` keeps its most negative value;
    `saturate` clips what is too large, otherwise it becomes infinity or NaN.
    """

    name: str
    kind: str
    bits: int
    exponent: int = 0
    mantissa: int = 0
    bias: int = 0
    special: str = "none"
    signed: bool = True
    fraction: int = 0
    full: bool = False
    saturate: bool = True
    values: tuple[float, ...] = ()
    multiplier: float = 0.0  # width of the operand of a multiplier, where it is not the usual

    @property
    def precision(self) -> float:
        """Width of an operand inside a multiplier, in bits.

        A ternary or binary factor only selects or negates: half a bit in the multiplier law.
        """
        usual = {
            "float": self.mantissa + 1,
            "exponent": 1,
            "ternary": 0.5,
            "binary": 0.5,
        }
        return self.multiplier or usual.get(self.kind, self.bits + (not self.signed))

    @property
    def width(self) -> int:
        """Bits of a code; fewer than `bits` where a narrow float lies in a wider word."""
        return self.signed + self.exponent + self.mantissa if self.kind == "float" else self.bits

    @property
    def grid(self) -> int:
        """Mantissa bits of the grid."""
        if self.kind == "integer":
            return self.bits - 1 - self.signed
        return self.mantissa

    @property
    def low(self) -> int:
        """Exponent of the lowest binade; below it the grid goes on evenly to zero."""
        if self.kind == "float":
            return 1 - self.bias
        if self.kind == "exponent":
            return -self.bias
        return self.grid - self.fraction

    @property
    def top(self) -> int:
        """Code of the largest finite magnitude."""
        whole = 1 << (self.exponent + self.mantissa)
        if self.kind == "float":
            taken = {"ieee": 1 << self.mantissa, "fn": 1}.get(self.special, 0)
            return whole - 1 - taken
        if self.kind == "exponent":
            return whole - 2
        return 1 if self.kind == "ternary" else (1 << (self.bits - self.signed)) - 1

    @property
    def minus_zero(self) -> bool:
        """Whether zero has a sign."""
        return self.kind == "float" and self.signed and self.special != "fnuz"

    @property
    def nan(self) -> int | None:
        """Code of NaN, or None where there is none."""
        sign = 1 << (self.width - 1)
        if self.kind == "exponent":
            return self.top + 1
        if self.kind != "float" or self.special == "none":
            return None
        if self.special == "fnuz":
            return sign
        if self.special == "fn":
            return self.top + 1
        return self.top + 1 + (1 << max(self.mantissa - 1, 0))  # the quiet one

    @property
    def infinity(self) -> int | None:
        """Code of plus infinity, or None where there is none."""
        return self.top + 1 if self.kind == "float" and self.special == "ieee" else None

    @property
    def largest(self) -> float:
        """The largest finite magnitude, which scales aim at; `full` adds one below its negative."""
        if self.values:
            return float(np.max(np.abs(np.array(self.values, dtype=np.float32))))
        return self.magnitude(self.top)

    @property
    def smallest(self) -> float:
        """The smallest positive value."""
        if self.values:
            return min(abs(value) for value in self.values if value)
        return self.magnitude(0 if self.kind == "exponent" else 1)

    @property
    def lowest(self) -> float:
        """The most negative value."""
        if self.values:
            return min(self.values)
        if not self.signed:
            return self.magnitude(0) if self.kind == "exponent" else 0.0
        return -self.largest - (math.ldexp(1.0, -self.fraction) if self.full else 0.0)

    @property
    def step(self) -> int:
        """Exponent of the smallest positive value, rounded down."""
        if self.values:
            return min(math.frexp(abs(value))[1] - 1 for value in self.values if value)
        return self.low if self.kind == "exponent" else self.low - self.grid

    def magnitude(self, code: int) -> float:
        """Return the value of a magnitude code, the sign left out."""
        if self.kind == "exponent":
            return math.ldexp(1.0, code - self.bias)
        binade = max(code >> self.grid, 1)
        inside = code - ((binade - 1) << self.grid)
        return math.ldexp(float(inside), self.low - self.grid + binade - 1)


@cache
def table(element: Element) -> NDArray[np.float32]:
    """Return the value of every code, [2^width]; NaN and infinities where they are.

    >>> from cosynth.format import known
    >>> table(known("fp4_e2m1").element)[:8].tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    """
    size = 1 << element.width
    assert element.width <= WIDEST_TABLE
    with np.errstate(over="ignore"):
        found = np.array([_value(element, code) for code in range(size)], dtype=np.float32)
    found.setflags(write=False)
    return found


def _value(element: Element, code: int) -> float:
    half = 1 << (element.width - 1)
    if element.values:
        return element.values[code] if code < len(element.values) else math.nan
    if code == element.nan:
        return math.nan
    if element.kind in {"integer", "ternary"} and element.signed:
        whole = code - 2 * half if code >= half else code
        return math.ldexp(float(whole), -element.fraction)
    if element.signed and element.kind == "float":
        size = code & (half - 1)
        sign = -1.0 if code & half else 1.0
    else:
        size, sign = code, 1.0
    if size <= element.top:
        return sign * element.magnitude(size)
    return sign * math.inf if size == element.infinity else math.nan
