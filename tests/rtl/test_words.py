"""Codes of whole numbers, packed into bytes and back."""

import numpy as np
import pytest

from cosynth.format import known
from cosynth.rtl.operands import operand
from cosynth.rtl.twin.decode import decode
from cosynth.rtl.words import codes_of, packed_bits


@pytest.mark.parametrize(
    "name", ["int2", "int4", "int8", "int16", "fp8_e4m3fn", "fp6_e3m2", "fp4_e2m1"]
)
def test_codes_stand_for_their_numbers(name):
    one = operand(known(name))
    codes = np.arange(1 << one.bits)
    values = np.unique(decode(codes, one))
    if one.float:  # the codes of no number are the largest
        largest = known(name).element.largest / 2.0**one.step
        values = values[np.abs(values) <= largest]
    np.testing.assert_array_equal(decode(codes_of(values, known(name)), one), values)


@pytest.mark.parametrize("bits", [2, 4, 8, 16, 64])
def test_packing_keeps_every_bit(bits):
    rng = np.random.default_rng(bits)
    top = np.uint64((1 << bits) - 1)
    codes = rng.integers(0, 1 << 63, 64, dtype=np.uint64) & top
    data = packed_bits(codes, bits)
    assert len(data) == 64 * bits // 8
    whole = int.from_bytes(data.tobytes(), "little")
    assert [whole >> bits * n & int(top) for n in range(64)] == codes.tolist()
