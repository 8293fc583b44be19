"""What a multiply-accumulate costs in gates, by format pair, accumulator and synthesis recipe.

One law fitted to synthesised units without Booth multipliers: 20 units of 93 to 1901 gates, median
error 5.5 %, worst 15 %. Multiplier and accumulator of the Booth recipe follow from synthesised
multipliers and multiply-accumulate units. Energy follows gates (median error 11 %, worst 40 %).
"""

from __future__ import annotations

import math

from cosynth.format.accumulator import EXACT_BITS, accumulator
from cosynth.format.number import Format

# NAND2 equivalents: per product bit, per adder bit, per adder bit and shift stage, per exponent bit
MULTIPLIER, ADDER, SHIFTER, ALIGNER = 7.6, 7.2, 2.6, 22.0
# Accumulator: adder and enabled flip-flop, per bit. Synthesised units of 24 and 32 bit (int8)
# give (1189 - 606) / 24, (1499 - 606) / 32 by default and (750 - 416) / 24, (899 - 416) / 32
# with Booth.
RECIPES = {"default": (1.0, 26.1), "booth": (0.68, 14.5)}
LANES = 8


def multiply_gates(
    a: Format, b: Format, *, sum_in: str = "exact", recipe: str = "default"
) -> float:
    """NAND2 equivalents of one lane of a dot product: multiplier, alignment and its adder.

    `sum_in` names the accumulator, whose width floats are aligned to. The law is
    7.6 p_a p_b + 7.2 W + 2.6 W log2 S + 22 E.

    >>> from cosynth.format import known
    >>> round(multiply_gates(known("int4"), known("int4")))
    201
    """
    factor, _ = RECIPES[recipe]
    floats = [f for f in (a, b) if f.kind == "float"]
    product = MULTIPLIER * a.precision * b.precision * (1.0 if floats else factor)
    carry = math.log2(LANES)
    if not floats:
        width = _summed(a) + _summed(b) + carry
        return product + ADDER * width
    spread = 1 + sum(_binades(f) - 1 for f in floats)
    full = a.precision + b.precision + spread - 1 + carry
    kept = accumulator(sum_in).width
    aligned = 0 < kept < full
    width = kept if aligned else full
    exponent = max(f.exponent for f in floats) + 1 if aligned else 0
    return product + ADDER * width + SHIFTER * width * math.log2(spread) + ALIGNER * exponent


def mac_gates(a: Format, b: Format, *, sum_in: str = "int32", recipe: str = "booth") -> float:
    """NAND2 equivalents of a whole multiply-accumulate unit with its own accumulator register."""
    _, per_bit = RECIPES[recipe]
    kept = accumulator(sum_in).width or EXACT_BITS
    return multiply_gates(a, b, sum_in=sum_in, recipe=recipe) + per_bit * kept


def _summed(a: Format) -> float:
    return 0 if a.kind in {"ternary", "binary"} else a.precision


def _binades(a: Format) -> int:
    """Exponents that a float's products can have, subnormals in the lowest."""
    reserved = 0 if a.exponent <= 3 or a.mantissa == 3 else 1
    return int(2**a.exponent) - 1 - reserved
