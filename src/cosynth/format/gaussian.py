"""The error of a format where there is no tensor: what the codec does to a fixed Gaussian sample.

The sample is the quantiles of a Gaussian in the middle of 2^16 equal shares, so that its histogram
has no noise, in an order drawn once, so that blocks get peaks as random data have them.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cosynth.format.codec import WIDEST_INTEGER, quantised
from cosynth.format.element import Element
from cosynth.format.noise import decibels
from cosynth.format.number import Format

SIZE, SEED = 1 << 16, 0
# scales that a plain element tries, in octaves below the one that its peak needs; then nearer
_COARSE, _FINER = np.arange(17) / 4, tuple(np.arange(-4, 5) / parts for parts in (16, 64))


@cache
def gaussian_qsnr(format: Format, *, deviation: float = 1.0) -> float:
    """Return signal over quantisation noise in dB of Gaussian data, the same on every machine.

    `deviation` matters to power-of-two scales, by up to half a dB. A plain element stands under
    the one float scale that suits it best; an unsigned one without a zero point gets magnitudes.
    Infinity where nothing is lost.

    >>> from cosynth.format import known
    >>> round(gaussian_qsnr(known("nvfp4")), 1), round(gaussian_qsnr(known("ternary")), 1)
    (20.4, 7.2)
    """
    element = format.element
    x = sample() * np.float32(deviation)
    if not element.signed and not format.zero:
        x = np.abs(x)
    if format.scale is not None:
        return float(decibels(x, quantised(x, format)))
    if element.kind == "integer" and element.bits > WIDEST_INTEGER:
        return _uniform(x, element)
    return _best(x, format)


@cache
def sample() -> NDArray[np.float32]:
    """Return the sample, [2^16], float32, of unit deviation; read only.

    >>> round(float(sample().std()), 3), float(sample().max()) == -float(sample().min())
    (1.0, True)
    """
    normal = NormalDist()
    upper = [normal.inv_cdf((n + 0.5) / SIZE) for n in range(SIZE // 2, SIZE)]
    values = np.array([*upper, *(-value for value in upper)], dtype=np.float32)
    found = np.random.default_rng(SEED).permutation(values)
    found.setflags(write=False)
    return found


def _best(x: NDArray[np.float32], format: Format) -> float:
    """What the scale with the least noise leaves."""
    largest = max(format.element.largest, -format.element.lowest)
    # a power of two first: what loses nothing then loses nothing
    scale, found = 2.0 ** math.ceil(math.log2(float(np.max(np.abs(x))) / largest)), -math.inf
    for octaves in (_COARSE, *_FINER):
        tried = [scale * 2.0 ** -float(octave) for octave in octaves]
        found, scale = max((_under(x, format, one), one) for one in tried)
    return found


def _under(x: NDArray[np.float32], format: Format, scale: float) -> float:
    scaled = x.astype(np.float64) / scale
    with np.errstate(over="ignore"):
        return float(decibels(scaled, quantised(scaled, format)))


def _uniform(x: NDArray[np.float32], element: Element) -> float:
    """Of integers that are wider than the codec: their steps are equal and small."""
    step = float(np.max(np.abs(x))) / element.top
    return 10 * math.log10(12 * float(np.mean(x.astype(np.float64) ** 2)) / step**2)
