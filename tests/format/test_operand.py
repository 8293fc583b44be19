"""Operands are the decoded tensor, with its scales apart."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.format import decode, encode, known
from cosynth.format.operand import operand, scaled

NAMES = ("int8", "fp8_e5m2", "bf16", "mxfp4", "nvfp4", "mxint6", "uint4_g128", "int8_tensor",
         "uint8_tensor", "olive4", "olive4-g8", "nf4", "ternary", "binary")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(3, 130), (33,), (2, 3, 65)])
def test_elements_times_scales_are_the_decoded_tensor(name, shape):
    x = np.random.default_rng(7).standard_normal(shape).astype(np.float32) * 3
    codes = encode(x, known(name))
    found = operand(codes, "a")
    values = (scaled(found).value * np.float64(found.whole)).reshape(shape)
    np.testing.assert_allclose(values, decode(codes), rtol=2**-22)


def test_scales_stand_apart():
    codes = encode(np.float32([[1, 2, 3, 6] * 8, [4, 8, 12, 24] * 8]), known("mxfp4"))
    found = operand(codes, "a")
    assert found.value[0].tolist() == found.value[1].tolist() == [1, 2, 3, 6] * 8
    assert found.scale is not None
    assert found.scale.tolist() == [[1], [4]]
    assert (found.block, found.low, found.unit) == (32, 0, -1)
