"""What every code should be, in rational arithmetic; shares no code with the codec.

It reads the plain fields of a format's description and nothing else. Slow on purpose.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from cosynth.format.element import Element
from cosynth.format.number import Format

NAN, INF = "nan", "inf"
# above so many bits of a code values are not listed but counted
LISTED = 16
SMALLEST_NORMAL = Fraction(1, 2**126)
LARGEST_FLOAT = Fraction(2**128 - 2**104)


def power(exponent: int) -> Fraction:
    """Return a power of two."""
    return Fraction(2**exponent) if exponent >= 0 else Fraction(1, 2**-exponent)


def count(e: Element) -> int:
    """Return how many codes are finite magnitudes."""
    if e.kind == "integer":
        return 1 << (e.bits - e.signed)
    if e.kind == "ternary":
        return 2
    if e.kind == "exponent":
        return (1 << e.exponent) - 1
    codes = 1 << (e.exponent + e.mantissa)
    if e.special == "ieee":
        return codes - (1 << e.mantissa)
    return codes - (e.special == "fn")


def magnitude(code: int, e: Element) -> Fraction:
    """Return the value of a magnitude code."""
    if e.kind in {"integer", "ternary"}:
        return code * power(-e.fraction)
    if e.kind == "exponent":
        return power(code - e.bias)
    hidden = 1 << e.mantissa
    field, fraction = divmod(code, hidden)
    if field == 0:
        return fraction * power(1 - e.bias - e.mantissa)
    return (hidden + fraction) * power(field - e.bias - e.mantissa)


@cache
def magnitudes(e: Element) -> tuple[Fraction, ...]:
    """Return the finite magnitudes of an element by code, ascending; tables of values are apart."""
    return tuple(magnitude(code, e) for code in range(count(e)))


def rounded(x: Fraction, e: Element) -> int:
    """Return the nearest magnitude code, ties to even, as if the range went on without an end."""
    if width(e) <= LISTED:
        grid = magnitudes(e)
        code = nearest(x, grid)
        if code < len(grid) - 1 or len(grid) < 2:
            return code
        # a value rounds beyond the range from the middle to the first one that is not there
        beyond = grid[-1] + (grid[-1] - grid[-2]) / 2
        return code + (x > beyond or (x == beyond and len(grid) % 2 == 0))
    exponent = max(log2(x), 1 - e.bias) if x else 1 - e.bias
    steps = round(x / power(exponent - e.mantissa))  # Python rounds ties to even
    return int((exponent + e.bias - 1) * 2**e.mantissa + steps)


def nearest(x: Fraction, grid: tuple[Fraction, ...]) -> int:
    """Return the index of the nearest; of two the even index; the last beyond the end."""
    at = bisect_left(grid, x)
    if at == len(grid):
        return at - 1
    if at == 0 or grid[at] == x:
        return at
    below, above = x - grid[at - 1], grid[at] - x
    if below == above:
        return at if at % 2 == 0 else at - 1
    return at if above < below else at - 1


def float32(x: Fraction) -> Fraction:
    """Return the nearest float32 of a magnitude in its normal range, ties to even."""
    if x == 0:
        return x
    exponent = log2(x)
    unit = power(exponent - 23)
    return round(x / unit) * unit


def log2(x: Fraction) -> int:
    """Return the floor of the logarithm."""
    guess = x.numerator.bit_length() - x.denominator.bit_length()
    while power(guess) > x:
        guess -= 1
    while power(guess + 1) <= x:
        guess += 1
    return guess


def read(x: object) -> tuple[bool, Fraction | str]:
    """Return sign and magnitude of a float32; what is below the smallest normal is zero."""
    (bits,) = struct.unpack("<I", struct.pack("<f", float(x)))  # type: ignore[arg-type]
    negative, field, fraction = bits >> 31 == 1, bits >> 23 & 255, bits & 0x7FFFFF
    if field == 255:
        return negative, NAN if fraction else INF
    return negative, (2**23 + fraction) * power(field - 150) if field else Fraction(0)


def listed(e: Element) -> list[Fraction]:
    """Return the values of a table as float32 holds them."""
    return [Fraction(struct.unpack("<f", struct.pack("<f", v))[0]) for v in e.values]


def largest(e: Element) -> Fraction:
    """Return the largest magnitude."""
    return max(map(abs, listed(e))) if e.values else magnitude(count(e) - 1, e)


def smallest_step(e: Element) -> int:
    """Return the exponent of the smallest positive magnitude, rounded down."""
    if e.values:
        return min(log2(abs(Fraction(v))) for v in e.values if v)
    return log2(magnitude(0, e) or magnitude(1, e))


def width(e: Element) -> int:
    """Return the bits of a code."""
    return e.signed + e.exponent + e.mantissa if e.kind == "float" else e.bits


def nan_code(e: Element) -> int | None:
    """Return the code of NaN, None where there is none."""
    if e.kind == "exponent":
        return count(e)
    if e.kind != "float" or e.special == "none":
        return None
    if e.special == "fnuz":
        return int(2 ** (width(e) - 1))
    quiet = 2 ** (e.mantissa - 1) if e.mantissa else 1
    return int(count(e) + quiet) if e.special == "ieee" else count(e)


def element_code(x: Fraction, negative: bool, e: Element) -> int:
    """Return the code of a finite number, clipped to the element's range."""
    if e.values:
        return lookup_code(-x if negative else x, e)
    if e.kind == "exponent":
        # powers of two have no mantissa: one and a half is nearer to no even one, and goes up
        x = Fraction(0) if negative else x
        code = nearest(x, magnitudes(e))
        tied = code < count(e) - 1 and x == 3 * magnitudes(e)[code] / 2
        return code + tied
    if negative and not e.signed:
        x = Fraction(0)
    code = min(rounded(x, e), count(e) - 1)
    sign = int(2 ** (width(e) - 1))
    if e.kind == "float" and e.signed:
        return code + sign if negative and (code or e.special != "fnuz") else code
    if e.signed and negative:
        if e.full:
            code = nearest(x, (*magnitudes(e), magnitudes(e)[-1] + power(-e.fraction)))
        return (2 * sign - code) % (2 * sign)
    return code


