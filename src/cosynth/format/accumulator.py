"""How sums are kept: one table serves the arithmetic of `dot` and the price of a unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosynth.errors import SpecError, did_you_mean
from cosynth.format.number import Format

# significand and exponent of a sum that a circuit hands on as a float32
FLOAT_BITS = 32
# an exact sum where it is stored or held in a register: assumed
EXACT_BITS = 48
# of the largest products a sum has room for, where its accumulator is chosen: those of drawn
# weights and activations are some 16 times smaller on average, and not all of one sign (assumed)
PRODUCTS = 1024
KINDS = ("integer", "exact", "sequential", "aligned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulator:
    """One way to keep sums; adding one is one entry of `ACCUMULATORS`.

    `width` is that of the adder in bits, which the price law takes; 0 keeps every bit. The kinds:
    `integer` wraps at `width`; `exact` rounds each block once; `sequential` rounds each addition to
    float32; `aligned` adds some products and the sum so far in one step: all shifted to the largest
    exponent and cut to `fraction` bits below it, the result cut to `kept` bits behind the point,
    always toward zero. Such a step takes `lanes` products, or as many as `size` bytes of an operand
    hold (an element has at least one). `inner` products at a time are added whole before that.
    A zero counts with the exponent `zero`. `scales` are those that enter the alignment: none,
    `power` of two, or `any`; others multiply the sum of their block.
    """

    name: str
    kind: str
    width: int
    fraction: int = 0
    kept: int = 23
    lanes: int = 0
    size: int = 0
    inner: int = 1
    zero: int = -133
    scales: str = ""
    about: str = ""

    @property
    def bits(self) -> int:
        """Bits a sum takes where it is stored: a float32, unless it is an integer or exact."""
        if self.kind == "integer":
            return self.width
        return EXACT_BITS if self.kind == "exact" else FLOAT_BITS

    def group(self, a: Format, b: Format) -> int:
        """Return how many products of two formats one aligned step takes.

        >>> from cosynth.format import accumulator, known
        >>> hopper = accumulator("hopper")
        >>> hopper.group(known("fp8_e4m3fn"), known("fp8_e4m3fn"))
        32
        """
        if not self.size:
            return self.lanes
        bits = max(a.element_bits, b.element_bits)
        container = 1 if bits <= 8 else 2 if bits <= 16 else 4
        return max(self.size // container, 1)


_XIE = "MMA-Sim, arXiv:2511.10909"


def _aligned(name: str, fraction: int, about: str, **more: int | str) -> Accumulator:
    return Accumulator(
        name=name, kind="aligned", width=fraction + 1, fraction=fraction, about=about, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _table() -> tuple[Accumulator, ...]:
    integers = [
        Accumulator(
            name=f"int{width}", kind="integer", width=width, about="two's complement, wraps"
        )
        for width in (16, 20, 24, 32, 48)
    ]
    return (
        *integers,
        # the synthesised dot products of eight lanes that the price law was fitted to
        _aligned("align14", 13, "14 bits of eight products", lanes=8, kept=13),
        _aligned("align25", 24, "25 bits of eight products", lanes=8),
        # as wide as a unit that aligns to 25 bits: 24 of the significand, one below (assumed)
        Accumulator(name="fp32", kind="sequential", width=25, about="one product after the other"),
        Accumulator(name="exact", kind="exact", width=0, about="one rounding a block"),
        _aligned("volta", 23, f"Volta's fp16 ({_XIE})", size=8, zero=-131),
        _aligned("ampere", 24, f"Turing's, Ampere's, Ada's 16 and 32 bits ({_XIE})", size=16,
                 zero=-132),
        _aligned("ada", 13, f"Ada's fp8 ({_XIE})", size=16, kept=13, zero=-132),
        _aligned("hopper", 13, f"Hopper's fp8, wgmma ({_XIE})", size=32, kept=13),
        _aligned("blackwell", 25, f"Blackwell's; Hopper's 16 and 32 bits ({_XIE})", size=32,
                 scales="power"),
        _aligned("blackwell_fp4", 35, f"Blackwell's fp4 with block scales, K = 64 ({_XIE})",
                 lanes=64, inner=16, zero=-139, scales="any"),
    )  # fmt: skip


ACCUMULATORS = {one.name: one for one in _table()}


def accumulator(name: str) -> Accumulator:
    """Return an accumulator by name, or SpecError with the nearest."""
    if name not in ACCUMULATORS:
        near = did_you_mean(name, ACCUMULATORS)
        raise SpecError(f"unknown accumulator {name!r}{near}; known: {', '.join(ACCUMULATORS)}")
    return ACCUMULATORS[name]


def holding(a: Format, b: Format) -> str:
    """Name of the narrowest integer accumulator from 32 bits that holds products added whole.

    It has room for 1,024 of the largest. Where none holds them, as of fp16 or fp8_e5m2, it is
    `int32`, to which the price law aligns what is added.

    >>> from cosynth.format import known
    >>> [holding(known(name), known(name)) for name in ("int8", "int16", "fp8_e4m3fn")]
    ['int32', 'int48', 'int48']
    """
    if a.element.values or b.element.values:
        return _NARROWEST
    steps = [math.log2(one.element.largest) - one.element.step for one in (a, b)]
    bits = math.ceil(sum(steps) + math.log2(PRODUCTS)) + 1
    integers = [one for one in ACCUMULATORS.values() if one.kind == "integer"]
    least = accumulator(_NARROWEST).width
    fits = [one for one in integers if one.width >= max(bits, least)]
    return min(fits, key=lambda one: one.width).name if fits else _NARROWEST


_NARROWEST = "int32"
