"""What every code should be, in rational arithmetic; shares no code with the codec.

It reads the plain fields of a format's description and nothing else. Slow on purpose.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from fractions import Fraction
from functools import cache

NAN, INF = "nan", "inf"
SMALLEST_NORMAL = Fraction(2) ** -126
LARGEST_FLOAT = (2 - Fraction(2) ** -23) * Fraction(2) ** 127


def power(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


@cache
def magnitudes(e) -> tuple[Fraction, ...]:
    """Finite magnitudes of an element by code, ascending; lookup tables are apart."""
    if e.kind == "integer":
        count = 2 ** (e.bits - 1) if e.signed else 2**e.bits
        return tuple(q * power(-e.fraction) for q in range(count))
    if e.kind == "ternary":
        return (Fraction(0), Fraction(1))
    if e.kind == "exponent":
        return tuple(power(k - 127) for k in range(255))
    codes = 2 ** (e.exponent + e.mantissa)
    if e.special == "ieee":
        codes -= 2**e.mantissa
    elif e.special == "fn":
        codes -= 1
    found = []
    for code in range(codes):
        field, fraction = divmod(code, 2**e.mantissa)
        if field == 0:
            found.append(fraction * power(1 - e.bias - e.mantissa))
        else:
            found.append((2**e.mantissa + fraction) * power(field - e.bias - e.mantissa))
    return tuple(found)


def nearest(x: Fraction, grid: tuple[Fraction, ...]) -> int:
    """Index of the nearest; of two the even index; the last beyond the end."""
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
    """The nearest float32 of a magnitude in its normal range, ties to even."""
    if x == 0:
        return x
    exponent = log2(x)
    unit = power(exponent - 23)
    whole, rest = divmod(x, unit)
    up = rest * 2 > unit or (rest * 2 == unit and whole % 2)
    return (whole + up) * unit


def log2(x: Fraction) -> int:
    """Floor of the logarithm."""
    guess = x.numerator.bit_length() - x.denominator.bit_length()
    while power(guess) > x:
        guess -= 1
    while power(guess + 1) <= x:
        guess += 1
    return guess


def read(x) -> tuple[bool, Fraction | str]:
    """Sign and magnitude of a float32; what is below the smallest normal is zero."""
    (bits,) = struct.unpack("<I", struct.pack("<f", float(x)))
    negative, field, fraction = bits >> 31 == 1, bits >> 23 & 255, bits & 0x7FFFFF
    if field == 255:
        return negative, NAN if fraction else INF
    return negative, (2**23 + fraction) * power(field - 150) if field else Fraction(0)


def largest(e) -> Fraction:
    if e.values:
        return max(abs(Fraction(struct.unpack("<f", struct.pack("<f", v))[0])) for v in e.values)
    return magnitudes(e)[-1]


def smallest_step(e) -> int:
    if e.values:
        return min(log2(abs(Fraction(v))) for v in e.values if v)
    return log2(next(m for m in magnitudes(e) if m))


def width(e) -> int:
    return e.signed + e.exponent + e.mantissa if e.kind == "float" else e.bits


def nan_code(e) -> int | None:
    if e.mantissa == 23:
        return 0x7FC00000
    count = 0 if e.values else len(magnitudes(e))
    if e.kind == "exponent":
        return 255
    if e.kind != "float" or e.special == "none":
        return None
    if e.special == "fnuz":
        return 2 ** (width(e) - 1)
    return count + 2 ** (e.mantissa - 1) if e.special == "ieee" else count


def element_code(x: Fraction, negative: bool, e) -> int:
    """Code of a finite number, clipped to the element's range."""
    if e.values:
        return lookup_code(-x if negative else x, e)
    if e.kind == "exponent":
        # powers of two have no mantissa: one and a half is nearer to no even one, and goes up
        x = Fraction(0) if negative else x
        code = nearest(x, magnitudes(e))
        tied = code < 254 and x == 3 * magnitudes(e)[code] / 2
        return code + tied
    if negative and not e.signed:
        x = Fraction(0)
    code = nearest(x, magnitudes(e))
    sign = 2 ** (width(e) - 1)
    if e.kind == "float" and e.signed:
        return code + sign if negative and (code or e.special != "fnuz") else code
    if e.signed and negative:
        if e.full:
            code = nearest(x, (*magnitudes(e), magnitudes(e)[-1] + power(-e.fraction)))
        return (2 * sign - code) % (2 * sign)
    return code


def lookup_code(x: Fraction, e) -> int:
    values = [Fraction(struct.unpack("<f", struct.pack("<f", v))[0]) for v in e.values]
    best = min(abs(v - x) for v in values)
    tied = sorted((v, code) for code, v in enumerate(values) if abs(v - x) == best)
    if len(tied) == 1:
        return tied[0][1]
    even = [code for _, code in tied if code % 2 == 0]
    return even[0] if len(even) == 1 else tied[0][1]


def plain(x, e) -> int | None:
    """Code of a float32 in an element without a scale; None where it has none."""
    negative, size = read(x)
    if size == NAN:
        return nan_code(e)
    if size != INF and not e.values:
        grid = magnitudes(e)
        step = grid[-1] - grid[-2]
        # a value rounds beyond the range from the middle to the first one that is not there
        beyond = grid[-1] + step / 2
        over = size > beyond or (size == beyond and len(grid) % 2 == 0)
    else:
        over = size == INF
    if over and not e.saturate and not (negative and not e.signed):
        if e.special == "ieee":
            return len(magnitudes(e)) + (2 ** (width(e) - 1) if negative else 0)
        return nan_code(e)
    return element_code(LARGEST_FLOAT if size == INF else size, negative, e)


def block(xs, f, tensor: Fraction | None = None):
    """Codes, scale code and zero point of one block."""
    e, s = f.element, f.scale
    signs, sizes = zip(*(read(x) for x in xs), strict=True)
    bad = NAN in sizes
    # of a block with NaN only the scale matters
    sizes = [Fraction(0) if z == NAN else LARGEST_FLOAT if z == INF else z for z in sizes]
    visible = [z if e.signed or e.values or not n else 0 for n, z in zip(signs, sizes, strict=True)]
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


def shared_exponent(peak: Fraction, f) -> int:
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


def room(f) -> int:
    return max(-smallest_step(f.element), 0)


def least_tensor(f) -> Fraction:
    return power(-126 + room(f) + max(-smallest_step(f.scale), 0))


def tensor_scale(xs, f) -> Fraction:
    sizes = [read(x)[1] for x in xs]
    finite = [LARGEST_FLOAT if z == INF else z for z in sizes if z != NAN]
    peak = max(finite, default=Fraction(0))
    return max(float32(peak / (largest(f.element) * largest(f.scale))), least_tensor(f))


def stored(scale: Fraction, f) -> tuple[int, Fraction]:
    if f.scale.mantissa == 23:
        low = power(-126 + room(f))
        value = max(scale, low)
        return int((log2(value) + 127) * 2**23 + (value / power(log2(value)) - 1) * 2**23), value
    grid = magnitudes(f.scale)
    code = nearest(scale, grid)
    low = 1 if f.tensor else nearest(max(power(-126 + room(f)), grid[1]), grid)
    code = max(code, low)
    return code, grid[code]


def affine(signs, sizes, f, bad):
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
    return round(x)  # Python rounds ties to even


ABFLOAT = {1: 12, 2: 16, 3: 24, 4: 32, 5: 48, 6: 64, 7: 96}


def paired(codes, signs, inside):
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
