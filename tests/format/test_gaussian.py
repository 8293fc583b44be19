"""The error of Gaussian data: against the table of the facts, theory, and much random data."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from cosynth.format import gaussian_qsnr, known, names, noise
from cosynth.format.gaussian import SIZE, sample

SEED = 11
NORMAL = NormalDist()


@pytest.mark.parametrize("name", ["mxint8", "mxfp8-rceil", "mxint4-even", "mxfp6_e3m2", "nvfp4",
                                  "nvint4", "nf4", "uint4_g128", "bfp4"])  # fmt: skip
def test_the_sample_stands_for_any_gaussian_data(name):
    print("seed", SEED)  # noqa: T201
    x = np.random.default_rng(SEED).standard_normal((2048, 1024), dtype=np.float32)
    of_many = float(noise(x, known(name)).qsnr)
    assert gaussian_qsnr(known(name)) == pytest.approx(of_many, abs=0.1)


def midtread(top, step):
    """Mean square error of integers up to `top` at a step on unit Gaussian data, in closed form."""

    def moments(low, high):
        """Integrals of 1, x and x^2 times the density."""
        zero = NORMAL.cdf(high) - NORMAL.cdf(low)
        ends = [0.0 if math.isinf(end) else end * NORMAL.pdf(end) for end in (low, high)]
        dense = [0.0 if math.isinf(end) else NORMAL.pdf(end) for end in (low, high)]
        return zero, dense[0] - dense[1], zero + ends[0] - ends[1]

    total = 0.0
    for code in range(-top, top + 1):
        low = -math.inf if code == -top else (code - 0.5) * step
        high = math.inf if code == top else (code + 0.5) * step
        zero, one, two = moments(low, high)
        total += two - 2 * code * step * one + (code * step) ** 2 * zero
    return total


@pytest.mark.parametrize("bits", [2, 3, 4, 5])
def test_a_plain_integer_is_the_best_uniform_quantiser(bits):
    top = 2 ** (bits - 1) - 1
    best = min(midtread(top, step) for step in np.geomspace(0.05, 2, 1500))
    assert gaussian_qsnr(known(f"int{bits}")) == pytest.approx(-10 * math.log10(best), abs=0.03)


def test_a_plain_ternary_and_binary_are_the_known_best_ones():
    """J. Max, Quantizing for minimum distortion, 1960: errors of 0.1902 and 0.3634."""
    assert gaussian_qsnr(known("ternary")) == pytest.approx(-10 * math.log10(0.1902), abs=0.02)
    assert gaussian_qsnr(known("binary")) == pytest.approx(-10 * math.log10(0.3634), abs=0.02)


def test_every_format_of_the_catalogue_has_an_error():
    for name in names():
        found = gaussian_qsnr(known(name))
        assert found > 0, name
        assert found < math.inf or name == "fp32"


def test_a_bit_more_is_six_decibels_also_beyond_the_codec():
    assert gaussian_qsnr(known("int32")) - gaussian_qsnr(known("int16")) == pytest.approx(
        16 * 20 * math.log10(2), abs=0.2
    )


def test_only_a_power_of_two_cares_for_the_size_of_the_data():
    assert gaussian_qsnr(known("int8_g128"), deviation=3.0) == pytest.approx(
        gaussian_qsnr(known("int8_g128")), abs=0.05
    )
    powers = {gaussian_qsnr(known("mxint8"), deviation=2 ** (n / 4)) for n in range(4)}
    assert len(powers) == 4
    assert max(powers) - min(powers) < 1
    assert gaussian_qsnr(known("mxint8"), deviation=2.0) == gaussian_qsnr(known("mxint8"))


def test_the_sample_is_symmetric_and_fixed():
    x = sample()
    assert x.shape == (SIZE,)
    assert np.array_equal(np.sort(x), np.sort(-x))
    assert float((x.astype(float) ** 2).mean()) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 0