def lookup_code(x: Fraction, e: Element) -> int:
    """Return the code of the nearest value of a table; of two the even code, else the lower."""
    values = listed(e)
    best = min(abs(v - x) for v in values)
    tied = sorted((v, code) for code, v in enumerate(values) if abs(v - x) == best)
    if len(tied) == 1:
        return tied[0][1]
    even = [code for _, code in tied if code % 2 == 0]
    return even[0] if len(even) == 1 else tied[0][1]


def plain(x: object, e: Element) -> int | None:
    """Return the code of a float32 in an element without a scale; None where it has none."""
    negative, size = read(x)
    if isinstance(size, str) and size == NAN:
        return nan_code(e)
    over = isinstance(size, str) or (not e.values and rounded(size, e) >= count(e))
    if over and not e.saturate and not (negative and not e.signed):
        if e.special == "ieee":
            return count(e) + (int(2 ** (width(e) - 1)) if negative else 0)
        return nan_code(e)
    return element_code(LARGEST_FLOAT if isinstance(size, str) else size, negative, e)


def block(
    xs: Sequence[object], f: Format, tensor: Fraction | None = None
) -> tuple[list[int], int | None, int | None]:
    """Return codes, scale code and zero point of one block."""
    e, s = f.element, f.scale
    assert s is not None
    signs = [read(x)[0] for x in xs]
    found = [read(x)[1] for x in xs]
    bad = NAN in found
    # of a block with NaN only the scale matters
    sizes = [z if isinstance(z, Fraction) else LARGEST_FLOAT * (z == INF) for z in found]
    visible = [
        z if e.signed or e.values or not n else Fraction(0)
        for n, z in zip(signs, sizes, strict=True)
    ]
    peak = max(visible)
    if s.kind == "exponent":
        exponent = shared_exponent(peak, f)
        codes = [element_code(z / power(exponent), n, e) for n, z in zip(signs, sizes, strict=True)]
        return codes, 255 if bad else exponent + 127, None
    if f.zero:
        return affine(signs, sizes, f, bad)
    top = Fraction(96) if f.pairs else largest(e)
    scale = float32(peak / top)
    if tensor is not None:
        scale = float32(scale / tensor)
    code, scale = stored(scale, f)
    whole = scale if tensor is None else float32(scale * tensor)
    inside = [float32(z / whole) for z in sizes]
    codes = [element_code(z, n, e) for n, z in zip(signs, inside, strict=True)]
    if f.pairs:
        codes = paired(codes, signs, inside)
    return codes, nan_code(s) if bad else code, None


