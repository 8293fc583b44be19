"""Whole numbers of codes: the twin against the codec, the circuit against the twin."""

import numpy as np
import pytest

from cosynth.format import known
from cosynth.format.element import table
from cosynth.rtl.bits import as_signed
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.decode import decode

ELEMENTS = ("int2", "int4", "int8", "int16", "uint4", "uint8", "ternary", "fp4_e2m1", "fp6_e2m3",
            "fp6_e3m2", "fp8_e3m4", "fp8_e4m3", "fp8_e4m3fn", "fp8_e4m3fnuz", "fp8_e5m2",
            "fp8_e5m2fnuz", "fp16", "ue4m3")  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTS)
def test_a_code_decodes_to_its_value_in_steps(name):
    element, seen = known(name).element, operand(known(name))
    every = np.arange(1 << seen.bits)
    values = np.ldexp(table(element).astype(np.float64), -seen.step)
    finite = np.isfinite(values)
    assert finite.sum() >= len(every) - 2 ** (seen.mantissa + 1)
    np.testing.assert_array_equal(decode(every, seen)[finite], values[finite])


@pytest.mark.parametrize("name", ELEMENTS)
def test_no_code_leaves_the_width_of_a_whole_number(name):
    seen = operand(known(name))
    found = decode(np.arange(1 << seen.bits), seen)
    np.testing.assert_array_equal(as_signed(found, seen.whole), found)


@pytest.mark.parametrize("name", ["int4", "uint8", "fp6_e3m2", "fp8_e5m2", "ue4m3"])
def test_the_circuit_decodes_as_its_twin(name):
    seen = operand(known(name))
    block = Block.open(sources("decode"), "decode", seen.parameters())
    every = np.arange(1 << seen.bits)
    found = as_signed(block.run({"code": every})["whole"], seen.whole)
    np.testing.assert_array_equal(found, decode(every, seen))
