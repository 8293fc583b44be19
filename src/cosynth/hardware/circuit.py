"""Gates of an engine's circuit beside its multipliers, by a law fitted to synthesised chips.

Each group of blocks grows with a few numbers of the chip; the constants, their source and how far
they are off stand in `technology/engine.toml`. Factors have 8 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosynth.arrays import Array, namespace
from cosynth.hardware.laws import technology

ELEMENT = 8  # bits of a factor
# of a shift: `SHIFT_BITS` of the circuit
SHIFT = 4
BEATS = (64, 1024)  # bits that a chip's DRAM port has at least and at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the area of a circuit follows from; all but `flow` may be arrays of designs.

    `flow` is what units keep: weight, input or output. `held` are bits of registers of a unit,
    `sum_bits` those of a sum, `line` those of a line of the buffer, `buffer` B, `beat` bits of the
    DRAM port.
    """

    flow: str
    rows: Array
    columns: Array
    held: Array
    sum_bits: Array
    buffer: Array
    line: Array
    beat: Array


def beat(line: Array, bytes_per_cycle: Array) -> Array:
    """Bits of the port that moves so many bytes a cycle: a power of two, no more than a line."""
    xp = namespace(line, bytes_per_cycle)
    least, most = BEATS
    needed = 2.0 ** xp.ceil(xp.log2(8.0 * bytes_per_cycle))
    return xp.minimum(xp.maximum(needed, least), xp.minimum(line, most))


def terms(shape: Shape) -> dict[str, dict[str, Array]]:
    """Return by group what each constant of the law is multiplied with."""
    xp = namespace(shape.held, shape.sum_bits, shape.buffer)
    units = shape.rows * shape.columns
    sums = shape.columns * shape.sum_bits
    kept = shape.flow == "output"
    # a unit's own accumulator is priced with it, so of the sums that it keeps one is left out
    entries = xp.maximum(xp.floor(shape.held / shape.sum_bits / 2.0), 1.0)
    others = (2.0 * entries - 1.0) * shape.sum_bits
    return {
        "units": {
            "unit": units,
            "sum_bit": units * shape.sum_bits,
            "held_bit": 0.0 if kept else units * shape.held,
            "kept_bit": units * others if kept else 0.0,
        },
        "lanes": {"sum_bit": sums},
        "sums": {"fixed": 1.0, "sum_bit": sums},
        "drain": {"fixed": 1.0, "sum_bit": sums, "line_bit": shape.line},
        "readers": {
            "fixed": 1.0,
            "row": shape.rows,
            "column": shape.columns,
            "parameter": shape.columns if shape.flow == "weight" else 1.0,
            "line_bit": shape.line,
            # positions may lie side by side in lanes, and then every second of them
            "strided_bit": 0.0 if shape.flow == "weight" else shape.line,
        },
        "copies": {"fixed": 1.0, "beat_bit": shape.beat, "line_bit": shape.line},
        "commands": {"fixed": 1.0, "address_bit": xp.log2(shape.buffer), "kept": float(kept)},
    }


def shifts(flow: str, rows: Array, columns: Array, *, held: Array, sum_bits: Array
           ) -> dict[str, Array]:  # fmt: skip
    """Return what each constant of the law of shifted sums is multiplied with, as for `Shape`."""
    kept = flow == "output"
    entries = held / ELEMENT
    moving = 0.0 if flow == "weight" else rows * SHIFT if kept else ELEMENT
    return {
        "sum_bit": 0.0 if kept else columns * sum_bits,
        "unit_bit": rows * columns * sum_bits if kept else 0.0,
        "held_bit": columns * entries * SHIFT if flow == "weight" else 0.0,
        "moving_bit": moving,
    }


def shifter_gates(flow: str, rows: Array, columns: Array, *, held: Array, sum_bits: Array
                  ) -> Array:  # fmt: skip
    """NAND2 equivalents of what shifts sums where blocks of weights have scales.

    >>> round(shifter_gates("weight", 8, 8, held=256, sum_bits=32))
    14812
    """
    law: Mapping[str, float] = technology("engine")["shifts"]
    parts = shifts(flow, rows, columns, held=held, sum_bits=sum_bits)
    return sum(law[name] * amount for name, amount in parts.items())


def gates(shape: Shape) -> dict[str, Array]:
    """Return NAND2 equivalents by group of blocks; `units` are what all have beside multipliers.

    >>> chip = Shape(flow="weight", rows=4, columns=4, held=64, sum_bits=32, buffer=32768.0,
    ...              line=64.0, beat=64.0)
    >>> list(gates(chip))
    ['units', 'lanes', 'sums', 'drain', 'readers', 'copies', 'commands']
    """
    law: Mapping[str, Mapping[str, float]] = technology("engine")["gates"]
    return {
        group: sum(law[group][name] * amount for name, amount in parts.items())
        for group, parts in terms(shape).items()
    }
