"""Dot products in rational arithmetic, one number at a time; shares no line with the arithmetic.

It reads codes by `cosynth.testing.rational` and the plain fields of an accumulator's entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from cosynth.format import Accumulator, Codes
from cosynth.testing import rational
from cosynth.testing.rational import INF, NAN, log2, power

Value = Fraction | float  # a Fraction, or a float that is none: NaN or an infinity
NONE = float("nan")


def sign_of(code: int, e) -> int:
    return -1 if e.signed and e.kind == "float" and code >> (rational.width(e) - 1) else 1


def read(code: int, e) -> Value:
    found = rational.value(int(code), e)
    if isinstance(found, Fraction):
        return found
    return NONE if found == NAN else sign_of(int(code), e) * float(INF)


class Side:
    """One row of one operand: elements, the scale of each, its block, the scale of the tensor."""

    def __init__(self, codes: Codes, row: int):
        self.format = f = codes.format
        length = codes.shape[-1]
        self.codes = [int(c) for c in np.asarray(codes.code).reshape(-1, length)[row]]
        self.block = f.block if f.scale is not None else 0
        zero = None if codes.zero is None else np.asarray(codes.zero)
        self.values: list[Value] = []
        for at in range(length):
            offset = None
            if zero is not None:
                line = zero.reshape(-1) if not f.block else zero.reshape(-1, zero.shape[-1])[row]
                offset = int(line[0 if not f.block else at // f.block])
            if f.pairs:  # neighbours in memory: of the whole tensor where it is the block
                line = self.codes if f.block else np.asarray(codes.code).reshape(-1).tolist()
                place = at if f.block else row * length + at
                start = place // f.block * f.block if f.block else 0
                inside = line[start : start + f.block] if f.block else line
                self.values.append(rational._inside(inside, place - start, None, f))
            elif offset is not None:
                self.values.append(rational._inside(self.codes, at, offset, f))
            else:
                self.values.append(read(self.codes[at], f.element))
        self.whole = Fraction(1)
        self.scales: list[Value] = []
        if codes.tensor is not None:
            self.whole = Fraction(float(np.asarray(codes.tensor)))
        if f.scale is not None:
            found = np.asarray(codes.scale)
            if f.block:
                line = found.reshape(-1, found.shape[-1])[row]
                self.scales = [read(int(one), f.scale) for one in line]
            else:
                whole = read(int(found.reshape(())), f.scale)
                assert isinstance(whole, Fraction)
                self.whole = whole

    def scale(self, at: int) -> Value:
        return self.scales[at // self.block] if self.block else Fraction(1)

    def low(self) -> int:
        e = self.format.element
        if e.values:
            return -126
        if e.kind == "float":
            return 1 - e.bias
        return -e.fraction + (e.bits - 1 - e.signed if e.kind == "integer" else 0)

    def exponent(self, at: int) -> int:
        value = self.values[at]
        assert isinstance(value, Fraction)
        scale = self.scale(at)
        assert isinstance(scale, Fraction)
        return max(log2(abs(value)), self.low()) + log2(scale)


def odd(values: Iterable[Value]) -> bool:
    return any(not isinstance(v, Fraction) for v in values)


def special(values: Sequence[Value]) -> float:
    """The sum of numbers of which some are none."""
    return float(sum(float(v) if not isinstance(v, Fraction) else 0.0 for v in values))


def times(*values: Value) -> Value:
    """A product; zero times infinity is NaN."""
    if not odd(values):
        found = Fraction(1)
        for v in values:
            found *= v
        return found
    signs = 1.0
    for v in values:
        if v == 0 or v != v:
            return NONE
        signs = signs if v > 0 else -signs
    return signs * float("inf")


def nearest(x: Value, bits: int = 24, low: int = -126, high: int = 128) -> Value:
    """Round to a significand of so many bits, ties to even."""
    if not isinstance(x, Fraction) or x == 0:
        return x
    unit = power(max(log2(abs(x)), low) - bits + 1)
    found = round(x / unit) * unit
    if abs(found) >= power(high):
        return float("inf") if found > 0 else -float("inf")
    return found


def toward_zero(x: Fraction, unit: Fraction) -> Fraction:
    count = abs(x) // unit
    return (count if x > 0 else -count) * unit


def added(a: Value, b: Value) -> Value:
    """One addition in float32."""
    return special([a, b]) if odd([a, b]) else nearest(a + b)


def step(terms: list[tuple[Value, int]], total: Value, kind: Accumulator) -> Value:
    """Terms with their exponents and the sum so far, aligned, cut, added, cut."""
    if odd([v for v, _ in terms] + [total]):
        return special([v for v, _ in terms] + [total])
    place = kind.zero if total == 0 else max(log2(abs(total)), -126)
    top = max([place, *(exponent for _, exponent in terms)])
    unit = power(top - kind.fraction)
    whole = sum((toward_zero(v, unit) for v, _ in terms), toward_zero(total, unit))
    if whole == 0:
        return Fraction(0)
    found = toward_zero(whole, power(max(log2(abs(whole)), -126) - kind.kept))
    if abs(found) >= power(128):
        return float("inf") if found > 0 else -float("inf")
    return found


def aligned(a: Side, b: Side, at: range, kind: Accumulator, scaled: bool) -> Value:
    total: Value = Fraction(0)
    size = kind.lanes
    if kind.size:
        bits = max(a.format.element.bits, b.format.element.bits)
        size = kind.size // (1 if bits <= 8 else 2 if bits <= 16 else 4)
    for first in range(at.start, at.stop, size):
        group = range(first, min(first + size, at.stop))
        terms = []
        for begin in range(group.start, group.stop, kind.inner):
            places = range(begin, min(begin + kind.inner, group.stop))
            scales = (a.scale(begin), b.scale(begin)) if scaled else (Fraction(1), Fraction(1))
            products = [times(a.values[k], b.values[k]) for k in places]
            if odd([*scales, *products]):
                terms.append((NONE if odd(scales) else special(products), 0))
            elif not any(products):
                terms.append((Fraction(0), kind.zero))
            elif kind.inner > 1:
                terms.append(
                    (sum(products) * scales[0] * scales[1], log2(scales[0]) + log2(scales[1]))
                )
            else:
                here = a.exponent(begin) + b.exponent(begin)
                if not scaled:
                    here -= log2(a.scale(begin)) + log2(b.scale(begin))
                terms.append((products[0] * scales[0] * scales[1], here))
        total = step(terms, total, kind)
    return total


def one(a: Side, b: Side, at: range, kind: Accumulator, scaled: bool) -> tuple[Value, bool]:
    """The sum of a range of K, without scales unless the accumulator takes them; overflow."""
    if kind.kind == "aligned":
        return aligned(a, b, at, kind, scaled), False
    products = [times(a.values[k], b.values[k]) for k in at]
    if kind.kind == "exact":
        return (special(products) if odd(products) else nearest(sum(products, Fraction(0)))), False
    if kind.kind == "sequential":
        total: Value = Fraction(0)
        for product in products:
            total = added(total, product)
        return total, False
    unit = power(rational_unit(a) + rational_unit(b))
    whole = sum(products, Fraction(0)) / unit
    assert whole.denominator == 1
    wrapped = (int(whole) + 2 ** (kind.width - 1)) % 2**kind.width - 2 ** (kind.width - 1)
    return wrapped * unit, wrapped != whole


def rational_unit(side: Side) -> int:
    e = side.format.element
    return 0 if e.values else log2(rational.magnitude(1, e))


def dot(a: Side, b: Side, kind: Accumulator) -> tuple[Value, bool]:
    """The dot product of two rows, and whether an integer overflowed."""
    length = len(a.values)
    sizes = [side.block for side in (a, b) if side.block]
    powers = all(not s.block or s.format.scale.kind == "exponent" for s in (a, b))
    takes = kind.scales == "any" or (kind.scales == "power" and powers)
    bad = False
    if not sizes or takes:
        total, bad = one(a, b, range(length), kind, scaled=bool(sizes))
    else:
        total = Fraction(0)
        for first in range(0, length, min(sizes)):
            at = range(first, min(first + min(sizes), length))
            scale = times(a.scale(first), b.scale(first))
            if kind.kind == "exact":
                # elements take their scales, as the product of NaN and zero is NaN
                products = [times(a.values[k], b.values[k], scale) for k in at]
                part = special(products) if odd(products) else nearest(sum(products, Fraction(0)))
            else:
                found, wrong = one(a, b, at, kind, scaled=False)
                bad |= wrong
                rounded = nearest(scale, 24, -(10**6), 10**6)
                part = nearest(times(nearest(found), rounded))
            total = added(total, part)
    if a.format.scale is not None or b.format.scale is not None:
        last = nearest(times(a.whole, b.whole))
        total = nearest(times(nearest(total), last))
    elif kind.kind == "integer" and rational_unit(a) + rational_unit(b):
        total = nearest(total)
    return total, bad
