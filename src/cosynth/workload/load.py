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

    `dims` gives the symbolic dimensions of an ONNX file their sizes.

    >>> load("resnet18@batch:2").operations
    3628146688
    """
    dims = dict(dims or {})
    path, text = Path(model), ""
    if not _exists(path) and "@" in model:
        name, _, text = model.rpartition("@")
        path = Path(name)
    looks_like_a_file = path.suffix in _SUFFIXES or len(path.parts) > 1
    if not (looks_like_a_file or path.is_absolute() or _exists(path)):
        return zoo.load(model)
    if path.suffix == ".onnx":
        if text:
            raise SpecError(
                f"{model}: an ONNX file takes no options; give sizes with --dim name=8"
            )
        return _onnx(_file(path), dims)
    if path.suffix == ".toml":
        if text:
            raise SpecError(f"{model}: a TOML workload takes no options")
        return _toml(_file(path))
    if path.is_dir() and not text and path.name in zoo.names():
        return zoo.load(model)
    return _config(path, f"{path}@{text}" if text else str(path))


def _onnx(path: Path, dims: Mapping[str, int]) -> Workload:
    from cosynth.workload.readers import onnx  # a heavy library stands behind it

    return onnx.read(path, dims)


def _toml(path: Path) -> Workload:
    from cosynth.workload.readers import toml

    return toml.read(path)


def _config(path: Path, request: str) -> Workload:
    from cosynth.workload.readers import huggingface

    _, options = zoo.parse_request(request if "@" in request else str(path).replace("@", ""))
    if path.is_dir():
        path /= "config.json"
    elif path.suffix != ".json":
        _file(path)
        raise SpecError(
            f"{path}: not a model file; use .onnx, .toml, config.json or a name of the zoo"
        )
    return huggingface.read(_file(path), options)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or a null byte in it
        return False


def _file(path: Path) -> Path:
    if not _exists(path):
        folder = path.parent
        there = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        what = "no such file" if folder.is_dir() else f"no such folder: {folder}"
        raise SpecError(f"{path}: {what}{did_you_mean(path.name, there)}")
    if path.is_dir():
        raise SpecError(f"{path}: a folder, not a file")
    return path
