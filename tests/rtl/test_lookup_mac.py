"""Sums from a table, bit by bit: the twin against dot products, the circuit against the twin."""

import numpy as np
import pytest
from tests.rtl.macs import CYCLES, K, drawn, ready, summed
from tests.rtl.pipeline import GAPS, enables

from cosynth.format import known, plane_weights, planes
from cosynth.rtl.bits import packed, unpacked
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.accumulate import accumulate
from cosynth.rtl.twin.lookup_mac import lookup_mac


@pytest.mark.parametrize(("a", "b"), [("int8", "int4"), ("uint8", "int8"), ("int4", "uint3")])
def test_sums_of_four_add_up_to_the_dot_product(a, b):
    generator = np.random.default_rng(3)
    left, right = drawn(a, K, generator), drawn(b, K, generator)
    seen, other = operand(known(a)), operand(known(b))
    negative = np.array(plane_weights(other.bits, signed=other.signed)) < 0
    index = packed(planes(right, other.bits).reshape(-1, 4), 1).astype(np.int64)
    parts = [
        lookup_mac(left.reshape(-1, 4), column[:, None], seen, plane, negative[plane])
        for plane, column in enumerate(index.reshape(other.bits, -1))
    ]
    assert np.sum(parts) == summed(a, b, left, right)


@pytest.mark.parametrize(
    ("a", "columns", "count", "bits"), [("int8", 1, 8, 32), ("uint4", 4, 4, 24)]
)
def test_the_lookup_circuit_adds_as_its_twin(a, columns, count, bits):
    one = operand(known(a))
    parameters = {"A_BITS": one.bits, "A_SIGNED": int(one.signed), "PLANES": count,
                  "COLUMNS": columns, "ACC": bits}  # fmt: skip
    block = Block.open(sources("lookup_mac"), "lookup_mac", parameters)
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        left = drawn(a, (CYCLES, 4), generator)
        right = generator.integers(0, 16, (CYCLES, columns))
        plane, negative = generator.integers(0, count, CYCLES), generator.integers(0, 2, CYCLES)
        clear, enable = generator.random(CYCLES) < 0.01, enables(CYCLES, gap, generator)
        terms = lookup_mac(left, right, one, plane, negative)
        given = {"a": packed(left, one.bits), "b": packed(right, 4), "plane": plane,
                 "negative": negative, "clear": clear, "enable": enable}  # fmt: skip
        found = unpacked(ready(block, given, seed), bits, columns)
        for column in range(columns):
            expected, sure = accumulate(terms[:, column], clear, enable, bits)
            np.testing.assert_array_equal(found[sure, column], expected[sure])
