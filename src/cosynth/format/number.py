"""How numbers are stored: an element, and a scale that a block of elements shares."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.format.element import Element

# the largest outlier of a pair: C. Guo and others, "OliVe", ISCA 2023, abfloat with bias 2
LARGEST_OUTLIER = 96.0
# what comes out of a lookup table is multiplied as bf16: exponent and mantissa bits
LOOKED_UP = (8, 7)
# of the power-of-two scales that the codec knows: those of OCP's E8M0
EXPONENT_BITS, EXPONENT_BIAS = 8, 127
RULES = ("floor", "even", "ceil", "rceil", "amax")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A number format: `element`, and `scale` (an element too) once per `block` along `axis`.

    A block of 0 is the whole tensor. `rule` says how a scale follows from the largest magnitude
    of its block; `tensor` adds a float32 scale above the blocks, `zero` a zero point below each
    scale; `pairs` lets an outlier take its neighbour's code. A name says all of it: a base, then
    what differs from the base.
    """

    name: str
    element: Element
    block: int = 1
    scale: Element | None = None
    rule: str = "amax"
    tensor: bool = False
    zero: bool = False
    pairs: bool = False
    axis: int = -1
    about: str = ""

    @property
    def kind(self) -> str:
        """How it is multiplied: integer, float, ternary or binary; a table's values as floats."""
        looked_up = self.element.kind in {"lookup", "exponent"}
        return "float" if looked_up else self.element.kind

    @property
    def element_bits(self) -> int:
        """Bits stored per element."""
        return self.element.bits

    @property
    def precision(self) -> float:
        """Width of an operand inside a multiplier, in bits."""
        return self.element.precision

    @property
    def exponent(self) -> int:
        """Exponent bits of a float; those of an integer are 0."""
        return LOOKED_UP[0] if self.element.kind == "lookup" else self.element.exponent

    @property
    def mantissa(self) -> int:
        """Stored mantissa bits of a float."""
        return LOOKED_UP[1] if self.element.kind == "lookup" else self.element.mantissa

    @property
    def scale_bits(self) -> int:
        """Bits stored per block: the scale, and the zero point if there is one."""
        if self.scale is None:
            return 0
        return self.scale.bits + (self.element.bits if self.zero else 0)

    @property
    def bits(self) -> float:
        """Bits stored per element, the scale's share included.

        >>> from cosynth.format import known
        >>> known("mxfp4").bits
        4.25
        """
        share = self.scale_bits / self.block if self.block else 0
        return self.element_bits + share

    @property
    def power(self) -> bool:
        """Whether a block's scale is a power of two."""
        return self.scale is not None and self.scale.kind == "exponent"

    @property
    def largest(self) -> float:
        """The largest magnitude of an element, outliers of pairs included, before the scale."""
        return LARGEST_OUTLIER if self.pairs else self.element.largest

    @property
    def reach(self) -> tuple[float, float]:
        """The smallest and the largest magnitude beside zero, before the scale.

        >>> from cosynth.format import known
        >>> known("mxfp4").reach, known("int8-full").reach
        ((0.5, 6.0), (1.0, 128.0))
        """
        return self.element.smallest, max(self.largest, -self.element.lowest)

    def size(self, elements: int) -> int:
        """Whole bytes of a packed tensor of so many elements; the last block has a scale too.

        The scale of a whole tensor is not counted.

        >>> from cosynth.format import known
        >>> known("mxfp4").size(33)
        19
        """
        blocks = -(-elements // self.block) if self.block else 1
        return -(-(elements * self.element_bits + blocks * self.scale_bits) // 8)


def problems(format: Format) -> list[str]:
    """Return one sentence for each thing about a format that does not fit together."""
    element, scale = format.element, format.scale
    scaled = scale is not None
    four = element.kind == "integer" and element.bits == 4 and element.signed
    plain = scaled and not format.power
    wrong = {
        f"rule {format.rule!r} is not one of {', '.join(RULES)}": format.rule not in RULES,
        f"block {format.block} must be at least 0, which is the whole tensor": format.block < 0,
        "a power-of-two scale needs a rule: floor, even, ceil or rceil": (
            format.power and format.rule == "amax"
        ),
        "a power-of-two scale goes with no tensor scale, zero point or lookup table": (
            format.power and (format.tensor or format.zero or bool(element.values))
        ),
        "a power-of-two scale is an e8m0": (
            format.power
            and scale is not None
            and (scale.exponent, scale.bias) != (EXPONENT_BITS, EXPONENT_BIAS)
        ),
        f"rule {format.rule!r} needs a power-of-two scale; others take amax": (
            plain and format.rule != "amax"
        ),
        "a scale is a float or an exponent": (
            scaled and scale is not None and scale.kind not in {"float", "exponent"}
        ),
        "a zero point needs an unsigned integer element and a block scale, without a tensor's": (
            format.zero
            and (element.kind != "integer" or element.signed or not scaled or format.tensor)
        ),
        "a tensor scale stands above block scales; for one scale use block = 0": (
            format.tensor and not scaled
        ),
        "outlier pairs need 4-bit signed integers, a float scale, even blocks, and -8 left free": (
            format.pairs and (not four or not plain or element.full or format.block % 2 == 1)
        ),
        "elements under a scale saturate; leave overflow to plain elements": (
            scaled and not element.saturate
        ),
    }
    return [sentence for sentence, holds in wrong.items() if holds]
