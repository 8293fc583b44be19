"""One module as two readers of SystemVerilog understand it: proven equal, or shown to differ.

Simulation and synthesis read the same text with different programs; where these disagree, the chip
is not what was simulated. Yosys's own reader is held against slang.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cosynth.errors import CircuitError
from cosynth.rtl.yosys import mistakes, read_slang, read_verilog, run

_FLAT = ("proc", "flatten", "memory_collect", "memory_map", "opt_clean")
_COUNT = re.compile(r"Of those cells (\d+) are proven and (\d+) are unproven")
_SECONDS = 60  # for the search for a difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """Whether two readings agree.

    `equal`: every register and output, proven by induction, for all time. `bounded`: outputs agree
    for `cycles` cycles from a state of zeros, whatever the inputs. `different`: some input makes
    outputs differ within them; `says` tells more.
    """

    verdict: Literal["equal", "bounded", "different"]
    cycles: int
    says: str


def equal_readings(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int] | None = None,
    cycles: int = 8,
) -> Equality:
    """Compare module `top` as read by `read_verilog` and by slang.

    CircuitError if one of them cannot read it, warns of a mistake, or the search takes too long.
    """
    given = parameters or {}
    both = [
        *read_verilog(sources, top, given),
        *_FLAT,
        "rename -top gold",
        "design -stash gold",
        *read_slang(sources, top, given),
        *_FLAT,
        "rename -top gate",
        "design -copy-from gold gold",
    ]
    proof = [
        "equiv_make gold gate both",
        "hierarchy -top both",
        "clean",
        "equiv_struct",
        "equiv_simple",
        "equiv_induct",
        "tee -o status.txt equiv_status",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = run([*both, *proof], sources, folder)
        wrong = mistakes(said)
        if wrong:
            raise CircuitError("\n".join([f"module {top} is not read cleanly:", *wrong]))
        said.checked(f"compare readings of {top}")
        counted = _COUNT.search((folder / "status.txt").read_text())
    if counted is None or counted[2] == "0":
        proven = counted[1] if counted else "0"
        return Equality(verdict="equal", cycles=0, says=f"{proven} signals proven")
    return _searched(sources, top, both, cycles, unproven=int(counted[2]))


def _searched(
    sources: Sequence[Path], top: str, both: Sequence[str], cycles: int, unproven: int
) -> Equality:
    """Look for inputs that tell the readings apart, from a state of zeros in both."""
    search = [
        "miter -equiv -flatten -make_outputs gold gate miter",
        "hierarchy -top miter",
        # one cell for equal cells of both sides leaves little to search
        "opt -full",
        f"sat -set-init-zero -prove trigger 0 -seq {cycles} -show-inputs -show-outputs "
        f"-timeout {_SECONDS} miter",
    ]
    said = run([*both, *search], sources)
    text = said.out + said.err
    if "SAT proof finished - no model found: SUCCESS" in text:
        note = f"{unproven} signals not proven"
        return Equality(verdict="bounded", cycles=cycles, says=note)
    if "model found: FAIL" in text:
        return Equality(verdict="different", cycles=cycles, says=_table(text))
    if "TIMEOUT" in text:
        raise CircuitError(f"module {top}: too large to compare within {_SECONDS} s")
    said.checked(f"compare readings of {top}")
    raise CircuitError(f"module {top}: Yosys gave no verdict on two readings")


def _table(text: str) -> str:
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip().startswith("Time Signal")), 0)
    return "\n".join(line for line in lines[first : first + 12] if line.strip())
