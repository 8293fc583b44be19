"""Units that work on one bit of a factor: twins against integer dot products, circuits as twins."""

import numpy as np
import pytest
from tests.rtl.pipeline import GAPS, enables

from cosynth.format import Codes, dot, known, plane_weights, planes
from cosynth.rtl.bits import as_signed, packed, unpacked
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand
from cosynth.rtl.source import sources
from cosynth.rtl.twin.accumulate import accumulate
from cosynth.rtl.twin.lookup_mac import lookup_mac
from cosynth.rtl.twin.mux_mac import mux_mac
from cosynth.rtl.twin.product import product
from cosynth.rtl.twin.serial_mac import serial_mac

CYCLES = 5000
K = 64


def drawn(name, shape, generator):
    """Codes of a format that stand for one of its values."""
    bits = known(name).element.width
    found = generator.integers(0, 1 << bits, shape)
    return np.where(found == 2, 0, found) if name == "ternary" else found


def summed(a, b, left, right):
    """The dot product of codes [K] by the format's own rule."""
    codes = [Codes(format=known(name), axis=0, code=code.astype(np.uint16))
             for name, code in ((a, left), (b, right))]  # fmt: skip
    return int(dot(codes[0], codes[1], "int32").value)


def ready(block, given, seed, name="acc"):
    """An output as it is after each cycle."""
    longer = {key: np.concatenate([value, value[-1:]]) for key, value in given.items()}
    return block.run(longer, seed=seed)[name][1:]


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


@pytest.mark.parametrize("b", ["binary", "ternary"])
@pytest.mark.parametrize("a", ["int8", "uint4", "ternary", "binary"])
def test_selected_factors_add_up_to_the_dot_product(a, b):
    generator = np.random.default_rng(2)
    left, right = drawn(a, K, generator), drawn(b, K, generator)
    one = None if a == "binary" else operand(known(a))
    assert mux_mac(left, right, one, b == "ternary") == summed(a, b, left, right)


@pytest.mark.parametrize(("a", "b"), [("int8", "int4"), ("uint8", "int8"), ("int4", "uint3")])
def test_planes_add_up_to_the_dot_product(a, b):
    generator = np.random.default_rng(3)
    left, right = drawn(a, K, generator), drawn(b, K, generator)
    seen, other = operand(known(a)), operand(known(b))
    weights = plane_weights(other.bits, signed=other.signed)
    every = planes(right, other.bits)
    plane, negative = np.arange(other.bits), np.array(weights) < 0
    terms = serial_mac(np.tile(left, (other.bits, 1)), every, seen, plane, negative)
    assert terms.sum() == summed(a, b, left, right)
    four = left.reshape(-1, 4)
    index = packed(every.reshape(-1, 4), 1).astype(np.int64).reshape(other.bits, -1)
    parts = [lookup_mac(four, index[at][:, None], seen, plane[at], negative[at]) for at in plane]
    assert np.sum(parts) == summed(a, b, left, right)


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
