"""Every arithmetic block, at parameters that take each of its branches: clean, and read alike."""

import pytest

from cosynth.format import known
from cosynth.rtl.equal import equal_readings
from cosynth.rtl.lint import lint
from cosynth.rtl.operands import product_parameters, rounding
from cosynth.rtl.source import sources
from cosynth.rtl.twin.blockdot import block_dot


def pair(a, b, **more):
    return product_parameters(known(a), known(b), **more)


def unit(a, b, **more):
    """Parameters of `mac`, which has no full width."""
    return {name: value for name, value in pair(a, b).items() if name != "P"} | more


CASES = [
    ("product", pair("int8", "uint4")),
    ("product", pair("fp4_e2m1", "fp8_e4m3fn")),
    ("product", pair("fp4_e2m1", "fp4_e2m1", decoded=True)),
    ("product", pair("int4", "fp6_e3m2", bits=12)),
    ("decode", {"FLOAT": 1, "BITS": 8, "EXP": 4, "MAN": 3}),
    ("mac", unit("int8", "int8", LANES=2)),
    ("mac", unit("fp8_e4m3fn", "fp8_e4m3fn", ACC=24)),
    ("rescale", {"ACC": 16, "M": 8}),
    ("rescale", {"ACC": 16, "M": 8, "LEAKY": 1, "RESIDUAL": 1, "R": 8}),
    ("rescale", {"ACC": 16, "M": 8, "ODD": 1, "Y": 30}),
    ("encode", rounding(known("fp8_e4m3fn")).parameters()),
    ("encode", rounding(known("ue4m3")).parameters()),
    ("encode", rounding(known("fp8_e5m2-overflow")).parameters()),
    ("lookup_table", {"N": 4, "M": 4}),
    ("function_table", {"INDEX": 8, "E": 4}),
    ("mux_mac", {"B_BITS": 2, "LANES": 3}),
    ("mux_mac", {"B_BITS": 1, "A_SIGNED": 0}),
    ("mux_mac", {"A_BITS": 1, "B_BITS": 2}),
    ("mux_mac", {"A_BITS": 1, "B_BITS": 1, "LANES": 8, "ACC": 16}),
    ("serial_mac", {"LANES": 4, "PLANES": 4}),
    ("lookup_mac", {"COLUMNS": 2, "A_SIGNED": 0}),
    ("add_fp32", {}),
    ("round_fp32", {"N": 16}),
    ("round_fp32", {"N": 40}),
    ("blockdot", block_dot(known("mxfp4"), known("mxint8")).parameters(4)),
    ("blockdot", block_dot(known("nvfp4"), known("nvfp4")).parameters(4)),
]  # fmt: skip


def named(case):
    return "-".join([case[0], *(f"{value}" for value in case[1].values())])


@pytest.mark.parametrize(("block", "parameters"), CASES, ids=map(named, CASES))
def test_no_tool_finds_fault(block, parameters):
    assert lint(sources(block), block, parameters) == ()


@pytest.mark.parametrize(("block", "parameters"), CASES, ids=map(named, CASES))
def test_two_readers_of_the_source_agree(block, parameters):
    found = equal_readings(sources(block), block, parameters)
    assert found.verdict == "equal", found.says
