"""The price law against units that were synthesised."""

from __future__ import annotations

import statistics

import pytest

from cosynth.errors import SpecError
from cosynth.format import accumulator, known, mac_gates, multiply_gates

# NAND2 equivalents per multiply-accumulate of 8-lane dot products, Yosys without Booth multipliers
SYNTHESISED = [
    ("int8", "int8", "exact", 709), ("int8", "int4", "exact", 331), ("int8", "int2", "exact", 194),
    ("int6", "int6", "exact", 397), ("int4", "int4", "exact", 207), ("int3", "int3", "exact", 120),
    ("int2", "int2", "exact", 93), ("int16", "int8", "exact", 1206),
    ("int8", "ternary", "exact", 113), ("int8", "binary", "exact", 107),
    ("fp4_e2m1", "fp4_e2m1", "exact", 187), ("fp6_e2m3", "fp6_e2m3", "exact", 333),
    ("fp6_e3m2", "fp6_e3m2", "exact", 407), ("fp8_e4m3fn", "fp8_e4m3fn", "exact", 801),
    ("fp8_e4m3fn", "fp8_e4m3fn", "align25", 697), ("fp8_e4m3fn", "fp8_e4m3fn", "align14", 517),
    ("fp8_e5m2", "fp8_e5m2", "align25", 806), ("fp8_e5m2", "fp8_e5m2", "align14", 521),
    ("fp8_e3m4", "fp8_e3m4", "align25", 704), ("bf16", "bf16", "align25", 1363),
    ("fp16", "fp16", "align25", 1901),
]  # fmt: skip

# whole units with their accumulator, as synthesised: (default, booth); not used by the law's fit
UNITS = [("int8", "int24", 1189, 750), ("int8", "int32", 1499, 899)]


def errors() -> list[float]:
    return [
        abs(multiply_gates(known(a), known(b), sum_in=s) / gates - 1)
        for a, b, s, gates in SYNTHESISED
    ]


def test_law_is_as_good_as_it_states():
    assert statistics.median(errors()) < 0.06
    assert max(errors()) < 0.16


@pytest.mark.parametrize(("name", "sums", "default", "booth"), UNITS)
def test_whole_units_are_near_their_synthesis(name, sums, default, booth):
    a = known(name)
    assert mac_gates(a, a, sum_in=sums, recipe="default") == pytest.approx(default, rel=0.12)
    assert mac_gates(a, a, sum_in=sums, recipe="booth") == pytest.approx(booth, rel=0.12)


def test_recipe_decides_whether_fp8_is_smaller_than_int8():
    eight, float8 = known("int8"), known("fp8_e4m3fn")
    ratio = {
        recipe: multiply_gates(float8, float8, sum_in="align14", recipe=recipe)
        / multiply_gates(eight, eight, recipe=recipe)
        for recipe in ("default", "booth")
    }
    assert ratio["default"] < 1 < ratio["booth"]


def test_unknown_accumulator_is_named_wrong():
    with pytest.raises(SpecError, match="unknown accumulator 'int23'; did you mean 'int"):
        accumulator("int23")
