"""Small chips on an ECP5: `python -m bench.rtl_fpga [NUMBER ...]`.

Each is synthesised, placed and routed on an LFE5U-85F of the slowest grade, which takes ten minutes
or more; results are kept. A row tells look-up tables of four inputs, flip-flops, multipliers and
memories that it takes, the frequency of its slowest path, and seconds.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from cosynth import rtl
from cosynth.format import known
from cosynth.hardware.families.engine import engine

DESIGNS: tuple[dict[str, Any], ...] = (
    {"rows": 2, "columns": 2, "stationarity": "weight"},
    {"rows": 4, "columns": 4, "stationarity": "weight"},
    {"rows": 2, "columns": 4, "stationarity": "output"},
    {"rows": 4, "columns": 2, "stationarity": "input"},
)
SIZES: dict[str, Any] = {"buffer": 8 * 1024, "registers": 8, "sums": 1024, "buffer_width": 64}


def main() -> None:
    """Place the designs of these numbers, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, default=range(len(DESIGNS)))
    for number in parser.parse_args().numbers:
        design = DESIGNS[number]
        one = rtl.chip(engine(**design, **SIZES), known("int8"), known("int8"))
        begun = time.perf_counter()
        made = rtl.place(rtl.sources("chip"), "chip", one.parameters())
        clock = "no clock" if made.frequency is None else f"{made.frequency / 1e6:5.1f} MHz"
        print(
            f"{number} {one.rows} x {one.columns} {one.flow:7} {made.luts:>7,} LUTs"
            f" {made.flip_flops:>7,} flip-flops {made.multipliers:>3} multipliers"
            f" {made.memories:>3} memories {clock} {time.perf_counter() - begun:>6.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
