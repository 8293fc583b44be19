"""Parametrised hardware: functions that return a `Hardware`, one family a file of its name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache

from cosynth.errors import SpecError, did_you_mean
from cosynth.hardware.tree import Hardware


@cache
def families() -> tuple[str, ...]:
    """Names of all families: the modules of this folder."""
    return tuple(module.name for module in pkgutil.iter_modules(__path__))


def arguments(family: str) -> dict[str, object]:
    """Arguments of a family with their defaults; SpecError with the nearest name."""
    if family not in families():
        near = did_you_mean(family, families())
        raise SpecError(f"unknown family {family!r}{near}; known: {', '.join(families())}")
    parameters = inspect.signature(_function(family)).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def make(family: str, values: Mapping[str, object]) -> Hardware:
    """Call a family by name; SpecError for an argument it does not have."""
    known = arguments(family)
    for name in values:
        if name not in known:
            near = did_you_mean(name, known)
            raise SpecError(f"family {family!r} has no parameter {name!r}{near}")
    built = _function(family)(**values)
    assert isinstance(built, Hardware)
    return built


def _function(family: str):  # type: ignore[no-untyped-def]
    return getattr(importlib.import_module(f"{__name__}.{family}"), family)
