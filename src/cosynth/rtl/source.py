"""The SystemVerilog of the blocks, found by name, with all that a block is made of."""

from __future__ import annotations

import re
from pathlib import Path

from cosynth.errors import CircuitError, did_you_mean

_FOLDER = Path(__file__).parent / "blocks"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def blocks() -> tuple[str, ...]:
    """The names of all blocks: those of the files."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.sv")))


def sources(*names: str) -> tuple[Path, ...]:
    """Return the files of the named blocks and of every block that they are made of.

    CircuitError if there is no block of that name.
    """
    known = set(blocks())
    found: dict[str, Path] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in known:
            raise CircuitError(f"no block is called {name!r}{did_you_mean(name, known)}")
        found[name] = _FOLDER / f"{name}.sv"
        # a file holds the module of its name, so a word that names a file is an instance of it
        words = set(re.findall(r"\w+", _COMMENT.sub(" ", found[name].read_text())))
        waiting += sorted(words & known)
    return tuple(found[name] for name in sorted(found))
