"""Area of generated chips beside the model's: `python -m bench.rtl_area [--designs N]`.

Designs are drawn by a seed from the space that `explore` searches, of at most 256 units with 64 B
each and lines of 512 bits, which synthesise in about a minute each; int8, or fp8 with accumulators
of 48 bits. Each is synthesised module by module with Booth multipliers, to NAND2 equivalents.
Memories are macros: they are left out on both sides, as their area is a law of its own. The law of
what a chip has beside its units was fitted to the designs of even number (`--fit` fits it again);
those of odd number test it. `--extras` prints instead what a chip of 8 x 8 pays for what only some
networks need: tables of functions, leaky functions, maxima.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cosynth.codesign.explore import chip_space
from cosynth.cost import silicon
from cosynth.format import known
from cosynth.hardware import Hardware, priced
from cosynth.hardware.circuit import Shape, shifter_gates, terms
from cosynth.hardware.families.engine import engine
from cosynth.hardware.laws import logic_area
from cosynth.rtl.chip import Chip, chip
from cosynth.rtl.liberty import OWN, Library, read_liberty
from cosynth.rtl.parts import Module, Recipe, modules
from cosynth.rtl.source import sources
from cosynth.rtl.synthesise import synthesise

SEED, DESIGNS = 0, 24
MOST = {"units": 256, "registers": 64, "buffer_width": 512}
SUMS = {"int8": "int32", "fp8_e4m3fn": "int48"}
RECIPE = Recipe(liberty=OWN, booth=True, macros=("sram_1r1w",))
MEMORIES = ("buffer", "sums")  # of the model: macros of the circuit
# what a module and all inside it belong to, unless something inside says otherwise
GROUPS = {
    "chip": "commands",
    "array_held": "array",
    "array_kept": "array",
    "unit_held": "registers in units",
    "unit_kept": "registers in units",
    "product": "array",
    "lane": "lanes",
    "drain": "drain",
    "reader": "readers",
    "unit": "commands",
    "nest": "commands",
    "stepper": "commands",
    "queue": "commands",
    "registers": "commands",
    "tokens": "commands",
    "fetch": "commands",
    "load": "copies",
    "store": "copies",
    "sums": "sums",
    "reload": "sums",
    "spill": "sums",
}
NAMES = tuple(dict.fromkeys(GROUPS.values()))
UNITS = ("array", "registers in units")  # of these the law of multipliers is taken off


# arrays of chips with and without scales of blocks: rows, columns, B of registers
SHAPES = ((8, 8, 32), (16, 8, 64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A design, its circuit, and the gates of each group of blocks."""

    number: int
    point: Mapping[str, object]
    hardware: Hardware
    chip: Chip
    gates: Mapping[str, float]

    @property
    def total(self) -> float:
        """Gates of all logic."""
        return sum(self.gates.values())


def points() -> Iterator[dict[str, object]]:
    """Designs in the order in which they are drawn, those left out that are too large."""
    space = chip_space(None)
    generator = np.random.default_rng(SEED)
    while True:
        for point in space.sample(generator, 64):
            given = dict(point)
            small = int(given["rows"]) * int(given["columns"]) <= MOST["units"] and all(
                given[name] <= MOST[name] for name in ("registers", "buffer_width")
            )
            if small and given["format"] in SUMS:
                yield given


def made(number: int, point: Mapping[str, object], library: Library) -> Made:
    """Synthesise a design."""
    numbers = dict(point)
    name = str(numbers.pop("format"))
    hardware = engine(**numbers, accumulator=SUMS.get(name, "int32"))
    circuit = chip(hardware, known(name), known(name))
    found = modules(sources("chip"), "chip", circuit.parameters(), RECIPE)
    return Made(number=number, point=point, hardware=hardware, chip=circuit,
                gates=shares(found, library))  # fmt: skip


def shares(found: Mapping[str, Module], library: Library) -> dict[str, float]:
    """Gates by group; a module in another belongs to its group unless it has one."""
    total: Counter[str] = Counter()

    def add(name: str, group: str, instances: int) -> None:
        one = found[name]
        own = GROUPS.get(one.name, group)
        for kind, count in one.kinds.items():
            if kind in found:
                add(kind, own, instances * count)
            else:
                total[own] += instances * count * library.areas[kind] / library.nand

    add("chip", "commands", 1)
    return dict(total)


def predicted(one: Made) -> dict[str, float]:
    """Gates of the logic by the model, by component."""
    format = known(str(one.point["format"]))
    gate = logic_area(1.0, one.hardware.technology)
    found = silicon(priced(one.hardware), (format, format))
    return {part.name: float(part.area / gate) for part in found if part.name not in MEMORIES}


def shape(one: Made) -> Shape:
    """What the law of the family knows of a design."""
    made = one.chip
    return Shape(
        flow=made.flow,
        rows=made.rows,
        columns=made.columns,
        held=float(str(one.point["registers"])) * 8,
        sum_bits=made.accumulator,
        buffer=float(str(one.point["buffer"])),
        line=made.line,
        beat=made.beat,
    )


