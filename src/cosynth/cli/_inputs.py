"""What a person types, read: models, hardware, dimensions, budgets, mappings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosynth.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosynth.format import Assignment
    from cosynth.hardware import Hardware
    from cosynth.mapping import Mapping
    from cosynth.search import Budget
    from cosynth.workload import Workload

dim_option = click.option(
    "--dim",
    "dims",
    multiple=True,
    metavar="NAME=N",
    help="Size of a named dimension of an ONNX file.",
)
format_option = click.option(
    "--format", "formats", metavar="F",
    help="Number format, such as mxfp4 or weights=int4,activations=int8.  [default: int8]",
)  # fmt: skip

_NEST = re.compile(r"^\S.* on \S+$")
_DIM = re.compile(r"^\s*([^=]+?)\s*=\s*(\d+)\s*$")
_BUDGET = re.compile(r"^\s*(\d[\d_,]*)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Hardware as it was named; a design brings its formats, and mappings by model and layer."""

    hardware: Hardware
    formats: Assignment | None = None
    mappings: dict[str, dict[str, Mapping]] = field(default_factory=dict)


def dimensions(texts: Sequence[str]) -> dict[str, int]:
    """Read `batch=8` given any number of times.

    >>> dimensions(["batch=8", "length=128"])
    {'batch': 8, 'length': 128}
    """
    found: dict[str, int] = {}
    for text in texts:
        match = _DIM.match(text)
        if not match or not int(match[2]):
            raise SpecError(f"--dim {text!r}: write for example batch=8")
        if match[1] in found:
            raise SpecError(f"--dim: {match[1]!r} is given twice")
        found[match[1]] = int(match[2])
    return found


def model(request: str, dims: dict[str, int], batch: int | None = None) -> Workload:
    """Load a model for so many samples."""
    from cosynth.workload.load import load
    from cosynth.workload.passes import with_batch

    name = request.partition("@")[0]
    file = name.endswith((".onnx", ".toml"))
    if batch is None or file:
        found = load(request, dims)
        return found if batch is None else with_batch(found, batch)
    joint = "," if "@" in request else "@"
    return load(f"{request}{joint}batch:{batch}", dims)


def chip(name: str) -> Chip:
    """Read hardware: a catalogue name, a TOML file, or a design that `explore` wrote."""
    from cosynth.hardware import load

    if name.endswith(".json"):
        from cosynth.codesign import design

        found = design.read(Path(name))
        return Chip(hardware=found.hardware, formats=found.formats, mappings=found.mappings)
    if Path(name).is_dir():
        raise SpecError(
            f"{name}: a folder; give a .toml or a design, such as {name}/designs/d0.json"
        )
    return Chip(hardware=load(name))


def budget(text: str) -> Budget:
    """Read a number of evaluations, or a time.

    >>> budget("2000").evaluations, budget("10min").seconds
    (2000, 600.0)
    """
    from cosynth import units
    from cosynth.search import Budget

    hint = f"--budget {text!r}: write evaluations as 2000, or a time as 90s or 10min"
    match = _BUDGET.match(text)
    if match:
        wanted = int(re.sub("[_,]", "", match[1]))
        if not wanted:
            raise SpecError(hint)
        return Budget(evaluations=wanted)
    try:
        seconds = units.parse(text, "time")
    except SpecError:
        raise SpecError(hint) from None
    if seconds <= 0:
        raise SpecError(hint)
    return Budget(seconds=seconds)


def mappings(path: Path) -> dict[str, Mapping]:
    """Read loop nests, each begun by `EINSUM on ENGINE` at the start of a line."""
    from cosynth.errors import MappingError
    from cosynth.mapping import read

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: cannot be read: {error}") from None
    starts = [at for at, line in enumerate(lines) if _NEST.match(line)]
    if not starts:
        raise SpecError(f"{path}: no line such as 'conv1 on mac' begins a mapping")
    found: dict[str, Mapping] = {}
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        try:
            # empty lines keep the numbers in messages those of the file
            one = read("\n".join([""] * start + lines[start:end]))
        except MappingError as error:
            raise MappingError(f"{path}: {error}") from None
        found[one.einsum] = one
    return found
