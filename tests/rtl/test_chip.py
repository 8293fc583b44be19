"""Parameters of the circuit: each number of the hardware that it has counts."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import encode, known
from cosynth.hardware.families.engine import engine
from cosynth.rtl.chip import chip, container, equipped
from cosynth.rtl.lint import assert_clean
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.decode import decode
from cosynth.rtl.words import whole_of
from cosynth.rtl.work import Post

GIVEN = {"rows": 8, "columns": 6, "buffer": 65536, "registers": 32, "sums": 6 * 512,
         "buffer_width": 128, "dram_bandwidth": 3.2e9, "frequency": 400e6}  # fmt: skip
INT8 = known("int8")


@pytest.mark.parametrize(
    ("name", "value", "parameters"),
    [
        ("rows", 9, {"ROWS": 9}),
        ("columns", 3, {"COLUMNS": 3, "SUM_LINES": 128, "PARAMS": 3}),
        ("buffer", 32768, {"LINES": 2048, "WIDTH": 17}),
        ("registers", 64, {"ENTRIES": 32}),
        ("sums", 6 * 1024, {"SUM_LINES": 128}),
        ("buffer_width", 256, {"W": 256, "LINES": 2048}),
        ("dram_bandwidth", 6.4e9, {"D": 128}),
        ("frequency", 200e6, {"D": 128}),
        ("accumulator", "int24", {"ACC": 24}),
        ("unit", "decoded", {"DECODED": 1}),
        ("stationarity", "output", {"KEPT": 1, "STRIDED": 1, "PARAMS": 1, "ENTRIES": 4}),
    ],
)
def test_each_number_is_used(name, value, parameters):
    before = chip(engine(**GIVEN), INT8, INT8).parameters()
    after = chip(engine(**{**GIVEN, name: value}), INT8, INT8).parameters()
    changed = {key: found for key, found in after.items() if found != before[key]}
    for key, wanted in parameters.items():
        assert changed[key] == wanted
    assert changed.keys() <= {*parameters, "SUM_LINES", "LINES", "WIDTH", "PRODUCT"}


@pytest.mark.parametrize("name", ["fp8_e4m3fn", "fp8_e3m4", "fp6_e2m3", "fp6_e3m2", "fp4_e2m1"])
def test_the_largest_code_is_that_of_the_largest_value(name):
    format = known(name)
    one = chip(engine(**{**GIVEN, "accumulator": "exact"}), format, format)
    code = encode([format.element.largest], format).code[0]
    assert one.parameters()["O_TOP"] == int(code)
    assert decode(code, operand(format)) * 2.0 ** operand(format).step == format.element.largest


def test_outputs_that_lanes_cannot_limit_wrong():
    wide = engine(**{**GIVEN, "accumulator": "exact"})
    with pytest.raises(SpecError, match=r"'fp8_e5m2': outputs of 34 bits .* up to 24"):
        chip(wide, known("fp8_e4m3fn"), known("fp8_e5m2"))
    assert chip(wide, known("fp8_e5m2"), known("fp8_e4m3fn")).weights == known("fp8_e5m2")


def test_elements_lie_in_powers_of_two():
    assert [container(known(n)) for n in ("int2", "int3", "int8", "fp6_e2m3", "int12")] == [
        2,
        4,
        8,
        8,
        16,
    ]


def test_all_mistakes_are_told_at_once_wrong():
    odd = engine(**{**GIVEN, "stationarity": "flexible", "accumulator": "fp32", "unit": "mux"})
    with pytest.raises(SpecError) as caught:
        chip(odd, known("nvfp4"), INT8)
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.parametrize(
    ("post", "maxima", "wanted"),
    [
        ({}, False, {}),
        ({"negative": (1,)}, False, {"LEAKY": 1}),
        ({"table": (0,) * 256}, False, {"TABLE": 8}),
        ({}, True, {"Y_LOWEST": 129}),
    ],
)
def test_a_chip_has_what_its_layers_need_and_no_more(post, maxima, wanted):
    one = chip(engine(**{**GIVEN, "stationarity": "input"}), INT8, INT8)
    given = Post(bias=(0,), multiplier=(1,), shift=0, low=-127, high=127, **post)
    layer = SimpleNamespace(post=given, maxima=maxima)
    before, after = one.parameters(), equipped(one, [layer]).parameters()
    assert {key: found for key, found in after.items() if found != before[key]} == wanted


@pytest.mark.parametrize("name", ["int8", "int4", "fp8_e4m3fn", "fp6_e3m2", "fp4_e2m1"])
def test_the_lowest_code_is_that_of_the_lowest_value(name):
    format = known(name)
    one = chip(engine(**{**GIVEN, "accumulator": "exact"}), format, format)
    code = np.array([replace(one, maxima=True).parameters()["X_LOWEST"]], dtype=np.uint64)
    lowest = whole_of(code, format)[0] * 2.0 ** operand(format).step
    assert lowest == -min(format.element.largest, -format.element.lowest)


def test_scales_that_are_no_powers_of_two_wrong():
    with pytest.raises(SpecError) as caught:
        chip(engine(**GIVEN), known("nvfp4"), known("nvfp4"))
    said = "engine: format 'nvfp4': scales of blocks that are no powers of two have no array"
    assert said in str(caught.value)


@pytest.mark.parametrize(("flow", "head"), [("weight", 0), ("input", 1), ("output", 4)])
def test_shifts_come_with_weights(flow, head):
    mx = known("mxint8")
    found = chip(engine(**{**GIVEN, "stationarity": flow}), mx, mx).parameters()
    assert (found["SHIFT"], found["HEAD"]) == (4, head)
    plain = chip(engine(**{**GIVEN, "stationarity": flow}), INT8, INT8).parameters()
    assert {**found, "SHIFT": 0, "HEAD": 0} == plain


@pytest.mark.parametrize(
    ("flow", "name", "more"),
    [
        ("weight", "int8", {}),
        ("input", "fp8_e4m3fn", {"table": 8, "leaky": True}),
        ("output", "mxint8", {}),
        ("output", "int8", {"maxima": True}),
        ("weight", "mxfp4", {"maxima": True, "leaky": True}),
    ],
)
def test_chips_are_clean(flow, name, more):
    hardware = engine(**{**GIVEN, "stationarity": flow, "accumulator": "int48"})
    one = replace(chip(hardware, known(name), known(name)), **more)
    assert_clean(sources("chip"), "chip", one.parameters())
