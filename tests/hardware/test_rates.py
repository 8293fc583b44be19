"""Which formats a unit runs natively, and how fast."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.format import known
from cosynth.hardware import Compute, circuits, rate
from cosynth.hardware.rates import serves


def speed(rates: dict[str, float], format: str, other: str = "", unit: str = "multiplier") -> float:
    compute = Compute(name="mac", rates=tuple(rates.items()), unit=unit)
    return float(rate(compute, known(format), known(other or format)))


def test_the_wider_operand_decides():
    assert speed({"int8": 1, "int4": 2}, "int8", "int4") == 1
    assert speed({"int8": 1, "int4": 2}, "int4") == 2
    assert speed({"int8": 1}, "int4") == 0
    assert speed({"int8": 1, "any": 0.5}, "int4") == 0.5


@pytest.mark.parametrize(
    ("native", "format", "runs"),
    [
        # what only an encoder sees
        ("mxfp4", "mxfp4-even", True), ("mxfp4", "mxfp4-axis0", True), ("int8", "int8-full", True),
        ("fp8_e4m3fn", "fp8_e4m3fn-overflow", True),
        # the scale of a whole tensor comes after the sum
        ("int8", "int8_tensor", True), ("fp8_e4m3fn", "fp8_tensor", True),
        ("int8_tensor", "int8", True),
        # that of a block comes between sums
        ("fp4_e2m1", "mxfp4", False), ("fp4_e2m1", "nvfp4", False), ("int8", "mxint8", False),
        ("int4", "int4_g128", False), ("mxfp4", "nvfp4", False), ("mxfp4", "mxfp4-g16", False),
        # a unit with such a scale runs plain elements at a scale of one
        ("mxfp4", "fp4_e2m1", True), ("mxint8", "int8", True), ("nvfp4", "fp4_e2m1", True),
        # zero points and pairs are circuits of their own, elements must be the same
        ("uint8", "uint8_tensor", False), ("int4", "olive4", False),
        ("fp8_e4m3fn", "fp8_e4m3fnuz", False), ("int8", "int4", False), ("int8", "uint8", False),
    ],
)  # fmt: skip
def test_a_native_format_serves_those_that_need_nothing_more(native, format, runs):
    assert serves(known(native), known(format)) == runs
    assert speed({native: 3}, format) == (3 if runs else 0)
    assert speed({native: 3, "any": 1}, format) == (3 if runs else 1)


def test_its_own_name_goes_before_what_serves():
    assert speed({"mxfp4": 4, "fp4_e2m1": 2}, "fp4_e2m1") == 2
    assert speed({"mxfp4": 4, "fp4_e2m1": 2}, "mxfp4-ceil") == 4


def test_units_by_planes_look_at_the_narrower_operand():
    rates = {"int8": 1 / 8, "int4": 1 / 4, "int2": 1 / 2}
    for unit in ("serial", "lookup"):
        assert speed(rates, "int8", "int4", unit) == speed(rates, "int4", "int8", unit) == 1 / 4
        assert speed(rates, "int8", "uint4", unit) == 1 / 4
        assert speed(rates, "int8", "ternary", unit) == 1 / 2
        assert speed(rates, "fp8_e4m3fn", "int4", unit) == 0
        assert speed(rates, "mxint4", "", unit) == 0
        assert speed(rates, "int16", "", unit) == 0
    assert speed({"any": 1}, "int8", "ternary", "mux") == 1
    assert speed({"any": 1}, "int8", "int4", "mux") == 0


def test_rates_may_be_arrays():
    unit = Compute(name="mac", rates=(("int8", np.array([1.0, 2.0])),))
    assert np.array_equal(rate(unit, known("int8_tensor"), known("int8")), [1, 2])


def test_a_unit_is_as_many_circuits_as_it_begins_operations():
    eight = known("int8")
    serial = Compute(name="mac", unit="serial", rates=(("int8", 1 / 8), ("int4", 1 / 4)))
    assert circuits(serial, eight, eight) == 1
    assert circuits(Compute(name="mac", unit="serial"), eight, eight) == 8
    assert circuits(Compute(name="mac", rates=(("int8", 1.0), ("int4", 2.0))), eight, eight) == 2
    vector = Compute(name="v", does="vector", rates=(("any", 16.0),))
    assert circuits(vector, eight, eight) == 16
