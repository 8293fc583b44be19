"""Elements: published ranges and special codes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from cosynth.format import known, table

TYPES = {
    "fp8_e4m3fn": "float8_e4m3fn", "fp8_e4m3": "float8_e4m3", "fp8_e4m3fnuz": "float8_e4m3fnuz",
    "fp8_e4m3b11fnuz": "float8_e4m3b11fnuz", "fp8_e5m2": "float8_e5m2",
    "fp8_e5m2fnuz": "float8_e5m2fnuz", "fp8_e3m4": "float8_e3m4", "e8m0": "float8_e8m0fnu",
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_every_code_has_the_value_that_others_give_it(name):
    codes = np.arange(256, dtype=np.uint8)
    theirs = codes.view(getattr(ml_dtypes, TYPES[name])).astype(np.float32)
    assert np.array_equal(table(known(name).element), theirs, equal_nan=True)


@pytest.mark.parametrize(
    ("name", "largest", "lowest"),
    [("int8", 127, -127), ("int8-full", 127, -128), ("uint4", 15, 0), ("fp4_e2m1", 6, -6),
     ("fp6_e2m3", 7.5, -7.5), ("fp6_e3m2", 28, -28), ("ue4m3", 448, 0), ("ue5m3", 114_688, 0),
     ("ue5m3_ieee", 61_440, 0), ("mxint8", 127 / 64, -127 / 64), ("fp16", 65504, -65504)],
)  # fmt: skip
def test_ranges_are_as_published(name, largest, lowest):
    element = known(name).element
    assert (element.largest, element.lowest) == (largest, lowest)
