"""Multiply and accumulate: the circuit against products and a sum."""

import numpy as np
import pytest
from tests.rtl.macs import CYCLES, drawn, ready
from tests.rtl.pipeline import GAPS, enables

from cosynth.format import known
from cosynth.rtl.bits import as_signed, packed
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.accumulate import accumulate
from cosynth.rtl.twin.product import product


@pytest.mark.parametrize(
    ("a", "b", "lanes", "bits", "decoded"),
    [("int8", "int8", 1, 32, False), ("int4", "uint8", 3, 8, False),
     ("int4", "uint4", 8, 24, False),
     ("fp8_e4m3fn", "fp8_e4m3fn", 2, 48, False), ("fp4_e2m1", "int4", 4, 16, True)],
)  # fmt: skip
def test_the_circuit_multiplies_and_adds_as_its_twin(a, b, lanes, bits, decoded):
    one, other = operand(known(a)), operand(known(b))
    parameters = one.parameters("A_") | other.parameters("B_")
    parameters |= {"DECODED": int(decoded), "LANES": lanes, "ACC": bits}
    block = Block.open(sources("mac"), "mac", parameters)
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        left, right = drawn(a, (CYCLES, lanes), generator), drawn(b, (CYCLES, lanes), generator)
        clear, enable = generator.random(CYCLES) < 0.01, enables(CYCLES, gap, generator)
        terms = product(left, right, one, other, 64).sum(axis=-1)
        expected, sure = accumulate(terms, clear, enable, bits)
        given = {"a": packed(left, one.bits), "b": packed(right, other.bits), "clear": clear}
        found = ready(block, given | {"enable": enable}, seed)
        np.testing.assert_array_equal(as_signed(found, bits)[sure], expected[sure])
