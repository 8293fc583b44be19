"""How the inner loops of the mapper are compiled, and where the result is kept.

The cache is keyed by all sources that are compiled together: Numba alone would not notice that a
function called by a cached one has changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OTHERS = ("table.py", "../cost/pipeline.py")


def sources() -> tuple[Path, ...]:
    """The files that are compiled together: those that import this one, and what they read."""
    here = Path(__file__).parent
    marked = (path for path in here.glob("*.py") if b"mapper.compiled import" in path.read_bytes())
    return (*sorted(marked), *(here / name for name in _OTHERS))


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Where compiled functions are kept: one folder for each state of their sources."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.read_bytes())
    digest.update(f"{numba.__version__}".encode())
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cosynth" / digest.hexdigest()[:16]


def cold() -> bool:
    """Whether the next search has to be compiled first, for a minute or so."""
    return not any(cache_folder().glob("*.nbi"))


@lru_cache(maxsize=1)
def _writable(folder: Path) -> bool:
    """Whether compiled functions can be kept; without, each process compiles its own."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def compiled(function: _Function) -> _Function:
    """Compile a function that allocates nothing: without reference counts it runs much faster."""
    return _jitted(function, _nrt=False)


def allocating(function: _Function) -> _Function:
    """Compile a function that makes arrays."""
    return _jitted(function)


def _jitted(function: _Function, **options: bool) -> _Function:
    # Numba takes the folder from its settings when a function is declared
    settings: Any = numba.config
    compiler: Any = numba.njit
    folder = cache_folder()
    before, settings.CACHE_DIR = settings.CACHE_DIR, str(folder)
    try:
        kept = _writable(folder)
        found: _Function = compiler(cache=kept, error_model="numpy", **options)(function)
    finally:
        settings.CACHE_DIR = before
    return found
