"""The one formula that rounds to every grid, in whole numbers only, on the bits of float32.

No step is a float operation: compilers that treat small floats as zero, or divide by multiplying
with a reciprocal, change nothing here, and a circuit can do the same. Magnitudes are bit patterns
without sign, int32; exponents carry float32's bias; all shapes broadcast.
"""

from __future__ import annotations

from typing import Any

from cosynth.arrays import Array

FLOAT_BIAS = 127
MAGNITUDE = 0x7FFFFFFF
SIGN = -(2**31)
FRACTION = 0x007FFFFF
HIDDEN = 0x00800000  # the bit that float32 does not store; as a pattern, the smallest normal
INFINITY = 0x7F800000
LARGEST = 0x7F7FFFFF
FRACTION_BITS = 23


def nearest(size: Array, low: Array, grid: int, xp: Any) -> Array:
    """Round magnitudes to the grid of `grid` bits a binade above 2^`low`, ties to even.

    A carry out of the rounding lands in the next binade by itself. Below the smallest normal
    float32 everything is zero.
    """
    if grid >= FRACTION_BITS:
        return xp.where(size < HIDDEN, 0, size)
    cut = _cut(size, low, grid, xp)
    tail = (1 << cut) - 1
    # where only the hidden bit is left, it decides a tie: it is odd
    odd = ((size | HIDDEN) >> cut) & 1
    kept = (size + (tail >> 1) + odd) & ~tail
    step = (low - grid) << FRACTION_BITS
    # exactly half of the smallest step is a tie with zero, which is even
    return xp.where(size > xp.maximum(step - HIDDEN, HIDDEN - 1), xp.maximum(kept, step), 0)


def random(size: Array, low: Array, grid: int, noise: Array, xp: Any) -> Array:
    """Round up with the probability of the part that is cut off; `noise` are 32 random bits.

    Exact to 2^-31 of the smallest step.
    """
    if grid >= FRACTION_BITS:
        return xp.where(size < HIDDEN, 0, size)
    noise = (noise >> 1).astype(xp.int32) & MAGNITUDE
    cut = _cut(size, low, grid, xp)
    kept = (size + (noise >> (31 - cut))) & ~((1 << cut) - 1)
    step = (low - grid) << FRACTION_BITS
    # below the smallest step: the significand against as many random bits as stand below it
    below = low + (FRACTION_BITS - grid) - (size >> FRACTION_BITS)
    whole = ((size & FRACTION) | HIDDEN) >> xp.clip(below - 31, 0, 31)
    drawn = noise >> (31 - xp.clip(below, 0, 31))
    small = xp.where(drawn < whole, step, 0).astype(xp.int32)
    found = xp.where(below > FRACTION_BITS, small, kept)
    return xp.where(size < HIDDEN, 0, found)


def _cut(size: Array, low: Array, grid: int, xp: Any) -> Array:
    """How many bits of a significand fall below the grid; 23 also where more do."""
    least = FRACTION_BITS - grid
    return xp.minimum(xp.maximum(low + least - (size >> FRACTION_BITS), least), FRACTION_BITS)


def code_of(size: Array, low: Array, grid: int, xp: Any) -> Array:
    """Return the codes of magnitudes that lie on the grid: binades above the lowest, mantissa."""
    above = (size >> FRACTION_BITS) - low
    whole = (size & FRACTION) | HIDDEN
    kept = whole >> xp.minimum(xp.maximum(-above, 0) + (FRACTION_BITS - grid), 31)
    return xp.where(size > 0, (xp.maximum(above, 0) << grid) + kept, 0)


def scaled(size: Array, exponent: Array, xp: Any) -> Array:
    """Multiply magnitudes by 2^`exponent`: float32, subnormal where it must, never infinity."""
    field = (size >> FRACTION_BITS) + exponent
    whole = (size & FRACTION) | HIDDEN
    shift = xp.clip(1 - field, 1, 25)
    subnormal = (whole + (1 << (shift - 1)) - 1 + ((whole >> shift) & 1)) >> shift
    normal = (xp.clip(field, 0, 255) << FRACTION_BITS) | (size & FRACTION)
    found = xp.where(field > 0, xp.minimum(normal, LARGEST), subnormal)
    return xp.where(size < HIDDEN, 0, found)


def quotient(size: Array, odd: int, exponent: int, xp: Any) -> Array:
    """Return magnitudes / (`odd` * 2^`exponent`) in float32, correctly rounded; zero below it.

    Compilers replace a division by a constant by a product with its reciprocal, which is off by
    a unit in a third of the cases; long division is not. `odd` has at most 24 bits.
    """
    whole = (size & FRACTION) | HIDDEN
    more = odd.bit_length() + 2
    digits, rest, left = whole // odd, whole % odd, more
    while left:
        part = min(left, 31 - odd.bit_length())
        digits = (digits << part) + (rest << part) // odd
        rest = (rest << part) % odd
        left -= part
    digits = digits | (rest > 0)
    shift = xp.where(digits >= 1 << 26, 3, 2).astype(xp.int32)
    rounded = (digits + (1 << (shift - 1)) - 1 + ((digits >> shift) & 1)) >> shift
    field = (size >> FRACTION_BITS) - more + shift - exponent
    bits = ((field - 1) << FRACTION_BITS) + rounded
    return xp.where((size < HIDDEN) | (field < 1), 0, bits)


def divided(size: Array, divisor: Array, xp: Any) -> Array:
    """Return the bits of magnitudes / `divisor` in float32, both given as bits.

    The divisor is normal; a magnitude that is not counts as zero, as compilers may have it.
    """
    size = xp.where(size < HIDDEN, 0, size)
    if xp.__name__ != "numpy":
        # XLA turns a division by what it sees is a broadcast into a product with the reciprocal;
        # a divisor that seems to depend on every element (a magnitude has no sign) it leaves alone
        divisor = divisor | (size >> 31)
    return (size.view(xp.float32) / divisor.view(xp.float32)).view(xp.int32)
