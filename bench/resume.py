"""What it takes to measure every layer of ResNet-18 in five formats: `python -m bench.resume`.

Ratios of runs that start where a choice differs to runs from the start, and to the plain network,
all in one process.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from bench import nets
from cosynth.compress import Choice, Runner, network

FORMATS = ("int8", "mxfp8", "nvfp4", "mxfp4", "int4")


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--activations", action="store_true", help="in the same format too")
    options = parser.parse_args()
    runner = Runner(network=network(nets.resnet18(), "resnet18"))
    rng = np.random.default_rng(0)
    feeds = {"x": rng.standard_normal((options.samples, 3, 224, 224)).astype(np.float32)}
    runner.run(feeds, {})
    plain = timed(lambda: runner.run(feeds, {}))
    start = time.perf_counter()
    trace = runner.trace(feeds, {})
    tracing = time.perf_counter() - start
    resumed = whole = stored = 0.0
    count = 0
    for site in runner.network.sites:
        for name in FORMATS:
            choice = Choice(weights=name, activations=name if options.activations else "fp32")
            stored += timed(lambda site=site, name=name: runner.weight(site, name))
            choices = {site.name: choice}
            start = time.perf_counter()
            found = runner.resume(trace, choices)["scores"]
            resumed += time.perf_counter() - start
            start = time.perf_counter()
            same = np.array_equal(found, runner.run(feeds, choices)["scores"])
            whole += time.perf_counter() - start
            assert same, f"{site.name} {name}: not the same bits"
            count += 1
    print(f"{count} measurements on {options.samples} images, {', '.join(runner.engines)}")
    print(f"the network as it is: {plain:.2f} s; keeping a trace: {tracing / plain:.2f} of it")
    print(f"from where a choice differs: {resumed:.1f} s, {resumed / whole:.2f} of from the start")
    print(f"a measurement: {resumed / count / plain:.2f} of the network as it is,"
          f" storing weights beforehand {stored / count / plain:.2f}")  # fmt: skip


def timed(function: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