def shared_exponent(peak: Fraction, f: Format) -> int:
    """Return the exponent of a power-of-two scale."""
    if peak == 0:
        return -127
    top = largest(f.element)
    grid = {"float": f.element.mantissa, "integer": f.element.bits - 1 - f.element.signed}
    m = grid.get(f.element.kind, 0)
    exponent = log2(peak)
    if f.rule == "even":
        # rounded half up to the element's mantissa first
        unit = power(exponent - m)
        exponent = log2((peak / unit + Fraction(1, 2)) // 1 * unit)
    elif f.rule == "ceil":
        exponent += peak != power(exponent)
    elif f.rule == "rceil":
        exponent += peak / power(exponent) > top / power(log2(top))
    return max(-127, min(127, exponent - log2(top)))


def room(f: Format) -> int:
    """Return how many binades elements reach below one."""
    return max(-smallest_step(f.element), 0)


def least_tensor(f: Format) -> Fraction:
    """Return the smallest scale of a tensor."""
    assert f.scale is not None
    return power(-126 + room(f) + max(-smallest_step(f.scale), 0))


def tensor_scale(xs: Sequence[object], f: Format) -> Fraction:
    """Return the scale of a whole tensor."""
    assert f.scale is not None
    sizes = [read(x)[1] for x in xs]
    finite = [z if isinstance(z, Fraction) else LARGEST_FLOAT for z in sizes if z != NAN]
    peak = max(finite, default=Fraction(0))
    return max(float32(peak / (largest(f.element) * largest(f.scale))), least_tensor(f))


def stored(scale: Fraction, f: Format) -> tuple[int, Fraction]:
    """Return the code and value of a float scale."""
    assert f.scale is not None
    if f.scale.mantissa == 23:
        low = power(-126 + room(f))
        value = max(scale, low)
        return int((log2(value) + 127) * 2**23 + (value / power(log2(value)) - 1) * 2**23), value
    grid = magnitudes(f.scale)
    code = nearest(scale, grid)
    least = 1 if f.tensor else nearest(max(power(-126 + room(f)), grid[1]), grid)
    code = max(code, least)
    return code, grid[code]


def affine(
    signs: Sequence[bool], sizes: Sequence[Fraction], f: Format, bad: bool
) -> tuple[list[int], int | None, int | None]:
    """Return codes, scale code and zero point of a block of integers with one."""
    assert f.scale is not None
    top = 2**f.element.bits - 1
    least = max((z for n, z in zip(signs, sizes, strict=True) if n), default=Fraction(0))
    most = max((z for n, z in zip(signs, sizes, strict=True) if not n), default=Fraction(0))
    span = min(float32(least + most), LARGEST_FLOAT)
    code, scale = stored(float32(span / top), f)
    zero = min(whole(float32(least / scale)), top)
    codes = [
        max(0, min(top, zero + (-1 if n else 1) * whole(float32(z / scale))))
        for n, z in zip(signs, sizes, strict=True)
    ]
    return codes, nan_code(f.scale) if bad else code, zero


def whole(x: Fraction) -> int:
    """Return the nearest whole number."""
    return round(x)  # Python rounds ties to even


ABFLOAT = {1: 12, 2: 16, 3: 24, 4: 32, 5: 48, 6: 64, 7: 96}


def paired(codes: Sequence[int], signs: Sequence[bool], inside: Sequence[Fraction]) -> list[int]:
    """Return codes whose outliers took their neighbour's."""
    found = list(codes)
    for at in range(0, len(codes) - 1, 2):
        one, other = inside[at], inside[at + 1]
        winner = at if one >= other else at + 1
        if inside[winner] > Fraction(19, 2):
            grid = (Fraction(8), *map(Fraction, ABFLOAT.values()))
            code = max(nearest(inside[winner], grid), 1)
            found[winner] = code + 8 * signs[winner]
            found[at + at + 1 - winner] = 8
    return found


def value(code: int, e: Element) -> Fraction | str:
    """Return what a code of an element stands for: a number, NAN or INF."""
    if e.values:
        return listed(e)[min(code, len(e.values) - 1)]
    if e.kind in {"integer", "ternary"}:
        half = 2 ** (width(e) - 1)
        return (code - 2 * half if e.signed and code >= half else code) * power(-e.fraction)
    half = 2 ** (width(e) - e.signed)
    negative, size = divmod(code, half)
    if code == nan_code(e) or size > count(e) - (e.special != "ieee"):
        return NAN
    if size == count(e):
        return INF
    return -magnitude(size, e) if negative else magnitude(size, e)


def decoded(
    codes: Sequence[int], scale: int, zero: int | None, f: Format, tensor: Fraction | None
) -> list[Fraction | str]:
    """Return the values of one block; each product is a float32, and ends at the largest."""
    assert f.scale is not None
    shared = value(scale, f.scale)
    if isinstance(shared, str):
        return [NAN] * len(codes)
    whole_scale = shared if tensor is None else float32(shared * tensor)
    values = [_inside(codes, at, zero, f) for at in range(len(codes))]
    sizes = [min(_small(abs(v) * whole_scale), LARGEST_FLOAT) for v in values]
    return [-size if v < 0 else size for v, size in zip(values, sizes, strict=True)]


def _small(x: Fraction) -> Fraction:
    """The nearest float32, below its normal range too."""
    unit = power(-149)
    return float32(x) if x >= SMALLEST_NORMAL else round(x / unit) * unit


def _inside(codes: Sequence[int], at: int, zero: int | None, f: Format) -> Fraction:
    code = codes[at]
    if zero is not None:
        return Fraction(code - zero)
    beside = at ^ 1
    if f.pairs and code == 8:
        return Fraction(0)
    if f.pairs and beside < len(codes) and codes[beside] == 8:
        return Fraction(ABFLOAT[code % 8] * (-1 if code >= 8 else 1))
    found = value(code, f.element)
    assert isinstance(found, Fraction)
    return found
