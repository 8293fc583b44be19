"""Tensors that break codecs: boundaries, patterns of bits, blocks at the edge of a rule."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.format.element import Element
from cosynth.testing import rational

FLOAT32 = np.float32
Floats = NDArray[np.float32]


def bits(pattern: Any) -> Floats:
    """Return the floats of these bits."""
    return np.array(pattern, dtype=np.uint32).view(FLOAT32)


def around(values: Any) -> Floats:
    """Return each float32 with its neighbours, and all with both signs."""
    with np.errstate(over="ignore"):
        values = np.array(values, dtype=FLOAT32)
    near = [values, np.nextafter(values, FLOAT32(np.inf)), np.nextafter(values, FLOAT32(-np.inf))]
    found = np.concatenate(near)
    return np.concatenate([found, -found])


def boundaries(element: Element, most: int = 600) -> Floats:
    """Return an element's values and the middles between them, with their float32 neighbours."""
    if element.values:
        grid = sorted(Fraction(float(FLOAT32(v))) for v in element.values)
    elif rational.width(element) > rational.LISTED:
        # too many for a list: the middles of a wider float are patterns of bits
        near = np.arange(-4, 5) + (np.arange(1, 250, 7)[:, None] << 23)
        return around(bits(np.concatenate([near, near + (1 << 12), near + (3 << 12)]).reshape(-1)))
    else:
        grid = list(rational.magnitudes(element))
        if len(grid) > most:
            step = len(grid) // most + 1
            grid = [*grid[:200], *grid[200:-200:step], *grid[-200:]]
            middles = [(a + b) / 2 for a, b in itertools.pairwise(grid)]
            middles += [(a + b) / 2 for a, b in zip(grid[-199:-1], grid[-198:], strict=True)]
            return around([float(v) for v in (*grid, *middles)])
        # the first value that is not there, and the middle to it
        grid.append(2 * grid[-1] - grid[-2])
    middles = [(a + b) / 2 for a, b in itertools.pairwise(grid)]
    with np.errstate(over="ignore"):
        return around([float(v) for v in (*grid, *middles)])


def patterns(rng: np.random.Generator, count: int) -> Floats:
    """Return random bits: all exponents alike, NaN and infinity among them."""
    return rng.integers(0, 2**32, count, dtype=np.uint32).view(FLOAT32)


SPECIAL = bits([0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x00800000, 0x80800000, 0x00800001,
                0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000])  # fmt: skip
NANS = bits([0x7FC00000, 0xFFC00000, 0x7F800001])


def adversarial(rng: np.random.Generator, block: int) -> Floats:
    """Return blocks, [n, block]: peaks beside powers of two, zeros, subnormals, infinity, NaN."""
    rows = []
    for exponent in (-126, -125, -120, -118, -100, -20, -7, -1, 0, 1, 2, 6, 40, 126, 127):
        for offset in (-11, -1, 0, 1):
            base = max((exponent + 127 << 23) + offset, 1)
            peak = bits([base])[0]
            row = (rng.uniform(-1, 1, block) * float(peak)).astype(FLOAT32)
            row[rng.integers(block)] = peak if rng.random() < 0.5 else -peak
            rows.append(row)
    for fraction in (0.75, 0.875, 0.9375, 0.9921875, 0.5 + 7 / 32):  # beside the largest values
        row = np.full(block, fraction, dtype=FLOAT32)
        row[0] = np.nextafter(FLOAT32(2 * fraction), FLOAT32(4))
        row[-1] = 2 * fraction
        rows.append(row)
    rows.append(np.zeros(block, dtype=FLOAT32))
    rows.append(-np.zeros(block, dtype=FLOAT32))
    rows.append(bits(rng.integers(0, 2**23, block)))
    for special in (*SPECIAL, *NANS):
        row = rng.standard_normal(block).astype(FLOAT32)
        row[rng.integers(block)] = special
        rows.append(row)
    rows.append(np.exp2(rng.uniform(-140, 127, block)).astype(FLOAT32))
    rows.append((np.round(rng.uniform(-8, 8, block) * 8) / 8).astype(FLOAT32))
    rows.append(np.exp2(rng.integers(-8, 8, block)).astype(FLOAT32))
    return np.stack(rows)
