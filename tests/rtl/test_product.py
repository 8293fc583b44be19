"""Products of element codes: the twin against the codec."""

import numpy as np
import pytest

from cosynth.format import known
from cosynth.format.element import table
from cosynth.rtl.bits import as_signed
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand, product_parameters
from cosynth.rtl.source import sources
from cosynth.rtl.twin.product import product

PAIRS = (("int8", "int8"), ("int4", "int8"), ("uint8", "int4"), ("ternary", "int8"),
         ("fp4_e2m1", "fp4_e2m1"), ("fp8_e4m3fn", "fp8_e4m3fn"), ("fp8_e5m2", "fp8_e4m3fn"),
         ("fp6_e3m2", "int8"), ("int8", "fp6_e2m3"))  # fmt: skip


def codes(a, b, most=1 << 20, seed=0):
    """All pairs of codes if they are few; else random ones, and pairs of the outermost."""
    one, other = operand(known(a)).bits, operand(known(b)).bits
    if one + other <= most.bit_length() - 1:
        every = np.arange(1 << (one + other))
        return every >> other, every & ((1 << other) - 1)
    print("seed", seed)  # noqa: T201
    rng = np.random.default_rng(seed)
    edges = [np.array([0, 1, 2, half - 1, half, half + 1, 2 * half - 1])
             for half in (1 << (one - 1), 1 << (other - 1))]  # fmt: skip
    left, right = (grid.ravel() for grid in np.meshgrid(*edges))
    count = most - len(left)
    return (
        np.concatenate([left, rng.integers(0, 1 << one, count)]),
        np.concatenate([right, rng.integers(0, 1 << other, count)]),
    )


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_products_are_those_of_the_values(a, b):
    left, right = codes(a, b)
    with np.errstate(invalid="ignore"):
        values = [table(known(name).element)[code].astype(np.float64)
                  for name, code in ((a, left), (b, right))]  # fmt: skip
        one, other = operand(known(a)), operand(known(b))
        expected = np.ldexp(values[0] * values[1], -one.step - other.step)
    full = product_parameters(known(a), known(b))["P"]
    found = product(left, right, one, other, full)
    finite = np.isfinite(values[0]) & np.isfinite(values[1])
    np.testing.assert_array_equal(found[finite], expected[finite])


def test_a_narrow_product_wraps():
    one = operand(known("int8"))
    found = product(np.array([100, 100]), np.array([100, 156]), one, one, 12)
    assert found.tolist() == [10000 - 2 * 4096, 2 * 4096 - 10000]


@pytest.mark.parametrize(
    ("a", "b", "bits", "decoded"),
    [
        *((a, b, 0, False) for a, b in PAIRS),
        ("fp4_e2m1", "fp4_e2m1", 0, True),
        ("fp8_e4m3fn", "fp8_e4m3fn", 0, True),
        ("fp6_e3m2", "int4", 0, True),
        ("int16", "int16", 0, False),
        ("fp16", "uint4", 48, False),
        ("fp16", "fp16", 48, False),
        ("fp8_e4m3fn", "int8", 16, False),
        ("ue4m3", "ue4m3", 0, False),
    ],
)
def test_the_circuit_multiplies_as_its_twin(a, b, bits, decoded):
    parameters = product_parameters(known(a), known(b), bits=bits, decoded=decoded)
    block = Block.open(sources("product"), "product", parameters)
    left, right = codes(a, b)
    expected = product(left, right, operand(known(a)), operand(known(b)), parameters["P"])
    found = block.run({"a": left, "b": right})["p"]
    np.testing.assert_array_equal(as_signed(found, parameters["P"]), expected)
