"""Elements as the circuits see them: codes that stand for whole numbers of a smallest step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from cosynth.errors import SpecError
from cosynth.format import Format

WIDEST_CODE = 16
# bits of the largest whole number that a code may stand for, its sign left out
WIDEST_GRID = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """What a circuit must know of an element: a float of `exponent` and `mantissa`, or an integer.

    `step` is the exponent of the unit that its whole numbers count.
    """

    float: bool
    signed: bool
    bits: int
    exponent: int = 1
    mantissa: int = 1
    step: int = 0

    @property
    def whole(self) -> int:
        """Bits of the whole number of any code, with its sign."""
        if self.float:
            return self.mantissa + (1 << self.exponent)
        return self.bits + (not self.signed)

    def parameters(self, prefix: str = "") -> dict[str, int]:
        """Parameters of a block that takes such codes; `prefix` tells factors apart (`A_`).

        >>> from cosynth.format import known
        >>> operand(known("int8")).parameters("A_")["A_BITS"]
        8
        """
        return {
            f"{prefix}FLOAT": int(self.float),
            f"{prefix}SIGNED": int(self.signed),
            f"{prefix}BITS": self.bits,
            f"{prefix}EXP": self.exponent,
            f"{prefix}MAN": self.mantissa,
        }


@cache
def operand(format: Format) -> Operand:
    """Return how circuits see the elements of a format; SpecError if they are no whole numbers.

    >>> from cosynth.format import known
    >>> operand(known("fp8_e4m3fn")).whole
    19
    """
    element = format.element
    if element.kind not in {"integer", "float", "ternary"} or element.values:
        raise SpecError(
            f"format {format.name!r}: elements of kind {element.kind!r} have no circuit;"
            " integers, ternaries and floats have one"
        )
    if element.width > WIDEST_CODE:
        raise SpecError(
            f"format {format.name!r}: codes of {element.width} bits have no circuit;"
            f" those of up to {WIDEST_CODE} have one"
        )
    span = math.frexp(max(element.largest, -element.lowest))[1] - element.step
    if span > WIDEST_GRID:
        raise SpecError(
            f"format {format.name!r} spans {span} bits from its smallest step to its largest value;"
            f" circuits take up to {WIDEST_GRID}"
        )
    if element.kind != "float":
        return Operand(float=False, signed=element.signed, bits=element.width, step=element.step)
    return Operand(
        float=True,
        signed=element.signed,
        bits=element.width,
        exponent=element.exponent,
        mantissa=element.mantissa,
        step=element.step,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How `encode.sv` rounds to a float element: numbers with `fraction` bits below its step.

    `top` is the largest magnitude's code, `over` that of what is larger; `bits` those of a number
    that holds every magnitude up to twice the largest.
    """

    signed: bool
    exponent: int
    mantissa: int
    top: int
    over: int
    minus_zero: bool
    fraction: int
    bits: int

    def parameters(self) -> dict[str, int]:
        """Parameters of `encode.sv`."""
        return {
            "W": self.bits,
            "F": self.fraction,
            "SIGNED": int(self.signed),
            "EXP": self.exponent,
            "MAN": self.mantissa,
            "TOP": self.top,
            "OVER": self.over,
            "MINUS_ZERO": int(self.minus_zero),
        }


def rounding(format: Format, fraction: int = 2) -> Rounding:
    """Return how numbers are rounded to the elements of a format of floats.

    What was rounded to odd before needs a `fraction` of 2. SpecError for other elements.

    >>> from cosynth.format import known
    >>> rounding(known("fp8_e4m3fn")).bits
    21
    """
    seen, element = operand(format), format.element
    if not seen.float:
        raise SpecError(f"format {format.name!r}: integers are rounded with their scale, not again")
    over = element.top if element.saturate else element.infinity
    if over is None:
        raise SpecError(
            f"format {format.name!r} has no infinity, and the circuit makes no NaN; let it saturate"
        )
    largest = math.frexp(element.largest)[1] - element.step
    return Rounding(
        signed=element.signed,
        exponent=element.exponent,
        mantissa=element.mantissa,
        top=element.top,
        over=over,
        minus_zero=element.minus_zero,
        fraction=fraction,
        bits=largest + 1 + fraction,
    )


def product_parameters(
    a: Format, b: Format, *, bits: int = 0, decoded: bool = False
) -> dict[str, int]:
    """Parameters of `product.sv` for codes of two formats; `bits` 0 is the full width.

    >>> from cosynth.format import known
    >>> product_parameters(known("int8"), known("fp4_e2m1"))["P"]
    13
    """
    one, other = operand(a), operand(b)
    return {
        **one.parameters("A_"),
        **other.parameters("B_"),
        "DECODED": int(decoded),
        "P": bits or one.whole + other.whole,
    }
