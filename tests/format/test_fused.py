"""Aligned sums by hand: what is cut, in which order, and what a tensor core is known to give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cosynth.format import accumulator, dot, encode, known
from cosynth.format.fused import cut


def summed(x: list[float], name: str, format: str = "bf16", **changes: int) -> float:
    kind = replace(accumulator(name), **changes)
    a = encode(np.float32([x]), known(format))
    return float(dot(a, encode(np.ones((1, len(x))), known(format)), kind).value[0, 0])


def test_what_falls_below_the_last_bit_is_lost():
    """Hopper keeps 13 bits below the largest exponent: 2^-13 stays beside 1, 2^-14 does not."""
    for name, bits in (("hopper", 13), ("ada", 13), ("align14", 13)):
        assert summed([1, 2.0**-bits], name) == 1 + 2.0**-bits
        assert summed([1, *[2.0 ** -(bits + 1)] * 7], name) == 1


@pytest.mark.parametrize(("name", "bits"), [("volta", 23), ("ampere", 24), ("blackwell", 25)])
def test_bits_below_one_cancel_where_they_are_kept(name, bits):
    """1 + 2^-b - 1 in one step is 2^-b for as many bits as the adder has."""
    assert summed([1, 2.0**-bits, -1], name) == 2.0**-bits
    assert summed([1, 2.0 ** -(bits + 1), -1], name) == 0


def test_cutting_goes_toward_zero():
    assert summed([-1, 2.0**-14], "hopper") == -1
    assert summed([1, -(2.0**-14)], "hopper") == 1


def test_steps_end_where_the_circuit_does():
    """Four products a step on Volta: the small one comes a step too late to be cancelled."""
    small = 2.0**-24
    assert summed([1, 0, small, -1], "volta") == 0
    assert summed([1, -1, 0, 0, small, 0], "volta") == small
    assert summed([small, 0, 0, 0, 1, -1], "volta") == 0
    assert summed([small, 0, 0, 0, 1, -1], "ampere") == small


def test_products_are_not_normalised():
    """1.5 x 1.5 = 2.25 has exponent 0, so one bit more stays below it than below 2."""
    a = encode(np.float32([[1.5, 2.0**-13]]), known("bf16"))
    b = encode(np.float32([[1.5, 1.0]]), known("bf16"))
    found = dot(a, b, replace(accumulator("hopper"), kept=23))
    assert float(found.value[0, 0]) == 2.25 + 2.0**-13
    assert summed([2.25, 2.0**-13], "hopper", kept=23) == 2.25


def test_an_operand_below_its_lowest_binade_keeps_its_exponent():
    """2^-9 of E4M3 counts as 2^-6 / 8, so three bits less stay below it."""
    tiny = 2.0**-9
    a = encode(np.float32([[tiny, tiny]]), known("fp8_e4m3fn"))
    b = encode(np.float32([[1, tiny]]), known("fp8_e4m3fn"))
    short = replace(accumulator("hopper"), fraction=8)
    # 2^-9 + 2^-18 at exponent -6: bits end at 2^-14
    assert float(dot(a, b, short).value[0, 0]) == tiny
    # were both normal, the bits would end at 2^-17
    assert float(dot(a, b, replace(short, fraction=12)).value[0, 0]) == tiny + 2.0**-18


def test_scales_enter_the_alignment_where_the_circuit_has_them():
    """Of two blocks the second is 2^30 below the first: gone in a step, kept if ones cancel."""
    x = np.float32([[1] * 32 + [2.0**-30] * 32])
    a, b = encode(x, known("mxfp8")), encode(np.ones((1, 64)), known("mxfp8"))
    whole = replace(accumulator("blackwell"), lanes=64, size=0)
    assert float(dot(a, b, whole).value[0, 0]) == 32
    fours = encode(x, known("mxfp4")), encode(np.ones((1, 64)), known("mxfp4"))
    assert float(dot(*fours, "blackwell_fp4").value[0, 0]) == 32
    minus = encode(np.float32([[1] * 16 + [-1] * 16 + [2.0**-30] * 32]), known("mxfp4"))
    assert float(dot(minus, fours[1], "blackwell_fp4").value[0, 0]) == 2.0**-25


def test_results_are_cut_to_float32_and_end_in_infinity():
    none = np.zeros(1, dtype=np.int32)
    assert cut(np.array([2.0**25 + 3]), none, 23)[0] == 2.0**25
    assert cut(np.array([-(2.0**25) - 3]), none, 23)[0] == -(2.0**25)
    assert cut(np.array([1.0]), none + 128, 23)[0] == np.inf
    assert cut(np.array([3.0]), none - 150, 23)[0] == np.float32(2.0**-149)
    assert cut(np.array([1.0]), none - 150, 23)[0] == 0
    assert cut(np.array([3.0]), none - 140, 13)[0] == np.float32(2.0**-139)
