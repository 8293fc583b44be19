"""What is built once and kept: folders in the user's cache, named by what made them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cosynth.errors import CircuitError


def cache_folder() -> Path:
    """Where circuits keep what they built: `$XDG_CACHE_HOME/cosynth/rtl`, or below `~/.cache`.

    Where that cannot be written, a folder of the user's among the temporary ones.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "cosynth" / "rtl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _temporary()
    return folder if os.access(folder, os.W_OK) else _temporary()


def key(*parts: str | bytes) -> str:
    """Return a name for what is made of these parts; the same parts give the same name."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        # lengths first: otherwise "ab", "c" and "a", "bc" would meet
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()[:24]


def read_file(path: Path) -> bytes:
    """Return what a file holds; CircuitError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CircuitError(f"{path}: cannot be read: {error.strerror}") from None


def found(kind: str, name: str) -> Path | None:
    """Return the folder `kind/name` if it was made."""
    there = cache_folder() / kind / name
    return there if there.is_dir() else None


def kept(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `kind/name`, made by `make(folder)` if it is not there yet.

    It is made beside and moved into place, so a reader never sees half of it; of two processes
    that make the same one, the first to finish wins.
    """
    home = cache_folder() / kind
    there = home / name
    if there.is_dir():
        return there
    home.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=home))
    try:
        make(beside)
        beside.chmod(0o755)
        try:
            beside.rename(there)
        except OSError:
            if not there.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return there


def _temporary() -> Path:
    folder = Path(tempfile.gettempdir()) / f"cosynth-{os.getuid()}" / "rtl"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
