"""What is wrong with sources, as data: by Verilator, by Yosys, and by rules that neither has."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosynth.errors import CircuitError
from cosynth.rtl.tools import verilator
from cosynth.rtl.tree import faults
from cosynth.rtl.yosys import mistakes, read_verilog, run

_SAID = re.compile(
    r"^%(?:Warning|Error)(?:-(?P<kind>\w+))?: (?P<file>[^:\n]+):(?P<line>\d+):\d+: (?P<says>.*)$",
    re.MULTILINE,
)

_NONE = re.compile(r"^`default_nettype none\b", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A mistake of one `kind`, as the tool `by` calls it; `line` is 0 where it tells none."""

    by: str
    kind: str
    file: str
    line: int
    says: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else ""
        return f"{place}{self.says} ({self.by}, {self.kind})"


def lint(
    sources: Sequence[Path], top: str, parameters: Mapping[str, int] | None = None
) -> tuple[Finding, ...]:
    """Return every finding on module `top` with these parameters; none if it is clean.

    Verilator warns with all it has; Yosys of what is latched, undriven or driven twice; ours are
    SIGN and RESET (see `tree.py`), and NETTYPE for a file that lets undeclared names be wires.
    CircuitError if Verilator or Yosys is missing.
    """
    given = parameters or {}
    found = (*_undeclared(sources), *by_verilator(sources, top, given))
    if any(each.kind == "ERROR" for each in found):
        return found
    said = run([*read_verilog(sources, top, given), "proc", "check"], sources)
    return (
        *found,
        *(
            Finding(by="Yosys", kind="WARNING", file="", line=0, says=says)
            for says in mistakes(said)
        ),
    )


def assert_clean(
    sources: Sequence[Path], top: str, parameters: Mapping[str, int] | None = None
) -> None:
    """Raise CircuitError with all findings, one a line, if there is any."""
    found = lint(sources, top, parameters)
    if found:
        raise CircuitError("\n".join([f"module {top} is not clean:", *map(str, found)]))


def _undeclared(sources: Sequence[Path]) -> tuple[Finding, ...]:
    """Without the directive Yosys takes what it cannot resolve for a new wire, and goes on."""
    return tuple(
        Finding(
            by="Cosynth",
            kind="NETTYPE",
            file=str(path),
            line=1,
            says="the file does not begin with `default_nettype none",
        )
        for path in sources
        if path.is_file() and not _NONE.search(path.read_text())
    )


def by_verilator(
    sources: Sequence[Path], top: str, parameters: Mapping[str, int] | None = None
) -> tuple[Finding, ...]:
    """Return what Verilator warns of, and what `tree.py` finds in the tree that it prints."""
    module: list[str | Path] = [
        *("-Wall", "-Wno-fatal", "--assert", "--top-module", top),
        *(f"-G{name}={value}" for name, value in sorted((parameters or {}).items())),
        *(path.resolve() for path in sources),
    ]
    # latches are seen late, after the tree is printed: two runs
    said = verilator().run(["--lint-only", *module])
    found = [
        Finding(
            by="Verilator",
            kind=match["kind"] or "ERROR",
            file=match["file"],
            line=int(match["line"]),
            says=match["says"],
        )
        for match in _SAID.finditer(said.err + said.out)
    ]
    if said.status:
        if not found:
            said.checked(f"read module {top}")
        return tuple(found)
    with tempfile.TemporaryDirectory() as name:
        printed: list[str | Path] = ["--json-only", "--prefix", "V", "--Mdir", name, *module]
        verilator().run(printed).checked(f"print the tree of module {top}")
        tree = json.loads((Path(name) / "V.tree.json").read_text())
        files = json.loads((Path(name) / "V.tree.meta.json").read_text())["files"]
    ours = (
        Finding(
            by="Cosynth",
            kind=fault.kind,
            file=files[fault.file]["filename"],
            line=fault.line,
            says=fault.says,
        )
        for fault in faults(tree)
    )
    return (*found, *ours)
