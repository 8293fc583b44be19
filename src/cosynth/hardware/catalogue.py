"""Hardware by name: every file of `hardware/devices` and every family function, found by file."""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path

from cosynth.errors import SpecError, did_you_mean
from cosynth.hardware.reader import read
from cosynth.hardware.tree import Hardware


@cache
def names() -> tuple[str, ...]:
    """Names of all catalogue devices, those of installed packages included."""
    return tuple(sorted(_files()))


def load(name: str) -> Hardware:
    """Return hardware by catalogue name or by path of a TOML file."""
    if name.endswith(".toml") or "/" in name:
        return read(Path(name))
    if name not in names():
        near = did_you_mean(name, names())
        known = ", ".join(names())
        raise SpecError(f"unknown hardware {name!r}{near or f'; known: {known}'} (or give a .toml)")
    return _device(name)


@cache
def _device(name: str) -> Hardware:
    return read(_files()[name])


def _files() -> dict[str, Path]:
    """Name -> file; the entry point group `cosynth.hardware` names folders of further files."""
    folders = [Path(str(resources.files("cosynth.hardware").joinpath("devices")))]
    for point in entry_points(group="cosynth.hardware"):
        folders.append(Path(str(point.load())))
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}
