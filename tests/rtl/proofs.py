"""Properties proven with the SAT solver of Yosys, over all inputs and all states at power-on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cosynth.rtl.yosys import mistakes, read_verilog, run


def never(
    output: str, sources: Sequence[Path], top: str, parameters: Mapping[str, int], cycles: int
) -> bool:
    """Whether `output` stays 0 for `cycles` cycles after a reset of one, whatever the inputs.

    Resets may come at any later time too. If not, the run that shows it is printed.
    """
    commands = [
        *read_verilog(sources, top, parameters),
        *("proc", "flatten", "memory_collect", "memory_map", "opt -full"),
        f"sat -seq {cycles + 1} -set-at 1 rst 1 -prove-skip 1 -prove {output} 0 "
        f"-show-inputs -show-outputs {top}",
    ]
    said = run(commands, sources)
    assert not mistakes(said), mistakes(said)
    if "SAT proof finished - no model found: SUCCESS" in said.out:
        return True
    assert "SAT proof finished - model found: FAIL" in said.out, said.out[-2000:]
    print(said.out[said.out.index("Time Signal") :])  # noqa: T201
    return False
