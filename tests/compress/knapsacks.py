"""Tables of options drawn by seed, and the best choice by trying all."""

from __future__ import annotations

import itertools
import math

import numpy as np

from cosynth.compress.choice import Table


def drawn(seed: int, layers: int, options: int) -> Table:
    """Bits and latencies that rise as the error falls, with ties, spans and forbidden options."""
    rng = np.random.default_rng(seed)
    elements = rng.integers(1, 10 ** rng.integers(1, 8), (layers, 1))
    widths = np.sort(rng.choice([2, 3, 4, 4.25, 5, 6, 8, 8.25, 16], options, replace=False))
    error = 10.0 ** rng.uniform(-9 if seed % 3 else -2, 0, (layers, 1)) * 4.0**-widths
    error = error * rng.uniform(0.3, 3, (layers, options))
    if seed % 4 == 0:
        error = np.round(error, 3)
    latency = rng.integers(1, 50, (layers, options)) * 1e-6
    if seed % 5 == 0:
        latency[rng.integers(layers), rng.integers(options)] = math.inf
    return Table(
        layers=tuple(f"l{at}" for at in range(layers)),
        options=tuple(f"o{at}" for at in range(options)),
        figures={"bits": elements * widths, "error": error, "latency": latency},
    )


def brute(table: Table, limits: dict[str, float]) -> float:
    """The least error of all choices that keep the limits."""
    layers, options = len(table.layers), len(table.options)
    every = np.array(list(itertools.product(range(options), repeat=layers)))
    totals = {
        name: np.sum([values[at, every[:, at]] for at in range(layers)], axis=0)
        for name, values in table.figures.items()
    }
    kept = np.isfinite(totals["latency"])
    for name, most in limits.items():
        kept &= totals[name] <= most * (1 + 1e-15)
    return float(totals["error"][kept].min(initial=math.inf))


def limits_of(table: Table, seed: int) -> dict[str, float]:
    """A limit on bits between the least and the most, and for odd seeds one on latency."""
    rng = np.random.default_rng(seed)
    bits, latency = table.figures["bits"], table.figures["latency"]
    low, high = bits.min(axis=1).sum(), bits.max(axis=1).sum()
    limits = {"bits": float(low + rng.uniform() * (high - low))}
    if seed % 2:
        finite = np.where(np.isfinite(latency), latency, 0)
        limits["latency"] = float(rng.uniform(0.5, 1) * finite.max(axis=1).sum())
    return limits
