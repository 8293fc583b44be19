"""What is built once and kept: folders in the user's cache, named by what made them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cosynth.errors import CircuitError

LIMIT = "COSYNTH_CACHE"  # bytes that may be kept, in the environment
USUAL_LIMIT = 4_000_000_000  # bytes, assumed: some hundreds of chips
# seconds for which all that was used stays: a process opens what it asked for within that time, and
# what it has opened stays its own when the file is removed
RECENT = 3600.0


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
    return there if _used(there) else None


def kept(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `kind/name`, made by `make(folder)` if it is not there yet.

    It is made beside and moved into place, so a reader never sees half of it; of two processes
    that make the same one, the first to finish wins. What was used least recently then goes.
    """
    home = cache_folder() / kind
    there = home / name
    if _used(there):
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
    evict(limit())
    return there


def limit() -> float:
    """Return the bytes that may be kept: `$COSYNTH_CACHE`, or 4 GB; CircuitError for no number."""
    text = os.environ.get(LIMIT, "")
    try:
        bytes_ = float(text or USUAL_LIMIT)
    except ValueError:
        bytes_ = -1.0
    if not bytes_ >= 0:
        raise CircuitError(f"{LIMIT}={text}: give bytes that may be kept, as 4e9")
    return bytes_


def evict(most: float) -> int:
    """Remove what was used least recently until at most so many bytes are kept; returns those left.

    What was used within the last hour stays.
    """
    now = time.time()
    entries = []
    for path in cache_folder().glob("*/*"):
        try:
            entries.append((path.stat().st_mtime, _size(path), path))
        except FileNotFoundError:  # another process removed it
            continue
    left = sum(size for _, size, _ in entries)
    for used, size, path in sorted(entries):
        if left <= most or now - used < RECENT:
            break
        # out of its place at once: nobody finds half of it
        gone = path.parent / f".gone-{os.getpid()}-{path.name}"
        try:
            path.rename(gone)
        except OSError:
            continue
        shutil.rmtree(gone, ignore_errors=True)
        left -= size
    return left


def _used(there: Path) -> bool:
    """Whether it is there; says that it was used now."""
    try:
        os.utime(there)
    except PermissionError:  # a cache that is only read
        return there.is_dir()
    except OSError:
        return False
    return there.is_dir()


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(root) / name).st_size
            except FileNotFoundError:
                continue
    return total


def _temporary() -> Path:
    folder = Path(tempfile.gettempdir()) / f"cosynth-{os.getuid()}" / "rtl"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
