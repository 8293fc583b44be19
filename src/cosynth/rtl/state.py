"""What keeps a state in a circuit: its flip-flops, bit by bit, and its memories.

Yosys tells which flip-flops are left once a module is synthesised, and how they are called; the
text of the module tells which of several names is assigned at the clock.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosynth.errors import CircuitError
from cosynth.rtl.kept import kept, key, read_file
from cosynth.rtl.parts import numbers
from cosynth.rtl.statements import blank, read
from cosynth.rtl.tools import yosys
from cosynth.rtl.yosys import choose, mistakes, read_sources, run

MEMORY = "sram_1r1w"
# registers that an instruction or the host sets and that stay so while a command runs
CONFIGURATION = {
    "unit": ("turns", "bases", "jumps", "extras", "gives",
             "next_turns", "next_jumps", "next_extras"),
    "registers": ("base", "words"),
}  # fmt: skip
# modules that only protect: what they keep belongs to what stands above them
COPY, KEEPER, CHECKED, CORRECTED = "register_copy", "tripled", "checked", "sram_corrected"
_CLOCKED = re.compile(r"always_ff\s*@\([^)]*\)")
_INDEX = re.compile(r"\[(\d+)\]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bit:
    """One bit of a register: of which element of an unpacked array, if it is one."""

    register: str
    element: int
    bit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What stands in one module: flip-flops, each by all names that are assigned at the clock.

    `unnamed` flip-flops have no register of their own: Yosys makes a copy of a read address for
    some memories. `inside` names the module of each instance; `macros` depth, bits of a word and
    parts with a mask each, of each memory.
    """

    name: str
    flip_flops: tuple[tuple[Bit, ...], ...]
    unnamed: int
    inside: Mapping[str, str]
    macros: Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """The flip-flops of one register in one instance; `bits` as in `Contents`.

    `variable` is what they are called there: a copy's is not the register's `name`.
    """

    path: tuple[str, ...]
    module: str
    name: str
    variable: str
    kind: str
    bits: tuple[tuple[Bit, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """A memory in one instance: words of `width` bits, each in `parts` with a mask.

    `module` is what it stands in, under `name`; one that is corrected counts as what it replaces.
    """

    path: tuple[str, ...]
    module: str
    name: str
    depth: int
    width: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that keeps a state below a top module; `unnamed` flip-flops of all instances."""

    registers: tuple[Registers, ...]
    macros: tuple[Macro, ...]
    unnamed: int


def assigned(text: str) -> tuple[str, ...]:
    """Return the names that a SystemVerilog text assigns at a clock."""
    plain = blank(text)
    targets = (read(plain, found.end())[0].targets for found in _CLOCKED.finditer(plain))
    return tuple(sorted(set().union(*targets)))


def state(sources: Sequence[Path], top: str, parameters: Mapping[str, int]) -> State:
    """Return the registers and memories of `top`, computed or kept; CircuitError as of Yosys."""
    found = _contents(sources, top, parameters)
    registers: list[Registers] = []
    macros: list[Macro] = []
    unnamed = 0
    for path, modules in _instances(found, top):
        one = found[modules[-1]]
        names = [found[name].name for name in modules]
        macros += [
            _macro((*path, instance), names, sizes) for instance, sizes in one.macros.items()
        ]
        unnamed += one.unnamed
        groups: dict[str, list[tuple[Bit, ...]]] = {}
        for bits in one.flip_flops:
            groups.setdefault(bits[0].register, []).append(bits)
        for register, bits_of in groups.items():
            module, name = names[-1], register
            if module == COPY and len(names) > 2:
                module, name = names[-3], path[-2].removesuffix(f"_{KEEPER}")
            elif module == CHECKED and len(names) > 1:
                module, name = names[-2], path[-1].removesuffix(f"_{CHECKED}")
            held = name.rsplit(".", 1)[-1] in CONFIGURATION.get(module, ())
            registers.append(
                Registers(
                    path=path,
                    module=module,
                    name=name,
                    variable=register,
                    kind="configuration" if held else "flip-flop",
                    bits=tuple(bits_of),
                )
            )
    return State(registers=tuple(registers), macros=tuple(macros), unnamed=unnamed)


def _macro(path: tuple[str, ...], names: Sequence[str], sizes: tuple[int, int, int]) -> Macro:
    depth, width, parts = sizes
    module, name = names[-1], path[-1]
    if module == CORRECTED and len(names) > 1:
        module, name = names[-2], path[-2]
    return Macro(path=path, module=module, name=name, depth=depth, width=width, parts=parts)


def _instances(
    found: Mapping[str, Contents],
    name: str,
    path: tuple[str, ...] = (),
    above: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every instance, by its path and the modules on it, its own last."""
    modules = (*above, name)
    yield path, modules
    for instance, kind in found[name].inside.items():
        yield from _instances(found, kind, (*path, instance), modules)


def _contents(
    sources: Sequence[Path], top: str, parameters: Mapping[str, int]
) -> dict[str, Contents]:
    texts = [read_file(path) for path in sources]
    name = key(
        *texts, top, repr(sorted(parameters.items())), yosys().version, Path(__file__).read_bytes()
    )

    def make(folder: Path) -> None:
        net = _netlist(sources, top, parameters)
        texts_of = {path.stem: path.read_text(encoding="utf-8") for path in sources}
        rows = {}
        for kind, one in net.items():
            if "blackbox" not in one["attributes"]:
                rows[kind] = _read(kind, one, texts_of)
        (folder / "state.json").write_text(json.dumps(rows))

    stored = json.loads((kept("states", name, make) / "state.json").read_text())
    return {
        kind: Contents(
            name=row["name"],
            flip_flops=tuple(
                tuple(Bit(register=r, element=e, bit=b) for r, e, b in bits) for bits in row["bits"]
            ),
            unnamed=row["unnamed"],
            inside=row["inside"],
            macros={instance: tuple(sizes) for instance, sizes in row["macros"].items()},
        )
        for kind, row in stored.items()
    }


def _netlist(sources: Sequence[Path], top: str, parameters: Mapping[str, int]) -> Mapping[str, Any]:
    script = [
        *read_sources(sources),
        f"blackbox {MEMORY}",
        choose(top, parameters),
        "proc",
        f"setattr -mod -unset top {top}",
        "synth -noabc -run coarse:check",
        "write_json net.json",
    ]
    with tempfile.TemporaryDirectory() as place:
        said = run(script, sources, Path(place))
        wrong = mistakes(said)
        if wrong:
            raise CircuitError("\n".join([f"module {top} cannot be synthesised:", *wrong]))
        said.checked(f"find the registers of {top}")
        net: dict[str, Any] = json.loads((Path(place) / "net.json").read_text())
    return dict(net["modules"])


def _read(kind: str, net: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """A module of a netlist as rows of JSON."""
    name = net["attributes"].get("hdlname", kind)
    targets = set(assigned(texts.get(name, "")))
    names: dict[int, list[tuple[str, int, int]]] = {}
    for wire, one in net["netnames"].items():
        if one.get("hide_name"):
            continue
        element = _INDEX.search(wire)
        register = wire[: element.start()] if element else wire
        if register.rsplit(".", 1)[-1] in targets:
            for at, bit in enumerate(one["bits"]):
                row = (register, int(element[1]) if element else 0, at)
                names.setdefault(bit, []).append(row)
    bits, unnamed = [], 0
    inside, macros = {}, {}
    for instance, cell in net["cells"].items():
        if cell["type"].startswith("$_") and "DFF" in cell["type"]:
            found = names.get(cell["connections"]["Q"][0])
            if found:
                # of a register and its alias, the longer name is the register's
                bits.append(sorted(found, key=lambda row: (-len(row[0]), row)))
            else:
                unnamed += 1
        elif cell["type"] == MEMORY:
            given = dict(numbers(cell["parameters"]))
            macros[instance] = [given["DEPTH"], given["WIDTH"], given.get("MASKS", 1)]
        elif not cell["type"].startswith("$_") and cell["type"] != "$scopeinfo":
            inside[instance] = cell["type"]
    return {"name": name, "bits": bits, "unnamed": unnamed, "inside": inside, "macros": macros}
