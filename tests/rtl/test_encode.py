"""Rounding to floats: the twin against the codec and a search, the circuit against the twin."""

from dataclasses import replace

import numpy as np
import pytest
from tests.rtl.pipeline import GAPS, enables, through

from cosynth.errors import SpecError
from cosynth.format import encode as codec
from cosynth.format import known
from cosynth.format.element import table
from cosynth.rtl.drive import Block
from cosynth.rtl.operands import operand, rounding
from cosynth.rtl.source import sources
from cosynth.rtl.twin.encode import encode
from cosynth.rtl.twin.rescale import Rescale, rescale

LATENCY = 2
FLOATS = ("fp4_e2m1", "fp6_e2m3", "fp6_e3m2", "fp8_e3m4", "fp8_e4m3fn", "fp8_e4m3fnuz", "fp8_e5m2",
          "ue4m3", "fp16", "fp8_e5m2-overflow")  # fmt: skip
SIGNIFICAND = 24  # bits that a float32 holds, which is what the codec takes


def numbers(to, generator, most=1 << 17):
    """Every number that the circuit takes, or many of every size."""
    if 1 << to.bits <= most:
        return np.arange(-(1 << (to.bits - 1)), 1 << (to.bits - 1))
    size = generator.integers(0, 1 << (to.bits - 1), most)
    size >>= generator.integers(0, to.bits - 1, most)
    # around what lies between two values
    near = (size >> (to.mantissa // 2 + 3)) << (to.mantissa // 2 + 3)
    size = np.where(generator.random(most) < 0.5, size, near + generator.integers(-1, 2, most))
    return np.where(generator.random(most) < 0.5, size, -size)


def searched(exact, unit, name):
    """Codes of the nearest values, ties to even, by a search; numbers of 1 / `unit` steps."""
    element, seen = known(name).element, operand(known(name))
    half = element.top + 1
    grid = [int(np.ldexp(float(one), -seen.step)) * unit for one in table(element)[:half]]
    found = []
    for one in exact:
        size = abs(int(one)) if element.signed or one >= 0 else 0
        at = int(np.searchsorted(np.array(grid, dtype=object), size, side="right")) - 1
        if at + 1 < half:
            twice = 2 * size - grid[at] - grid[at + 1]
            at += twice > 0 or (twice == 0 and at % 2 == 1)
        negative = element.signed and one < 0 and (element.minus_zero or at > 0)
        found.append(at | (negative << (element.width - 1)))
    return found


@pytest.mark.parametrize("name", FLOATS)
def test_the_twin_encodes_as_the_codec(name):
    generator = np.random.default_rng(3)
    to, element = rounding(known(name)), known(name).element
    value = numbers(to, generator)
    cut = np.maximum(np.frexp(np.abs(value).astype(np.float64))[1] - SIGNIFICAND, 0)
    value = (value >> cut) << cut
    as_float = np.ldexp(value.astype(np.float64), element.step - to.fraction).astype(np.float32)
    np.testing.assert_array_equal(encode(value, to), codec(as_float, known(name)).code)


@pytest.mark.parametrize("name", FLOATS[:-1])
def test_the_twin_finds_the_nearest_value(name):
    to = rounding(known(name))
    if not known(name).element.saturate:
        to = replace(to, over=to.top)
    value = np.random.default_rng(5).permutation(numbers(to, np.random.default_rng(4)))[:2000]
    assert encode(value, to).tolist() == searched(value, 1 << to.fraction, name)


@pytest.mark.parametrize("name", ["fp8_e4m3fn", "fp6_e3m2", "fp4_e2m1"])
def test_scale_and_encoding_round_once(name):
    generator = np.random.default_rng(6)
    to = rounding(known(name))
    count, shift = 2000, 9
    # small products, so that ties are common
    acc, factor = generator.integers(-200, 200, count), generator.integers(1, 200, count)
    top = (1 << (to.bits - 1)) - 1
    how = Rescale(multiplier=factor, shift=np.array(shift - 2), low=-top, high=top, odd=True)
    found = encode(rescale(acc, np.zeros_like(acc), how), to)
    expected = searched(acc * factor, 1 << shift, name)
    assert found.tolist() == expected


@pytest.mark.parametrize("name", FLOATS)
def test_the_circuit_encodes_as_its_twin(name):
    to = rounding(known(name))
    block = Block.open(sources("encode"), "encode", to.parameters())
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        value = generator.permutation(numbers(to, generator))
        enable = enables(len(value), gap, generator)
        cycles, expected = through(enable, encode(value, to), LATENCY)
        found = block.run({"x": value, "enable": enable}, seed=seed)["code"]
        np.testing.assert_array_equal(found[cycles], expected)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("int8", "format 'int8': integers are rounded with their scale, not again"),
        ("fp8_e4m3fn-overflow", "format 'fp8_e4m3fn-overflow' has no infinity, and the circuit"),
    ],
)
def test_elements_that_are_not_encoded_wrong(name, said):
    with pytest.raises(SpecError, match=said):
        rounding(known(name))
