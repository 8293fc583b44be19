"""The verb show: anything there is, as a person wants to see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosynth.cli._inputs import dim_option, dimensions
from cosynth.cli._output import json_option, show, width, write_json
from cosynth.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from cosynth.hardware import Hardware
    from cosynth.report.contract import SpaceData

Shown = tuple["Mapping[str, object]", "RenderableType"]
_FRONT = "front.json"


@click.command("show", short_help="A model, chip, format, design or study.")
@click.argument("thing")
@dim_option
@json_option
def command(thing: str, dims: tuple[str, ...], as_json: bool) -> None:
    """Show THING: a model, hardware, a format, an optimizer or a family by name; or a file: .onnx,
    config.json, .toml of any of these, a design, the folder that explore wrote, or the program of a
    circuit's layer.

    \b
    cosynth show resnet18
    cosynth show eyeriss
    cosynth show out/designs/d17.json
    """  # noqa: D301 click reads the mark
    data, view = _found(thing, dimensions(dims))
    if as_json:
        write_json(data)
    else:
        show(view)


def _found(thing: str, dims: dict[str, int]) -> Shown:
    if not thing.strip():
        raise SpecError("nothing to show: give a name or a file")
    path = Path(thing)
    kind = _kind(thing)
    if kind is not None:
        return _named(kind, thing, dims)
    if path.is_dir() and not (path / "config.json").is_file():
        return _study(path)
    if path.name == _FRONT or path.suffix == ".sqlite":
        return _study(path.parent)
    if path.suffix == ".json" and path.is_file() and _marked(path):
        return _design(path)
    if path.suffix == ".toml":
        return _toml(path)
    if path.suffix == ".bin" and path.is_file():
        return _program(path)
    if _is_file(path, thing):
        return _model(thing, dims)
    raise SpecError(_unknown(thing))


def _kind(thing: str) -> str | None:
    """Which catalogue knows this name."""
    from cosynth.report import catalogue

    bare = thing.partition("@")[0]
    for kind in ("models", "hardware", "formats", "optimizers", "families"):
        if (bare if kind == "models" else thing) in catalogue.names(kind):
            return kind
    # what differs from a base stands behind its name
    with_options = "-" in thing and thing.partition("-")[0] in catalogue.names("formats")
    return "formats" if with_options and not Path(thing).exists() else None


def _named(kind: str, name: str, dims: dict[str, int]) -> Shown:
    from cosynth.hardware import families, load
    from cosynth.report import catalogue
    from cosynth.report.terminal import list_view

    match kind:
        case "models":
            return _model(name, dims)
        case "hardware":
            return _chip(load(name))
        case "formats":
            return _format(name)
        case "families":
            return _chip(families.make(name, {}))
    entry = next(each for each in catalogue.listing(kind)["entries"] if each["name"] == name)
    return entry, list_view({"cosynth": "list", "kind": kind, "entries": [entry]})


def _format(name: str) -> Shown:
    from cosynth.report.number import format_data
    from cosynth.report.terminal import format_view

    data = format_data(name)
    return data, format_view(data)


def _model(request: str, dims: dict[str, int]) -> Shown:
    from cosynth.report.network import model_data
    from cosynth.report.terminal import model_view
    from cosynth.workload.load import load

    data = model_data(load(request, dims))
    return data, model_view(data)


def _chip(hardware: Hardware) -> Shown:
    from cosynth.report.chip import hardware_data
    from cosynth.report.terminal import chip_view

    data = hardware_data(hardware)
    return data, chip_view(data)


def _design(path: Path) -> Shown:
    from cosynth.codesign import design
    from cosynth.report.chip import hardware_data
    from cosynth.report.terminal.design import design_view

    found = design.read(path)
    data = hardware_data(found.hardware)
    written: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return written, design_view(found, data)


def _program(path: Path) -> Shown:
    from cosynth.report.program import program_data
    from cosynth.report.terminal.program import program_view

    data = program_data(path)
    return data, program_view(data)


def _study(folder: Path) -> Shown:
    """The front that a finished search wrote, or what a study holds that is at work or was cut."""
    from cosynth.report.terminal import front_view
    from cosynth.report.terminal.study import study_view
    from cosynth.search import Study

    front, study = folder / _FRONT, folder / "study.sqlite"
    if study.is_file():
        with Study.read(study) as kept:
            header, records = kept.header, kept.records()
        whole = _read(front) if front.is_file() else None
        if whole is None or len(whole["evaluations"]) != len(records):  # type: ignore[arg-type]
            return study_view(header, records, folder)
        return whole, front_view(whole, width())  # type: ignore[arg-type]
    if front.is_file():
        whole = _read(front)
        return whole, front_view(whole, width())  # type: ignore[arg-type]
    raise SpecError(f"{folder}: a folder without a study or a config.json")


def _read(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SpecError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(data, dict) or data.get("cosynth") != "exploration":
        raise SpecError(f"{path}: not a front that cosynth explore wrote")
    return data


def _marked(path: Path) -> bool:
    """Whether a JSON file says that Cosynth wrote it; a config.json of a model does not."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError):
        return False  # the reader of models says what is wrong
    return isinstance(document, dict) and "cosynth" in document


def _toml(path: Path) -> Shown:
    from cosynth.spec import load_toml

    table = load_toml(path)
    if "component" in table:
        from cosynth.hardware import read

        return _chip(read(path))
    if "parameter" in table:
        from cosynth.report.data import space_data
        from cosynth.report.terminal.design import space_view
        from cosynth.search import read_space

        parameters = space_data(read_space(path))
        space: SpaceData = {"cosynth": "space", "parameters": parameters}
        return space, space_view(parameters)
    if table.keys() & {"kind", "element"}:
        return _format(str(path))
    return _model(str(path), {})


def _is_file(path: Path, thing: str) -> bool:
    bare = Path(thing.rpartition("@")[0] or thing)
    return any(
        each.suffix in {".onnx", ".json"} or each.exists() or len(each.parts) > 1
        for each in (path, bare)
    )


def _unknown(thing: str) -> str:
    from cosynth.report import catalogue

    known = {name: kind for kind in catalogue.KINDS for name in catalogue.names(kind)}
    near = did_you_mean(thing.partition("@")[0], known)
    hint = near or "; cosynth list models (hardware, formats, ...) tells the names"
    return f"{thing!r}: no file, and no model, hardware, format, ... of this name{hint}"
