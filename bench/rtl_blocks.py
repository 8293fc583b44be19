"""Area of the arithmetic blocks beside the price law: `python -m bench.rtl_blocks`.

Every unit is synthesised flat, with Booth multipliers and some without, to cells in NAND2
equivalents. A *unit* is one lane with its accumulator: of 32 bits, or of 48 where a factor is a
float, which holds the sums whole. A *lane* is what one more product adds to a tree of eight. The
rest has no law: gates and flip-flops. Some minutes, unless results are kept.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cosynth.format import known, mac_gates, multiply_gates
from cosynth.rtl.operands import operand, rounding
from cosynth.rtl.source import sources
from cosynth.rtl.synthesise import Synthesis, synthesise
from cosynth.rtl.twin.blockdot import block_dot

SUMS = {"int32": 32, "exact": 48}  # bits of an accumulator, by its name
FEW, MANY = 4, 8  # lanes, whose difference is what a lane adds
GROUP = 4  # lanes of a lookup
MULTIPLIED = ("int2", "int4", "int8", "int16", "fp4_e2m1", "fp6_e2m3", "fp6_e3m2", "fp8_e3m4",
              "fp8_e4m3fn")  # fmt: skip
MIXED = (("int8", "int4"), ("int8", "int2"), ("int16", "int8"), ("fp8_e4m3fn", "int4"))
SELECTED = (("int8", "ternary"), ("int8", "binary"), ("binary", "binary"))
WITHOUT_BOOTH = ("int4", "int8", "fp4_e2m1", "fp8_e4m3fn")
BY_BITS = (("int8", "int8"), ("int8", "int4"), ("int4", "int4"), ("int16", "int8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A kind of unit for two formats as a block with parameters."""

    kind: str
    a: str
    b: str
    block: str
    parameters: Mapping[str, int]

    @property
    def sum_in(self) -> str:
        """Name of its accumulator."""
        return "exact" if "float" in {known(self.a).kind, known(self.b).kind} else "int32"

    def gates(self, lanes: int, recipe: str) -> float:
        """Gates of so many lanes with one accumulator."""
        given = {**self.parameters, "ACC": SUMS[self.sum_in]}
        if self.kind != "lookup":
            given["LANES"] = lanes
        return made(self.block, given, recipe).gates


def made(block: str, parameters: Mapping[str, int], recipe: str = "booth") -> Synthesis:
    """A block in cells."""
    return synthesise(sources(block), block, parameters, booth=recipe == "booth", flat=True)


def units() -> Iterator[Unit]:
    """Every unit that is compared."""
    pairs = [*((name, name) for name in MULTIPLIED), *MIXED]
    for a, b in pairs:
        given = operand(known(a)).parameters("A_") | operand(known(b)).parameters("B_")
        yield Unit(kind="multiplier", a=a, b=b, block="mac", parameters=given)
    for name in ("fp4_e2m1", "fp6_e2m3"):
        one = operand(known(name))
        given = {**one.parameters("A_"), **one.parameters("B_"), "DECODED": 1}
        yield Unit(kind="decoded", a=name, b=name, block="mac", parameters=given)
    for a, b in SELECTED:
        widths = {"A_BITS": known(a).element_bits, "B_BITS": known(b).element_bits}
        yield Unit(kind="mux", a=a, b=b, block="mux_mac", parameters=widths)
    for kind in ("serial", "lookup"):
        for a, b in BY_BITS:
            widths = {"A_BITS": known(a).element_bits, "PLANES": known(b).element_bits}
            yield Unit(kind=kind, a=a, b=b, block=f"{kind}_mac", parameters=widths)


def compared(unit: Unit, recipe: str) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Found and by the law: a unit; and a lane, where that is told."""
    a, b = known(unit.a), known(unit.b)
    law = mac_gates(a, b, sum_in=unit.sum_in, unit=unit.kind, recipe=recipe)
    if unit.kind == "lookup":
        return (unit.gates(GROUP, recipe) / GROUP, law), None
    if recipe == "default":  # eight multipliers merged into one sum take many minutes
        return (unit.gates(1, recipe), law), None
    lane = (unit.gates(MANY, recipe) - unit.gates(FEW, recipe)) / (MANY - FEW)
    by_law = multiply_gates(a, b, sum_in=unit.sum_in, unit=unit.kind, recipe=recipe, lanes=MANY)
    return (unit.gates(1, recipe), law), (lane, by_law)


def print_units() -> None:
    """Units beside the law, and the errors by kind with Booth multipliers."""
    errors: dict[tuple[str, str], list[float]] = {}
    for recipe in ("booth", "default"):
        print(f"{'recipe ' + recipe:24}{'unit':11}{'found':>7}{'law':>8}{'error':>8}"
              f"{'lane':>8}{'law':>8}{'error':>8}")  # fmt: skip
        for unit in units():
            if recipe == "default" and (unit.a != unit.b or unit.a not in WITHOUT_BOOTH):
                continue
            whole, lane = compared(unit, recipe)
            line = f"{unit.a + ' x ' + unit.b:24}{unit.kind:11}"
            for name, pair in (("unit", whole), ("lane", lane)):
                if pair is None:
                    continue
                error = pair[1] / pair[0] - 1
                if recipe == "booth":
                    errors.setdefault((unit.kind, name), []).append(error)
                line += f"{pair[0]:7.0f}{pair[1]:8.0f}{error:+8.0%}"
                line += " " if name == "unit" else ""
            print(line)
        print()
    for (kind, name), some in errors.items():
        sizes = [abs(one) for one in some]
        print(f"{kind:11}{name}: median error {statistics.median(sizes):4.0%},"
              f" worst {max(sizes):4.0%}")  # fmt: skip


def print_shared() -> None:
    """What columns that share a table cost, per weight."""
    print("\nlookup of int8: gates a weight, accumulator included, by columns that share a table")
    for columns in (1, 2, 4, 8):
        found = made("lookup_mac", {"A_BITS": 8, "PLANES": 8, "COLUMNS": columns})
        print(f"  {columns} columns: {found.gates / (GROUP * columns):6.0f}")


def print_rest() -> None:
    """Blocks without a law."""
    rest = [
        ("rescale to int8", "rescale", {}),
        ("rescale, leaky", "rescale", {"LEAKY": 1}),
        ("rescale, residual", "rescale", {"RESIDUAL": 1}),
        ("rescale, 48-bit sums", "rescale", {"ACC": 48}),
        *((f"encode {name}", "encode", rounding(known(name)).parameters())
          for name in ("fp4_e2m1", "fp6_e3m2", "fp8_e4m3fn", "fp8_e5m2")),
        ("table of 256 bytes", "lookup_table", {}),
        ("float32 sum", "add_fp32", {}),
        *((f"blockdot {name}, {lanes} lanes", "blockdot",
           block_dot(known(name), known(name)).parameters(lanes))
          for name, lanes in (("mxfp4", 8), ("nvfp4", 8), ("mxint8", 8), ("mxfp8", 8))),
    ]  # fmt: skip
    print(f"\n{'block':26}{'gates':>8}{'flip-flops':>12}")
    for title, block, parameters in rest:
        found = made(block, parameters)
        print(f"{title:26}{found.gates:8.0f}{found.flip_flops:12}")


def main() -> int:
    """Print the tables."""
    print_units()
    print_shared()
    print_rest()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
