"""Which Cosynth made a result."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def version() -> str:
    """Return the version of the installed package, or "unknown" in a bare source tree."""
    try:
        return installed("cosynth")
    except PackageNotFoundError:
        return "unknown"
