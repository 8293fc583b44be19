"""Factors that select or negate: the twin against dot products, the circuit against the twin."""

import numpy as np
import pytest
from tests.rtl.macs import CYCLES, K, drawn, ready, summed
from tests.rtl.pipeline import GAPS, enables

from cosynth.format import known
from cosynth.rtl.bits import as_signed, packed
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.accumulate import accumulate
from cosynth.rtl.twin.mux_mac import mux_mac


@pytest.mark.parametrize("b", ["binary", "ternary"])
@pytest.mark.parametrize("a", ["int8", "uint4", "ternary", "binary"])
def test_selected_factors_add_up_to_the_dot_product(a, b):
    generator = np.random.default_rng(2)
    left, right = drawn(a, K, generator), drawn(b, K, generator)
    one = None if a == "binary" else operand(known(a))
    assert mux_mac(left, right, one, b == "ternary") == summed(a, b, left, right)


@pytest.mark.parametrize(
    ("a", "b", "lanes", "bits"),
    [("int8", "ternary", 1, 32), ("int8", "binary", 4, 16), ("uint4", "ternary", 3, 24),
     ("binary", "ternary", 2, 8), ("binary", "binary", 8, 16)],
)  # fmt: skip
def test_the_mux_circuit_adds_as_its_twin(a, b, lanes, bits):
    one = None if a == "binary" else operand(known(a))
    width, narrow = known(a).element.width, known(b).element.width
    parameters = {"A_BITS": width, "A_SIGNED": int(one.signed if one else True),
                  "B_BITS": narrow, "LANES": lanes, "ACC": bits}  # fmt: skip
    block = Block.open(sources("mux_mac"), "mux_mac", parameters)
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        left = drawn(a, (CYCLES, lanes), generator)
        # the code that stands for nothing counts as 0
        right = generator.integers(0, 1 << narrow, (CYCLES, lanes))
        clear, enable = generator.random(CYCLES) < 0.01, enables(CYCLES, gap, generator)
        terms = mux_mac(left, right, one, b == "ternary")
        expected, sure = accumulate(terms, clear, enable, bits)
        given = {"a": packed(left, width), "b": packed(right, narrow), "clear": clear}
        found = ready(block, given | {"enable": enable}, seed)
        np.testing.assert_array_equal(as_signed(found, bits)[sure], expected[sure])
