"""Scales: the published sides of each rule, and floors that keep products normal."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.format import encode, known, names
from cosynth.format.scale import least, least_tensor


@pytest.mark.parametrize(
    ("rule", "exponents"),
    # of the peaks 4, 5.9, 6, 6.1, 7.5 and 7.9: FP4 ends at 6
    [("floor", [0, 0, 0, 0, 0, 0]), ("rceil", [0, 0, 0, 1, 1, 1]), ("ceil", [0, 1, 1, 1, 1, 1]),
     ("even", [0, 0, 0, 0, 1, 1])],
)  # fmt: skip
def test_rules_round_the_shared_exponent_as_they_say(rule, exponents):
    x = np.zeros((6, 32), dtype=np.float32)
    x[:, 3] = [4, 5.9, 6, 6.1, 7.5, 7.9]
    found = encode(x, known(f"mxfp4-{rule}")).scale[:, 0].astype(int) - 127
    assert found.tolist() == exponents


@pytest.mark.parametrize("name", [n for n in names() if known(n).scale and not known(n).power])
def test_the_smallest_product_of_scales_and_a_value_is_normal(name):
    format = known(name)
    smallest = float(np.int32(least(format)).view(np.float32))
    if format.tensor:
        smallest *= float(np.int32(least_tensor(format)).view(np.float32))
    assert smallest * 2.0 ** min(format.element.step, 0) >= 2.0**-126
