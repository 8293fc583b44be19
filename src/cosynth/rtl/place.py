"""A circuit on an FPGA of the ECP5 family: what it takes there, and how fast it can be clocked.

Synthesised by Yosys, placed and routed by nextpnr, without pins: paths from inputs and to outputs
do not limit the clock.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from cosynth.errors import CircuitError
from cosynth.rtl.kept import kept, key, read_file
from cosynth.rtl.tools import nextpnr, yosys
from cosynth.rtl.yosys import mistakes, read_verilog, run

# thousands of look-up tables: LFE5U-25F, -45F, -85F
Device = Literal["25k", "45k", "85k"]
_GRADE = ("--package", "CABGA381", "--speed", "6")  # the slowest
_RESULT = "result.json"
_MEGA = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Cells of an ECP5 that a circuit takes, and the frequency that its slowest path allows.

    `frequency` is in hertz; None where no path leads from a register to a register.
    """

    luts: int  # of four inputs
    carries: int  # of two bits each
    flip_flops: int
    multipliers: int  # of 18 by 18 bits
    memories: int  # blocks of 18 kbit
    small_memories: int  # of 16 x 4 bits, made of look-up tables
    frequency: float | None


def place(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int] | None = None,
    *,
    device: Device = "85k",
    seed: int = 1,
) -> Placement:
    """Place and route module `top` on an ECP5 of speed grade 6, or take the kept result.

    `seed` starts the placer; the frequency differs by some percent from one to the next.
    CircuitError with the tool's words if the sources are wrong or too much for the part.
    """
    given = parameters or {}
    texts = [read_file(path) for path in sources]
    name = key(
        *texts,
        yosys().version,
        nextpnr().version,
        repr((top, sorted(given.items()), device, seed)),
        Path(__file__).read_bytes(),
    )

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as where:
            found = _placed(
                sources, top, given, (f"--{device}", *_GRADE, "--seed", str(seed)), Path(where)
            )
        (folder / _RESULT).write_text(json.dumps(asdict(found)))

    return Placement(**json.loads((kept("placements", name, make) / _RESULT).read_text()))


def _placed(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int],
    part: Sequence[str],
    folder: Path,
) -> Placement:
    synthesised = run(
        [
            *read_verilog(sources, top, parameters),
            f"synth_ecp5 -noiopad -top {top} -json net.json",
            "tee -q -o stat.json stat -json",
        ],
        sources,
        folder,
    )
    wrong = mistakes(synthesised)
    if wrong:
        raise CircuitError("\n".join([f"module {top} cannot be synthesised:", *wrong]))
    synthesised.checked(f"synthesise {top}")
    cells = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    # text of a bitstream cannot be written without pins; a netlist can
    written = ("--json", "net.json", "--write", "placed.json", "--report", "report.json")
    options = (*part, "--out-of-context", "--timing-allow-fail", "-q")
    nextpnr().run([*options, *written], folder).checked(f"place {top}")
    clocks = json.loads((folder / "report.json").read_text())["fmax"].values()
    return Placement(
        luts=cells.get("LUT4", 0),
        carries=cells.get("CCU2C", 0),
        flip_flops=cells.get("TRELLIS_FF", 0),
        multipliers=cells.get("MULT18X18D", 0),
        memories=cells.get("DP16KD", 0),
        small_memories=cells.get("TRELLIS_DPR16X4", 0),
        frequency=min((clock["achieved"] * _MEGA for clock in clocks), default=None),
    )
