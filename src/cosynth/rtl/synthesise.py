"""What a circuit is made of: cells, area and flip-flops of each module, and its memories apart.

Yosys maps to the cells of a Liberty file, module by module: flat, a large array takes thirty times
as long and comes out a few percent smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosynth.errors import CircuitError
from cosynth.rtl.liberty import OWN, Library, read_liberty
from cosynth.rtl.parts import Module, Parameters, Recipe, flattened, modules

MEMORIES = ("sram_1r1w",)  # modules that a memory compiler makes, not synthesis


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
    recipe = Recipe(liberty=liberty, booth=booth, macros=tuple(macros))
    library = read_liberty(liberty)
    make = flattened if flat else modules
    return counted(make(sources, top, parameters or {}, recipe), top, library)


def counted(found: Mapping[str, Module], top: str, library: Library) -> Synthesis:
    """Count the cells and macros of all instances below `top`.

    CircuitError if a cell is neither of the library nor a module.
    """
    instances = Counter({top: 1})
    memories: Counter[tuple[str, Parameters]] = Counter()
    parts = []
    # a module comes after all that contain it, so that its instances are known
    for name in _downward(found, top):
        one = found[name]
        cells = {}
        for kind, number in one.kinds.items():
            if kind in library.areas:
                cells[kind] = number
            elif kind in found:
                instances[kind] += instances[name] * number
            else:
                raise CircuitError(f"module {top}: cell {kind} is not in {library.path}")
        for macro, number in one.macros.items():
            memories[macro] += instances[name] * number
        area = sum(library.areas[kind] * number for kind, number in cells.items())
        parts.append(
            Part(
                name=one.name,
                parameters=one.parameters,
                instances=instances[name],
                cells=cells,
                gates=area / library.nand,
                flip_flops=sum(cells.get(kind, 0) for kind in library.states),
            )
        )
    return Synthesis(
        parts=tuple(parts),
        macros=tuple(
            Macro(name=name, parameters=dict(chosen), count=number)
            for (name, chosen), number in sorted(memories.items())
        ),
    )


def _downward(found: Mapping[str, Module], top: str) -> list[str]:
    """Names of modules, each after all that contain it."""
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        for kind in sorted(set(found[name].kinds) & set(found)):
            visit(kind)
        done.append(name)

    visit(top)
    return done[::-1]
