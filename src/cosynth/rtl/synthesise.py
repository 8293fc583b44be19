"""What a circuit is made of: cells, area and flip-flops of each module, and its memories apart.

Yosys maps to the cells of a Liberty file, module by module: flat, a large array takes thirty times
as long and comes out a few percent smaller.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cosynth.errors import CircuitError
from cosynth.rtl.kept import kept, key, read_file
from cosynth.rtl.liberty import OWN, Library, read_liberty
from cosynth.rtl.tools import yosys
from cosynth.rtl.yosys import choose, mistakes, read_sources, run

MEMORIES = ("sram_1r1w",)  # modules that a memory compiler makes, not synthesis
_RESULT = "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One module with its parameters, without the modules inside: cells of one instance.

    `gates` are NAND2 equivalents.
    """

    name: str
    parameters: Mapping[str, int]
    instances: int
    cells: Mapping[str, int]
    gates: float
    flip_flops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """A memory left out of synthesis, with its parameters, and how many there are."""

    name: str
    parameters: Mapping[str, int]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """The parts of a circuit, from the top down."""

    parts: tuple[Part, ...]
    macros: tuple[Macro, ...]

    @property
    def gates(self) -> float:
        """NAND2 equivalents of all instances, without macros."""
        return sum(part.gates * part.instances for part in self.parts)

    @property
    def flip_flops(self) -> int:
        """Flip-flops of all instances."""
        return sum(part.flip_flops * part.instances for part in self.parts)


def synthesise(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int] | None = None,
    *,
    liberty: Path = OWN,
    booth: bool = True,
    flat: bool = False,
    macros: Sequence[str] = MEMORIES,
) -> Synthesis:
    """Return what module `top` is made of in the cells of `liberty`, computed or kept.

    `booth` takes Booth's recipe for multipliers, a third smaller for 8 bits. CircuitError with the
    words of Yosys if the sources are wrong or warn of a mistake.
    """
    given = parameters or {}
    library = read_liberty(liberty)
    name = key(
        *map(read_file, sources),
        read_file(liberty),
        yosys().version,
        repr((top, sorted(given.items()), booth, flat, list(macros))),
        Path(__file__).read_bytes(),
    )

    def make(folder: Path) -> None:
        options = "".join([" -booth" if booth else "", " -flatten" if flat else ""])
        commands = [
            *read_sources(sources),
            *(f"blackbox {macro}" for macro in macros),
            choose(top, given),
            f"synth{options} -top {top}",
            f"dfflibmap -liberty {liberty.name}",
            f"abc -liberty {liberty.name}",
            "opt_clean",
            "check",
            "write_json net.json",
        ]
        with tempfile.TemporaryDirectory() as place:
            said = run(commands, [*sources, liberty], Path(place))
            wrong = mistakes(said)
            if wrong:
                raise CircuitError("\n".join([f"module {top} cannot be synthesised:", *wrong]))
            said.checked(f"synthesise {top}")
            netlist = json.loads((Path(place) / "net.json").read_text())
        found = counted(netlist["modules"], top, library, macros)
        (folder / _RESULT).write_text(json.dumps(asdict(found)))

    stored = json.loads((kept("synthesis", name, make) / _RESULT).read_text())
    return Synthesis(
        parts=tuple(Part(**each) for each in stored["parts"]),
        macros=tuple(Macro(**each) for each in stored["macros"]),
    )


def counted(
    modules: Mapping[str, Any], top: str, library: Library, macros: Sequence[str]
) -> Synthesis:
    """Count the cells of a netlist as Yosys writes it in JSON.

    CircuitError if a cell is neither of the library nor a module nor one of `macros`.
    """
    first = next(name for name in modules if "top" in modules[name]["attributes"])
    instances = Counter({first: 1})
    memories: Counter[tuple[str, tuple[tuple[str, int], ...]]] = Counter()
    parts = []
    # a module comes after all that contain it, so that its instances are known
    for name in _downward(modules, first, macros):
        kinds: Counter[str] = Counter()
        for cell in modules[name]["cells"].values():
            kind = cell["type"]
            if kind in macros:
                memories[kind, _numbers(cell["parameters"])] += instances[name]
            elif kind in library.areas:
                kinds[kind] += 1
            elif kind in modules:
                instances[kind] += instances[name]
            elif kind != "$scopeinfo":
                raise CircuitError(f"module {top}: cell {kind} is not in {library.path}")
        area = sum(library.areas[kind] * number for kind, number in kinds.items())
        parts.append(
            Part(
                name=modules[name]["attributes"].get("hdlname", name),
                parameters=dict(_numbers(modules[name].get("parameter_default_values", {}))),
                instances=instances[name],
                cells=dict(sorted(kinds.items())),
                gates=area / library.nand,
                flip_flops=sum(kinds[kind] for kind in library.states),
            )
        )
    return Synthesis(
        parts=tuple(parts),
        macros=tuple(
            Macro(name=name, parameters=dict(chosen), count=number)
            for (name, chosen), number in sorted(memories.items())
        ),
    )


def _downward(modules: Mapping[str, Any], top: str, macros: Sequence[str]) -> list[str]:
    """Names of modules, each after all that contain it."""
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        kinds = {cell["type"] for cell in modules[name]["cells"].values()}
        for kind in sorted(kinds & set(modules) - set(macros)):
            visit(kind)
        done.append(name)

    visit(top)
    return done[::-1]


def _numbers(parameters: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """Parameters as numbers; Yosys writes 32-bit ones as text of zeros and ones."""
    return tuple(sorted((name, _number(text)) for name, text in parameters.items()))


def _number(bits: str) -> int:
    value = int(bits, 2)
    return value - (1 << 32) if len(bits) == 32 and bits[0] == "1" else value
