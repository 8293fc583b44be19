"""Designs per second of the batched cost function for one layer: `python -m bench.throughput`.

One mapping of one convolution of ResNet-18, priced for many chips at once: buffer size, register
size, off-chip bandwidth and clock vary. NumPy runs in chunks, JAX compiled, in one run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from cosynth.codesign.estimate import prepare
from cosynth.cost import price
from cosynth.format import Assignment
from cosynth.hardware import engine, priced
from cosynth.mapper import best
from cosynth.mapping import traffic
from cosynth.workload.load import load

CHUNK = 8192


def main() -> None:
    """Print designs per second and the largest difference between the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=1 << 20)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    plan = prepare(load("resnet18"), Assignment())
    job = next(one for one in plan.jobs if one.name == "layer2.0.conv2")
    chip = priced(engine())
    mapping = best(job, chip.engines[0], chip, "edp").mapping
    counts = traffic(job.einsum, job.workload, mapping, chip.engines[0])

    def cost(buffer, registers, bandwidth, clock):  # type: ignore[no-untyped-def]
        ready = priced(
            engine(buffer=buffer, registers=registers, dram_bandwidth=bandwidth, frequency=clock)
        )
        found = price(job, counts, mapping, ready.engines[0], ready)
        return found.latency, found.energy

    generator = np.random.default_rng(0)
    columns = [
        generator.uniform(low, high, options.designs)
        for low, high in ((2**15, 2**21), (8, 256), (1e9, 5e10), (1e8, 2e9))
    ]

    def numpy_run():  # type: ignore[no-untyped-def]
        parts = []
        for at in range(0, options.designs, CHUNK):
            chunk = [column[at : at + CHUNK] for column in columns]
            parts.append([np.broadcast_to(value, chunk[0].shape) for value in cost(*chunk)])
        return [np.concatenate([part[i] for part in parts]) for i in (0, 1)]

    report("numpy", options, numpy_run)
    try:
        import jax
    except ImportError:
        print("jax: not installed (pip install 'cosynth[jax]')")
        return
    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(cost)
    placed = [jax.numpy.asarray(column) for column in columns]

    def jax_run():  # type: ignore[no-untyped-def]
        return [jax.block_until_ready(value) for value in compiled(*placed)]

    start = time.perf_counter()
    theirs = jax_run()
    print(f"jax: first call with compilation {time.perf_counter() - start:.2f} s")
    report("jax", options, jax_run)
    ours = numpy_run()
    worst = max(
        float(np.max(np.abs(np.asarray(a) / b - 1))) for a, b in zip(theirs, ours, strict=True)
    )
    print(f"largest relative difference: {worst:.1e}")


def report(name: str, options: argparse.Namespace, run: Callable[[], object]) -> None:
    """Print the median rate of several runs."""
    run()
    wall, cpu = [], []
    for _ in range(options.repeats):
        start, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - used)
    rates = options.designs / statistics.median(wall), options.designs / statistics.median(cpu)
    print(f"{name}: {rates[0]:,.0f} designs/s of wall, {rates[1]:,.0f} per CPU second")


if __name__ == "__main__":
    main()
