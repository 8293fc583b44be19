"""The codec against other libraries: `python -m bench.formats --libraries` and `--speed`.

The first compares values; the second times 4096 x 4096 float32, there and back, against torchao.
They run in an environment of their own, made below `--environments` at the first run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import formats_libraries
from bench.rivals.environment import HERE, MARK, Tool, python_of
from cosynth.format import known, quantised

NAMES = ("mxfp4", "mxfp8", "mxint8", "nvfp4")
TORCHAO = Tool(folder="formats", package="torchao", version="0.18.0", least=(3, 11),
               also=("torch==2.13.0", "numpy", "ml_dtypes==0.6.0", "gfloat==0.5.2",
                     "qonnx==1.0.0", "onnx==1.23.2"))  # fmt: skip
SIDE, RUNS, SEED = 4096, 5, 0
GOAL_JAX, GOAL_NUMPY = 10, 3


def fastest(function: Callable[[], object], runs: int = RUNS) -> float:
    """Seconds of the fastest run, after one that does not count."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> int:
    """Compare values, speed, or both if nothing is asked for; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", action="store_true", help="values of five libraries")
    parser.add_argument("--speed", action="store_true", help="times against torchao's")
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".environments")
    options = parser.parse_args()
    both = not (options.libraries or options.speed)
    python = python_of(TORCHAO, options.environments.absolute())
    wrong = formats_libraries.main(python) if options.libraries or both else 0
    return wrong | (speed(python) if options.speed or both else 0)


def speed(python: Path) -> int:
    """Measure all in one run and print ratios; 1 if torchao's MX values differ from ours."""
    import jax.numpy as jnp

    x = np.random.default_rng(SEED).standard_normal((SIDE, SIDE)).astype(np.float32)
    on_jax = jnp.asarray(x)
    ours: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        np.save(folder / "x.npy", x)
        copy = fastest(x.copy)
        for name in NAMES:
            format = known(name)
            np.save(folder / f"{name}.npy", quantised(x, format))
            compiled = fastest(lambda f=format: quantised(on_jax, f).block_until_ready())
            ours[name] = compiled, fastest(lambda f=format: quantised(x, f))
        worker = Path(__file__).with_name("_formats_torchao.py")
        command = [str(python), str(worker), place, str(RUNS), str(os.cpu_count())]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line[len(MARK) :]) for line in printed.splitlines() if MARK in line[:2]]
    theirs = {line["name"]: line for line in lines}
    print(
        f"copy: {copy * 1e3:.1f} ms, {2 * x.nbytes / copy / 1e9:.1f} GB/s; {os.cpu_count()} cores"
    )
    print(f"{'format':8} {'JAX ms':>8} {'NumPy ms':>9} {'torchao ms':>11} {'JAX x':>7}"
          f" {'NumPy x':>8} {'JAX/copy':>9} {'NumPy/copy':>11} {'GB/s JAX':>9}"
        f" {'differ':>7}")  # fmt: skip
    for name, (compiled, chunked) in ours.items():
        other = theirs.get(name)
        row = f"{name:8} {compiled * 1e3:8.1f} {chunked * 1e3:9.1f}"
        if other:
            seconds = other["seconds"]
            row += f" {seconds * 1e3:11.1f} {seconds / compiled:7.1f} {seconds / chunked:8.1f}"
        else:
            row += f" {'has none':>11} {'-':>7} {'-':>8}"
        moved = 2 * x.nbytes / compiled / 1e9
        differ = other["differ"] if other else "-"
        print(row + f" {compiled / copy:9.1f} {chunked / copy:11.1f} {moved:9.1f} {differ:>7}")
    print(f"goals: JAX {GOAL_JAX}, NumPy {GOAL_NUMPY} times as fast as torchao")
    print("differ: values other than ours; torchao multiplies NVFP4 by a reciprocal, we divide")
    return int(any(line["differ"] for line in lines if line["name"] != "nvfp4"))


if __name__ == "__main__":
    raise SystemExit(main())
