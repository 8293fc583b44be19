"""The modules of a circuit one by one: each is mapped to cells once, in whatever circuit it stands.

A module with its parameters comes out the same wherever it is, as nothing is optimised across its
borders; a chip is made of some fifty, and two chips share most of them.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cosynth.errors import CircuitError
from cosynth.rtl.kept import found, kept, key, read_file
from cosynth.rtl.tools import yosys
from cosynth.rtl.yosys import choose, mistakes, read_sources, run

_KIND, _RESULT = "parts", "result.json"
Parameters = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What stands in one module: how often each kind of cell or module, and each macro."""

    name: str
    parameters: Mapping[str, int]
    kinds: Mapping[str, int]
    macros: Mapping[tuple[str, Parameters], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How modules become cells: those of a Liberty file, and which modules are macros."""

    liberty: Path
    booth: bool
    macros: tuple[str, ...]


def modules(
    sources: Sequence[Path], top: str, parameters: Mapping[str, int], recipe: Recipe
) -> dict[str, Module]:
    """Return every module below `top` in cells, computed or kept; `top` keeps its name.

    CircuitError with the words of Yosys if the sources are wrong or warn of a mistake.
    """
    raw = _run(sources, top, parameters, recipe, ["proc"])
    texts = {path.name: read_file(path) for path in sources}
    inner = [name for name, one in raw.items() if "blackbox" not in one["attributes"]]
    names = {name: _key(name, raw, texts, recipe) for name in inner}
    known = {name: one for name in inner if (one := _kept(names[name])) is not None}
    missing = [name for name in inner if name not in known]
    if missing:
        commands = [
            *(f"blackbox {name}" for name in known),
            # from here on no module is unused, though what held it is a black box by now
            f"setattr -mod -unset top {top}",
            f"synth{' -booth' if recipe.booth else ''} -run coarse:check",
            *cells(recipe.liberty),
        ]
        made = _run(sources, top, parameters, recipe, commands)
        for name in missing:
            known[name] = module(name, made[name], recipe.macros)
            _keep(names[name], known[name])
    return known


def flattened(
    sources: Sequence[Path], top: str, parameters: Mapping[str, int], recipe: Recipe
) -> dict[str, Module]:
    """Return `top` with all that is below it as one module in cells; errors as of `modules`."""
    name = key(*map(read_file, sources), repr((top, sorted(parameters.items()))), _recipe(recipe))
    known = _kept(name)
    if known is None:
        booth = " -booth" if recipe.booth else ""
        commands = [f"synth{booth} -flatten -top {top}", *cells(recipe.liberty)]
        made = _run(sources, top, parameters, recipe, commands)
        known = module(top, made[top], recipe.macros)
        _keep(name, known)
    return {top: known}


def cells(liberty: Path) -> list[str]:
    """Commands that map generic gates to the cells of a library."""
    return [f"dfflibmap -liberty {liberty.name}", f"abc -liberty {liberty.name}", "opt_clean",
            "check"]  # fmt: skip


def module(name: str, net: Mapping[str, Any], macros: Sequence[str]) -> Module:
    """A module of a netlist as Yosys writes it in JSON."""
    kinds: Counter[str] = Counter()
    memories: Counter[tuple[str, Parameters]] = Counter()
    for cell in net["cells"].values():
        if cell["type"] in macros:
            memories[cell["type"], numbers(cell["parameters"])] += 1
        elif cell["type"] != "$scopeinfo":
            kinds[cell["type"]] += 1
    return Module(
        name=net["attributes"].get("hdlname", name),
        parameters=dict(numbers(net.get("parameter_default_values", {}))),
        kinds=dict(sorted(kinds.items())),
        macros=dict(sorted(memories.items())),
    )


def _run(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int],
    recipe: Recipe,
    commands: Sequence[str],
) -> dict[str, Any]:
    """Modules of the netlist that these commands make of a circuit."""
    script = [
        *read_sources(sources),
        *(f"blackbox {macro}" for macro in recipe.macros),
        choose(top, parameters),
        *commands,
        "write_json net.json",
    ]
    with tempfile.TemporaryDirectory() as place:
        said = run(script, [*sources, recipe.liberty], Path(place))
        wrong = mistakes(said)
        if wrong:
            raise CircuitError("\n".join([f"module {top} cannot be synthesised:", *wrong]))
        said.checked(f"synthesise {top}")
        net: dict[str, Any] = json.loads((Path(place) / "net.json").read_text())
    return dict(net["modules"])


def _key(name: str, raw: Mapping[str, Any], texts: Mapping[str, bytes], recipe: Recipe) -> str:
    """What a module in cells follows from: its text, and the ports of those that stand in it."""
    kinds = {cell["type"] for cell in raw[name]["cells"].values()}
    files = sorted({_file(raw[kind]) for kind in kinds if kind in raw} | {_file(raw[name])})
    return key(
        name,
        repr(sorted(raw[name].get("parameter_default_values", {}).items())),
        *(texts[file] for file in files),
        _recipe(recipe),
    )


def _recipe(recipe: Recipe) -> str:
    return key(
        read_file(recipe.liberty),
        repr((recipe.booth, recipe.macros)),
        yosys().version,
        Path(__file__).read_bytes(),
    )


def _file(net: Mapping[str, Any]) -> str:
    return str(net["attributes"]["src"]).split(":", 1)[0]


def _kept(name: str) -> Module | None:
    folder = found(_KIND, name)
    if folder is None:
        return None
    stored = json.loads((folder / _RESULT).read_text())
    memories = {(kind, tuple(map(tuple, chosen))): n for kind, chosen, n in stored.pop("macros")}
    return Module(**stored, macros=memories)


def _keep(name: str, one: Module) -> None:
    memories = [(kind, chosen, n) for (kind, chosen), n in one.macros.items()]
    text = json.dumps(asdict(replace(one, macros={})) | {"macros": memories})

    def make(folder: Path) -> None:
        (folder / _RESULT).write_text(text)

    kept(_KIND, name, make)


def numbers(parameters: Mapping[str, str]) -> Parameters:
    """Parameters as numbers; Yosys writes 32-bit ones as text of zeros and ones."""
    return tuple(sorted((name, _number(text)) for name, text in parameters.items()))


def _number(bits: str) -> int:
    value = int(bits, 2)
    return value - (1 << 32) if len(bits) == 32 and bits[0] == "1" else value
