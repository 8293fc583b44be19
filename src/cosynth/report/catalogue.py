"""What there is, by kind: a name and a line on each."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable

from cosynth.errors import SpecError, did_you_mean
from cosynth.report.contract import EntryData, ListData
from cosynth.report.number import counted
from cosynth.units import show

# families of which `generate` makes circuits
CIRCUITS = ("engine",)


def listing(kind: str) -> ListData:
    """Return all entries of a kind; SpecError with the nearest kind.

    >>> listing("families")["entries"][0]["name"]
    'engine'
    """
    if kind not in KINDS:
        near = did_you_mean(kind, KINDS)
        raise SpecError(f"no list of {kind!r}{near}; there are {', '.join(KINDS)}")
    return {"cosynth": "list", "kind": kind, "entries": KINDS[kind]()}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of a kind without building anything."""
    return _NAMES[kind]()


def _models() -> list[EntryData]:
    from cosynth.workload import zoo

    return [_model(name) for name in zoo.names()]


def _model(name: str) -> EntryData:
    from cosynth.workload import zoo

    model = zoo.load(name)
    size = show(model.parameters, "number")
    return {
        "name": name,
        "about": f"{size} parameters, {show(model.operations, 'number')} operations",
    }


def _hardware() -> list[EntryData]:
    import cosynth.hardware as room

    chips = [(name, room.load(name)) for name in room.names()]
    return [{"name": n, "about": one.title, "circuit": one.family in CIRCUITS} for n, one in chips]


def _formats() -> list[EntryData]:
    from cosynth.format import names as known

    return [_format(name) for name in known()]


def _format(name: str) -> EntryData:
    from cosynth.format import known, mac_gates

    found = known(name)
    smallest, largest = found.reach
    rule = found.rule if found.scale else ""
    over = f"blocks of {found.block}" if found.block else "the tensor"
    parts = (
        counted(found.bits, "bit"),
        found.kind,
        f"{smallest:.4g} to {largest:.4g}",
        f"{rule} over {over}" if rule else "",
        f"{mac_gates(found, found):,.0f} gates a unit",
    )
    return {
        "name": found.name,
        "about": ", ".join(part for part in parts if part),
        "bits": float(found.bits),
        "smallest": smallest,
        "largest": largest,
        "rule": rule,
    }


def _optimizers() -> list[EntryData]:
    return [{"name": name, "about": _about_optimizer(name)} for name in _optimizer_names()]


def _about_optimizer(name: str) -> str:
    try:
        module = importlib.import_module(f"cosynth.search.optimisers.{name}")
    except ImportError:  # of another package, or what it needs is not installed
        return "needs a package that is not installed, or comes from another package"
    return _first_line(module)


def _families() -> list[EntryData]:
    return [_family(name) for name in _family_names()]


def _family(name: str) -> EntryData:
    from cosynth.hardware.families import arguments

    module = importlib.import_module(f"cosynth.hardware.families.{name}")
    return {
        "name": name,
        "about": f"{_first_line(module)} Parameters: {', '.join(arguments(name))}",
        "circuit": name in CIRCUITS,
    }


def _first_line(module: object) -> str:
    return (inspect.getdoc(module) or "").partition("\n")[0]


def _model_names() -> tuple[str, ...]:
    from cosynth.workload import zoo

    return zoo.names()


def _hardware_names() -> tuple[str, ...]:
    from cosynth.hardware import names as known

    return known()


def _format_names() -> tuple[str, ...]:
    from cosynth.format import names as known

    return known()


def _optimizer_names() -> tuple[str, ...]:
    from cosynth.search import optimisers

    return optimisers()


def _family_names() -> tuple[str, ...]:
    from cosynth.hardware.families import families

    return families()


_NAMES: dict[str, Callable[[], tuple[str, ...]]] = {
    "models": _model_names,
    "hardware": _hardware_names,
    "formats": _format_names,
    "optimizers": _optimizer_names,
    "families": _family_names,
}
KINDS: dict[str, Callable[[], list[EntryData]]] = {
    "models": _models,
    "hardware": _hardware,
    "formats": _formats,
    "optimizers": _optimizers,
    "families": _families,
}
