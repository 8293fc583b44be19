"""The rational arithmetic says what the standards' tables say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from cosynth.format import known
from cosynth.testing import rational


@pytest.mark.parametrize(
    ("name", "count", "largest"),
    [("fp8_e4m3fn", 127, 448), ("fp8_e4m3", 120, 240), ("fp8_e5m2", 124, 57344),
     ("fp4_e2m1", 8, 6), ("fp16", 31744, 65504), ("int8", 128, 127)],
)  # fmt: skip
def test_ranges_are_the_published_ones(name, count, largest):
    e = known(name).element
    assert (rational.count(e), rational.largest(e)) == (count, largest)


def test_float32_rounds_as_numpy_does():
    rng = np.random.default_rng(3)
    for numerator, denominator in rng.integers(1, 2**40, (200, 2)).tolist():
        x = Fraction(numerator, denominator)
        wide = np.float32(np.float64(numerator) / np.float64(denominator))
        assert abs(rational.float32(x) - Fraction(float(wide))) <= Fraction(float(np.spacing(wide)))
    assert rational.float32(1 + Fraction(1, 2**24)) == 1
    assert rational.float32(1 + Fraction(3, 2**24)) == 1 + Fraction(1, 2**22)


def test_wide_floats_round_like_listed_ones(monkeypatch):
    e = known("bf16").element
    sizes = [Fraction(float(v)) for v in np.float32([0.3, 1.00390625, 1.01171875, 3e38, 1e-38])]
    listed = [rational.rounded(x, e) for x in sizes]
    monkeypatch.setattr(rational, "LISTED", 8)
    assert [rational.rounded(x, e) for x in sizes] == listed
