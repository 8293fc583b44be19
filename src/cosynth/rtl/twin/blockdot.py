"""The twin of `blockdot.sv`: exact sums of blocks, scaled, rounded once, and added in float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError
from cosynth.format import Element, Format
from cosynth.rtl.operands import Operand, operand
from cosynth.rtl.twin.decode import decode
from cosynth.rtl.twin.fp32 import add_fp32, round_fp32

Codes = NDArray[np.integer]
# bits of a sum that int64 holds
WIDEST = 62
# what stands for a scale of 1 where an operand has none: the middle of powers of two
ONE = 127
WIDEST_SCALE = 16
NO_CODE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A block's scale as the circuit sees it: a power of two, or a float without sign bit.

    `step` is the exponent of its smallest value; `nan` a code that is no number, or `NO_CODE`.
    """

    power: bool
    exponent: int
    mantissa: int
    step: int
    nan: int

    def taken(self, code: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the significand of scale codes and the power of two above the smallest step."""
        value = np.asarray(code).astype(np.int64)
        if self.power:
            return np.ones_like(value), value
        above = value >> self.mantissa
        normal = (above > 0).astype(np.int64)
        return (value & ((1 << self.mantissa) - 1)) + (normal << self.mantissa), above - normal

    def parameters(self, prefix: str) -> dict[str, int]:
        """Parameters of `blockdot.sv` for one side."""
        return {
            f"{prefix}POWER": int(self.power),
            f"{prefix}SCALE_EXP": self.exponent,
            f"{prefix}SCALE_MAN": self.mantissa,
            f"{prefix}SCALE_NAN": self.nan,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDot:
    """What a unit multiplies: elements and scales of both sides, in blocks of `block`."""

    a: Operand
    b: Operand
    a_scale: Scale
    b_scale: Scale
    block: int

    @property
    def unit(self) -> int:
        """Exponent of the smallest step of a product with both scales."""
        return self.a.step + self.b.step + self.a_scale.step + self.b_scale.step

    def parameters(self, lanes: int) -> dict[str, int]:
        """Parameters of `blockdot.sv`."""
        return {
            **self.a.parameters("A_"),
            **self.b.parameters("B_"),
            **self.a_scale.parameters("A_"),
            **self.b_scale.parameters("B_"),
            "LANES": lanes,
            "BLOCK": self.block,
            "BELOW": -self.unit,
        }


def block_dot(a: Format, b: Format) -> BlockDot:
    """Return the unit for two formats; an operand without blocks has a scale of 1, code `ONE`.

    SpecError where neither has blocks, or they do not divide one another, or have zero points.

    >>> from cosynth.format import known
    >>> block_dot(known("mxfp4"), known("nvfp4")).block
    16
    """
    sizes = sorted(one.block for one in (a, b) if one.scale is not None and one.block)
    if not sizes:
        raise SpecError(f"formats {a.name!r} and {b.name!r}: neither has a scale of blocks")
    if sizes[-1] % sizes[0]:
        raise SpecError(
            f"blocks of {a.name!r} ({a.block}) and {b.name!r} ({b.block}) must divide one another"
        )
    for one in (a, b):
        if one.zero or one.pairs:
            raise SpecError(f"format {one.name!r}: zero points and pairs of blocks have no circuit")
    return BlockDot(
        a=operand(a), b=operand(b), a_scale=_scale(a), b_scale=_scale(b), block=sizes[0]
    )


def blockdot(a: Codes, b: Codes, a_scale: Codes, b_scale: Codes, of: BlockDot) -> np.float32:
    """Return a dot product: codes [blocks, block], the scales' codes [blocks]."""
    total = np.zeros((), np.float32)
    for value in block_values(a, b, a_scale, b_scale, of):
        total = add_fp32(total, value)
    return np.float32(total)


def block_values(
    a: Codes, b: Codes, a_scale: Codes, b_scale: Codes, of: BlockDot
) -> NDArray[np.float32]:
    """Return what each block adds, float32 [*blocks]: codes [*blocks, block], scales [*blocks]."""
    left, right = decode(a, of.a), decode(b, of.b)
    parts, powers = zip(of.a_scale.taken(a_scale), of.b_scale.taken(b_scale), strict=True)
    bits = of.a.whole + of.b.whole + of.block.bit_length()
    bits += of.a_scale.mantissa + of.b_scale.mantissa + 2
    if bits > WIDEST:
        left, right = left.astype(object), right.astype(object)
    whole = (left * right).sum(axis=-1) * (parts[0] * parts[1])
    found = round_fp32(whole, powers[0] + powers[1] + of.unit)
    bad = (np.asarray(a_scale) == of.a_scale.nan) | (np.asarray(b_scale) == of.b_scale.nan)
    return np.where(bad, np.float32(np.nan), found)


def _scale(format: Format) -> Scale:
    scale = format.scale if format.block else None
    if scale is None:
        return Scale(power=True, exponent=8, mantissa=0, step=-ONE, nan=NO_CODE)
    if scale.width > WIDEST_SCALE:
        raise SpecError(f"format {format.name!r}: a scale of {scale.width} bits has no circuit")
    return _seen(scale)


def _seen(scale: Element) -> Scale:
    # scales are positive: a sign bit is always 0 and not wired
    return Scale(
        power=scale.kind == "exponent",
        exponent=scale.exponent,
        mantissa=scale.mantissa,
        step=scale.step,
        nan=NO_CODE if scale.nan is None else scale.nan,
    )
