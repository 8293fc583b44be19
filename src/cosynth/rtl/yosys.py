"""One run of Yosys: a script in a process of its own, and what it warned of.

A process each, as a second design in one process comes out with another area than in a fresh one.
Files are copied to where it runs and named without a folder: in WebAssembly it has a `/tmp` of its
own and does not see ours.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cosynth.errors import CircuitError
from cosynth.rtl.tools import Said, yosys

# what is a mistake in the circuit, though Yosys goes on
_MISTAKE = re.compile(
    r"^Warning: (.*(?:implicitly declared|no driver|conflicting drivers|Resizing cell port).*)$",
    re.MULTILINE,
)
_ERROR = re.compile(r"^(?:\S+:\d+: )?ERROR: ?(.*)$|^\S+:\d+:\d+: error: (.*)$", re.MULTILINE)


def run(commands: Sequence[str], files: Sequence[Path], folder: Path | None = None) -> Said:
    """Run the commands one after the other, to the end or the first error.

    It runs in `folder`, which keeps what it writes, or in a temporary one. The commands call
    `files` by their names alone; no two may have the same.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as name:
            return run(commands, files, Path(name))
    if len({path.name for path in files}) < len(files):
        raise CircuitError(f"two of these files have one name: {', '.join(map(str, files))}")
    for path in files:
        try:
            shutil.copyfile(path, folder / path.name)
        except OSError as error:
            raise CircuitError(f"{path}: cannot be read: {error.strerror}") from None
    return yosys().run(["-p", "; ".join(commands)], folder)


def mistakes(said: Said) -> tuple[str, ...]:
    """Return the warnings that show a mistake in the circuit, and the error it stopped with."""
    text = said.out + said.err
    # a warning is repeated in a list at the end
    found = dict.fromkeys((*_MISTAKE.findall(text), *map("".join, _ERROR.findall(text))))
    if said.status and not found:
        said.checked("read the circuit")
    return tuple(found)


def read_sources(sources: Sequence[Path]) -> list[str]:
    """Commands that read with Yosys's own reader, which keeps one module for equal instances."""
    return [f"read_verilog -sv {path.name}" for path in sources]


def choose(top: str, parameters: Mapping[str, int]) -> str:
    """Return the commands that make `top` with these parameters the top of what was read."""
    top_of = f"hierarchy -check -top {top}"
    if not parameters:
        return top_of
    # `hierarchy -chparam` stops at an array of wires between instances; this does not
    chosen = "".join(f" -set {name} {value}" for name, value in sorted(parameters.items()))
    return "; ".join([f"chparam{chosen} {top}", top_of, f"rename -top {top}"])


def read_verilog(sources: Sequence[Path], top: str, parameters: Mapping[str, int]) -> list[str]:
    """Commands that read module `top` with Yosys's own reader."""
    return [*read_sources(sources), choose(top, parameters)]


def read_slang(sources: Sequence[Path], top: str, parameters: Mapping[str, int]) -> list[str]:
    """Commands that read with slang, which knows nearly all of SystemVerilog and flattens."""
    chosen = "".join(f" -G {name}={value}" for name, value in sorted(parameters.items()))
    files = " ".join(path.name for path in sources)
    # more than one thread is not to be had in WebAssembly
    return [f"read_slang --threads 1 --top {top}{chosen} {files}"]