def fitted(some: Sequence[Made]) -> dict[str, dict[str, float]]:
    """Constants of the law by group: least squares of relative errors, none below zero."""
    rows: dict[str, list[list[float]]] = {}
    names: dict[str, list[str]] = {}
    for one in some:
        for group, parts in terms(shape(one)).items():
            found = one.gates.get(group, 0.0)
            if group == "units":
                found = sum(one.gates[name] for name in UNITS) - predicted(one)["mac"]
            names[group] = list(parts)
            rows.setdefault(group, []).append([value / found for value in parts.values()])
    return {group: _positive(names[group], np.array(rows[group])) for group in rows}


def _positive(names: Sequence[str], rows: np.ndarray) -> dict[str, float]:
    """Amounts, in units of what was found, to constants: the most negative is dropped in turn."""
    left = [at for at in range(len(names)) if rows[:, at].any()]
    while True:
        constants = np.linalg.lstsq(rows[:, left], np.ones(len(rows)), rcond=None)[0]
        worst = int(constants.argmin())
        if constants[worst] >= 0:
            break
        del left[worst]
    found = dict.fromkeys(names, 0.0)
    return found | {names[at]: float(value) for at, value in zip(left, constants, strict=True)}


def ranks(values: Sequence[float]) -> np.ndarray:
    """Places in the order of size; no two values are equal."""
    return np.argsort(np.argsort(values))


def said(title: str, some: Sequence[Made]) -> None:
    """Print how close the model is."""
    found = np.array([one.total for one in some])
    model = np.array([sum(predicted(one).values()) for one in some])
    errors = model / found - 1
    together = np.corrcoef(ranks(found), ranks(model))[0, 1]
    print(f"{title}: {len(some)} designs, rank correlation {together:.3f}, mean error "
          f"{errors.mean():+.1%}, mean size {np.abs(errors).mean():.1%}, worst "
          f"{errors[np.argmax(np.abs(errors))]:+.1%}")  # fmt: skip


def extras() -> Iterator[str]:
    """Lines: gates of a chip of 8 x 8, and what more it has with each thing that not all need."""
    given = {"tables": {"table": 8}, "leaky": {"leaky": True}, "maxima": {"maxima": True}}
    for (name, sums), flow in itertools.product(SUMS.items(), ("weight", "input", "output")):
        bare = chip(engine(stationarity=flow, rows=8, columns=8, accumulator=sums),
                    known(name), known(name))  # fmt: skip
        gates = synthesise(sources("chip"), "chip", bare.parameters()).gates
        parts = []
        for what, changes in given.items():
            more = synthesise(sources("chip"), "chip", replace(bare, **changes).parameters()).gates
            parts.append(f"{what} {more - gates:7,.0f} ({more / gates - 1:+.1%})")
        yield f"{name:11} {flow:7} {gates:9,.0f}  {'  '.join(parts)}"


def blocks(library: Library) -> None:
    """Print what shifted sums cost: chips of mxint8 less those of int8, beside the law."""
    print(f"{'array':>7} {'keeps':8}{'regs':>5}{'int8':>11}{'mxint8':>11}{'more':>8}{'law':>8}")
    for flow, (rows, columns, held) in itertools.product(("weight", "input", "output"), SHAPES):
        point = {"rows": rows, "columns": columns, "stationarity": flow, "registers": held}
        plain, scaled = (made(0, {**point, "format": name}, library) for name in ("int8", "mxint8"))
        model = shifter_gates(flow, rows, columns, held=held * 8, sum_bits=scaled.chip.accumulator)
        print(f"{rows:>4}x{columns:<2} {flow:8}{held:5}{plain.total:11,.0f}{scaled.total:11,.0f}"
              f"{scaled.total - plain.total:8,.0f}{model:8,.0f}", flush=True)  # fmt: skip


def main() -> int:
    """Print the tables."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--designs", type=int, default=DESIGNS)
    reader.add_argument("--fit", action="store_true", help="print the constants of the law")
    reader.add_argument("--extras", action="store_true", help="what only some networks need")
    reader.add_argument("--blocks", action="store_true", help="print what scales of blocks cost")
    asked = reader.parse_args()
    if asked.extras:
        for line in extras():
            print(line, flush=True)
        return 0
    library = read_liberty()
    if asked.blocks:
        blocks(library)
        return 0
    some = []
    print(f"seed {SEED}\n{'no':>3} {'array':>7} {'keeps':8}{'format':11}{'regs':>5}{'width':>6}"
          f"{'gates':>11}{'model':>11}{'error':>8}  shares of {', '.join(NAMES)}")  # fmt: skip
    for number, point in enumerate(itertools.islice(points(), asked.designs)):
        one = made(number, point, library)
        some.append(one)
        model = sum(predicted(one).values())
        parts = " ".join(f"{one.gates.get(name, 0) / one.total:4.0%}" for name in NAMES)
        size = f"{one.chip.rows}x{one.chip.columns}"
        print(f"{number:3} {size:>7} {one.chip.flow:8}{point['format']!s:11}"
              f"{point['registers']:5}{one.chip.line:6}{one.total:11,.0f}{model:11,.0f}"
              f"{model / one.total - 1:+8.1%}  {parts}", flush=True)  # fmt: skip
    said("all", some)
    said("even, fitted to", some[::2])
    said("odd, tested on", some[1::2])
    if asked.fit:
        for group, constants in fitted(some[::2]).items():
            print(f"[gates.{group}]")
            for name, value in constants.items():
                print(f"{name} = {value:.4g}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
