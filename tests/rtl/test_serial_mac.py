"""A factor bit by bit: the twin against dot products, the circuit against the twin."""

import numpy as np
import pytest
from tests.rtl.macs import CYCLES, K, drawn, ready, summed
from tests.rtl.pipeline import GAPS, enables

from cosynth.format import known, plane_weights, planes
from cosynth.rtl.bits import as_signed, packed
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.accumulate import accumulate
from cosynth.rtl.twin.serial_mac import serial_mac


@pytest.mark.parametrize(("a", "b"), [("int8", "int4"), ("uint8", "int8"), ("int4", "uint3")])
def test_planes_add_up_to_the_dot_product(a, b):
    generator = np.random.default_rng(3)
    left, right = drawn(a, K, generator), drawn(b, K, generator)
    seen, other = operand(known(a)), operand(known(b))
    negative = np.array(plane_weights(other.bits, signed=other.signed)) < 0
    every, plane = planes(right, other.bits), np.arange(other.bits)
    terms = serial_mac(np.tile(left, (other.bits, 1)), every, seen, plane, negative)
    assert terms.sum() == summed(a, b, left, right)


@pytest.mark.parametrize(
    ("a", "lanes", "count", "bits"),
    [("int8", 1, 8, 32), ("uint4", 4, 2, 16), ("int16", 3, 16, 48)],
)
def test_the_serial_circuit_adds_as_its_twin(a, lanes, count, bits):
    one = operand(known(a))
    parameters = {"A_BITS": one.bits, "A_SIGNED": int(one.signed), "PLANES": count,
                  "LANES": lanes, "ACC": bits}  # fmt: skip
    block = Block.open(sources("serial_mac"), "serial_mac", parameters)
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        left = drawn(a, (CYCLES, lanes), generator)
        right = generator.integers(0, 2, (CYCLES, lanes))
        plane, negative = generator.integers(0, count, CYCLES), generator.integers(0, 2, CYCLES)
        clear, enable = generator.random(CYCLES) < 0.01, enables(CYCLES, gap, generator)
        terms = serial_mac(left, right, one, plane, negative)
        expected, sure = accumulate(terms, clear, enable, bits)
        given = {"a": packed(left, one.bits), "b": packed(right, 1), "plane": plane,
                 "negative": negative, "clear": clear, "enable": enable}  # fmt: skip
        found = ready(block, given, seed)
        np.testing.assert_array_equal(as_signed(found, bits)[sure], expected[sure])
