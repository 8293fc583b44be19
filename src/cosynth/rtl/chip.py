"""A chip of the family `engine` as its circuit sees it: its parameters, each from a number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from cosynth.errors import SpecError
from cosynth.format import Format, accumulator
from cosynth.hardware import Compute, Hardware, Memory, SpatialArray
from cosynth.rtl.blocked import SHIFT_BITS, blocked
from cosynth.rtl.operands import Operand, operand
from cosynth.rtl.post import TABLE_BITS
from cosynth.rtl.work import Post

FLOWS = ("weight", "input", "output")
PARAMETER_BITS = 64  # a bias and a multiplier
AXI_WIDEST = 1024
# a float's lane counts quarters of its smallest step, in so many bits: `lane.sv`
QUARTERS, LIMIT_BITS = 2, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Numbers of the circuit. `flow` is what stays in a unit; `line` and `beat` are bits.

    `moving` and `second` are the operands of a multiplier: what every row's units share, and what
    they hold (or, where sums stay, what columns share).
    """

    name: str
    flow: str
    rows: int
    columns: int
    entries: int  # of a bank of a unit
    sum_lines: int  # of a half of the sums
    line: int
    lines: int
    beat: int
    bytes_per_cycle: float  # of DRAM
    frequency: float
    accumulator: int
    decoded: bool
    weights: Format
    activations: Format
    table: int = 0  # bits by which lanes look up functions; 0: they cannot
    leaky: bool = False  # whether negative sums have multipliers of their own
    maxima: bool = False  # whether the greatest of products can be kept instead of their sum

    @property
    def moving(self) -> Format:
        """Format of what rows share."""
        return self.activations if self.flow == "weight" else self.weights

    @property
    def second(self) -> Format:
        """Format of what units hold or columns share."""
        return self.weights if self.flow == "weight" else self.activations

    @property
    def strided(self) -> bool:
        """Whether lanes may take every second element: positions of a strided layer."""
        return self.flow != "weight"

    @property
    def grain(self) -> int:
        """Bits of the narrowest element that is stored."""
        return min(container(self.weights), container(self.activations), 8)

    @property
    def shift(self) -> int:
        """Bits of the shift that comes with a weight whose blocks have scales; else 0."""
        return SHIFT_BITS if blocked(self.weights) else 0

    @property
    def head(self) -> int:
        """Elements of shifts before a moving vector of weights: one for all rows, or for each."""
        if not self.shift or self.flow == "weight":
            return 0
        return -(-self.rows * self.shift // container(self.weights)) if self.flow == "output" else 1

    @property
    def sum_bits(self) -> int:
        """Bits of a line of sums."""
        return self.columns * self.accumulator

    @property
    def slot(self) -> int:
        """Bits that a spilled line takes in the buffer: `spill.sv`."""
        if self.sum_bits < self.line:
            return 1 << math.ceil(math.log2(self.sum_bits))
        return -(-self.sum_bits // self.line) * self.line

    @property
    def width(self) -> int:
        """Bits of an address in elements, with its sign."""
        narrowest = min(container(self.weights), container(self.activations))
        return max(math.ceil(math.log2(self.lines * self.line / narrowest)) + 2, 16)

    def parameters(self) -> dict[str, int]:
        """Parameters of `chip.sv`."""
        x, y, out = operand(self.moving), operand(self.second), operand(self.activations)
        full = x.whole + y.whole
        return {
            "ROWS": self.rows,
            "COLUMNS": self.columns,
            "KEPT": int(self.flow == "output"),
            "ENTRIES": self.entries,
            "SUM_LINES": self.sum_lines,
            "W": self.line,
            "LINES": self.lines,
            "D": self.beat,
            "G": self.grain,
            "X": container(self.moving),
            "Y": container(self.second),
            "SHIFT": self.shift,
            "HEAD": self.head,
            "O": container(self.activations),
            **_float("X", x),
            **_float("Y", y),
            **_float("O", out),
            "O_TOP": _top(self.activations, out),
            "O_MINUS_ZERO": 0,  # whole numbers, which the twin computes with, have one zero
            "DECODED": int(self.decoded),
            "PRODUCT": min(full, self.accumulator),
            "ACC": self.accumulator,
            "STRIDED": int(self.strided),
            "PARAMS": self.columns if self.flow == "weight" else 1,
            "LEAKY": int(self.leaky),
            "TABLE": self.table,
            "X_LOWEST": self._lowest(weight=True),
            "Y_LOWEST": self._lowest(weight=False),
            "WIDTH": self.width,
        }

    def _lowest(self, *, weight: bool) -> int:
        """Code of the lowest activation where data come by this reader, if maxima need it; or 0."""
        if not self.maxima or (self.flow == "weight") != weight:
            return 0
        bits, one = container(self.activations), operand(self.activations)
        if one.float:
            return 1 << bits - 1 | _top(self.activations, one)
        element = self.activations.element
        return (1 << bits) - int(min(element.largest, -element.lowest))


def _float(prefix: str, one: Operand) -> dict[str, int]:
    return {
        f"{prefix}_FLOAT": int(one.float),
        f"{prefix}_EXP": one.exponent,
        f"{prefix}_MAN": one.mantissa,
    }


def _top(format: Format, one: Operand) -> int:
    """Code of the largest magnitude of a float."""
    if not one.float:
        return 0
    largest = format.element.largest
    fraction, exponent = math.frexp(largest)
    low = one.step + one.mantissa  # exponent of the lowest normal binade
    significand = int(fraction * 2 ** (one.mantissa + 1))
    return ((exponent - 1 - low + 1) << one.mantissa) + significand - (1 << one.mantissa)


class Needs(Protocol):
    """A layer, as far as it may need what not every chip has."""

    @property
    def post(self) -> Post:
        """What follows its sums."""

    @property
    def maxima(self) -> bool:
        """Whether they are no sums, but maxima."""


def equipped(one: Chip, layers: Iterable[Needs]) -> Chip:
    """Return the chip with what its layers need, and no more."""
    every = tuple(layers)
    entries = max((len(layer.post.table) for layer in every), default=0)
    return replace(
        one,
        table=max(entries, 1).bit_length() - 1,
        leaky=any(layer.post.negative for layer in every),
        maxima=any(layer.maxima for layer in every),
    )


def index_bits(format: Format) -> int:
    """Bits by which functions of a format are looked up; 0 where there are no tables for it.

    Whole numbers have 8 bits before a function, however few they have behind it; floats their own.
    """
    bits = container(format)
    if bits > TABLE_BITS:
        return 0
    return bits if operand(format).float else TABLE_BITS


@lru_cache(maxsize=256)
def container(format: Format) -> int:
    """Bits that an element takes where it is stored: a power of two."""
    return 1 << math.ceil(math.log2(max(operand(format).bits, 2)))


def _of_formats(weights: Format, activations: Format) -> list[str]:
    """What of the formats has no circuit."""
    problems = []
    for format in (weights, activations):
        if format.scale is not None and format.block and not format.power:
            problems.append(
                f"format {format.name!r}: scales of blocks that are no powers of two have no array"
            )
        if blocked(format) and container(format) < SHIFT_BITS:
            problems.append(f"format {format.name!r}: shifts of {SHIFT_BITS} bits need elements of"
                            " as many")  # fmt: skip
        if format.pairs:
            problems.append(f"format {format.name!r}: codes of pairs have no array")
        if not operand(format).signed:
            problems.append(f"format {format.name!r}: elements without a sign have no array yet")
    out = operand(activations)
    if out.float and out.whole + QUARTERS > LIMIT_BITS:
        problems.append(
            f"format {activations.name!r}: outputs of {out.whole} bits as whole numbers, and"
            f" {QUARTERS} to round, have no post-processing; it takes up to {LIMIT_BITS} in all"
        )
    return problems


def chip(hardware: Hardware, weights: Format, activations: Format) -> Chip:
    """Return the circuit of a hardware; SpecError says all that no circuit can be made for."""
    problems = []
    if hardware.family != "engine":
        raise SpecError(
            f"{hardware.name}: of family {hardware.family or 'none'!r}; circuits are generated for"
            " the family 'engine'"
        )
    dram, buffer, sums, registers = (
        _memory(hardware, name) for name in ("dram", "buffer", "sums", "registers")
    )
    mac = hardware.component("mac")
    assert isinstance(mac, Compute)
    flow = registers.keeps[0] if len(registers.keeps) == 1 else "flexible"
    if flow not in FLOWS:
        problems.append(
            "registers keep more than one operand: a flexible array has no circuit; choose"
            " stationarity weight, input or output"
        )
    kind = accumulator(mac.accumulator)
    if kind.kind not in {"integer", "exact"}:
        problems.append(f"mac.accumulator {mac.accumulator!r}: circuits add whole numbers;"
                        " choose an int accumulator or exact")  # fmt: skip
    if mac.unit not in {"multiplier", "decoded"}:
        problems.append(f"mac.unit {mac.unit!r} has no array yet; choose multiplier or decoded")
    problems += _of_formats(weights, activations)
    if problems:
        once = dict.fromkeys(problems)
        raise SpecError(*(f"{hardware.name}: {problem}" for problem in once))
    held = {"weight": weights, "input": activations}.get(flow)
    bits = kind.bits if held is None else container(held)
    per_cycle = float(dram.read_bandwidth) / float(hardware.frequency)
    line = int(buffer.width)
    beat = 64
    while beat < min(line, AXI_WIDEST) and beat / 8 < per_cycle:
        beat *= 2
    return Chip(
        name=hardware.name,
        flow=flow,
        rows=_size(hardware, "down"),
        columns=_size(hardware, "across"),
        entries=max(int(float(registers.size) * 8 // bits // 2), 1),
        sum_lines=max(int(float(sums.size) * 8 // kind.bits // 2), 1),
        line=line,
        lines=int(float(buffer.size) * 8 // line),
        beat=beat,
        bytes_per_cycle=per_cycle,
        frequency=float(hardware.frequency),
        accumulator=kind.bits,
        decoded=mac.unit == "decoded",
        weights=weights,
        activations=activations,
    )


def _memory(hardware: Hardware, name: str) -> Memory:
    found = hardware.component(name)
    assert isinstance(found, Memory)
    return found


def _size(hardware: Hardware, name: str) -> int:
    found = hardware.component(name)
    assert isinstance(found, SpatialArray)
    return int(found.dimensions[0].size)
