"""A model from whatever names it: an ONNX, `config.json` or TOML file, or a name of the zoo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cosynth.errors import SpecError, did_you_mean
from cosynth.workload import zoo
from cosynth.workload.graph import Workload

_SUFFIXES = (".onnx", ".json", ".toml")


def load(model: str, dims: Mapping[str, int] | None = None) -> Workload:
    """Read a model file or build a model of the zoo; options may follow after `@`.

    `dims` gives the symbolic dimensions of an ONNX file their sizes. A folder holds a
    `config.json`.

    >>> load("resnet18@batch:2").operations
    3628146688
    """
    path, text = _split(model)
    if not _names_a_file(path):
        _no_dims(model, dims)
        return zoo.load(model)
    if path.suffix == ".onnx":
        _no_options(model, text)
        from cosynth.workload.readers import onnx  # a heavy library stands behind it

        return onnx.read(checked_file(path), dict(dims or {}))
    _no_dims(model, dims)
    if path.suffix == ".toml":
        _no_options(model, text)
        from cosynth.workload.readers import toml

        return toml.read(checked_file(path))
    if path.suffix != ".json" and not path.is_dir():
        checked_file(path)
        raise SpecError(
            f"{path}: not a model file; use .onnx, .toml, config.json or a name of the zoo"
        )
    from cosynth.workload.readers import huggingface

    options = zoo.parse_options(text, model) if text else zoo.Options()
    return huggingface.read(checked_file(path / "config.json" if path.is_dir() else path), options)


def _split(model: str) -> tuple[Path, str]:
    """Path and options; an `@` may also be part of a path that exists."""
    if "@" in model and not _exists(Path(model)):
        name, _, text = model.rpartition("@")
        return Path(name), text
    return Path(model), ""


def _names_a_file(path: Path) -> bool:
    """A name of the zoo stays one even where a folder is called the same."""
    if path.suffix in _SUFFIXES or len(path.parts) > 1 or path.is_absolute():
        return True
    return _exists(path) and str(path) not in zoo.names()


def _no_options(model: str, text: str) -> None:
    if text:
        raise SpecError(f"{model}: a file of this kind takes no options; write --dim name=8")


def _no_dims(model: str, dims: Mapping[str, int] | None) -> None:
    if dims:
        raise SpecError(f"{model}: only ONNX files have named dimensions; write {model}@batch:8")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or a null byte in it
        return False


def checked_file(path: Path) -> Path:
    """Return the path of a file; SpecError with the nearest name where there is none."""
    if not _exists(path):
        folder = path.parent
        there = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        what = "no such file" if folder.is_dir() else f"no such folder: {folder}"
        raise SpecError(f"{path}: {what}{did_you_mean(path.name, there)}")
    if path.is_dir():
        raise SpecError(f"{path}: a folder, not a file")
    return path
