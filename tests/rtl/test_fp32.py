"""Roundings to float32 and sums of them, against fractions and IEEE arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from tests.rtl.pipeline import GAPS, enables, through

from cosynth.rtl.bits import packed
from cosynth.rtl.drive import Block
from cosynth.rtl.source import sources
from cosynth.rtl.twin.fp32 import add_fp32, round_fp32

NAN = 0x7FC00000


def bits(values):
    """Bits of float32, one pattern for NaN."""
    found = np.asarray(values, np.float32)
    return np.where(np.isnan(found), NAN, found.view(np.uint32))


def nearest(value):
    """A fraction as the bits of the nearest float32, ties to even: by the definition."""
    sign, size = (1 << 31 if value < 0 else 0), abs(value)
    if not size:
        return 0
    exponent = -126
    while size >= Fraction(2) ** (exponent + 1):
        exponent += 1
    steps = round(size / Fraction(2) ** (exponent - 23))
    found = ((exponent + 126) << 23) + steps
    return sign | min(found, 0x7F800000) if found else 0


def wholes(width, count, generator):
    """Numbers of `width` bits as Python integers, many of them near ties."""
    found = []
    for _ in range(count):
        size = int(generator.integers(1, width))
        value = int.from_bytes(generator.bytes(16), "little") >> (128 - size)
        if size > 26 and generator.random() < 0.5:
            value = (value >> (size - 25) << (size - 25)) + int(generator.integers(-1, 2))
        found.append(value if generator.random() < 0.5 else -value)
    top = (1 << (width - 1)) - 1
    return [top, -top - 1, 0, 1, -1, *found]


def exponents(width, count, generator):
    """Exponents for which something comes out: subnormals and infinities among them."""
    return generator.integers(-160 - width, 130, count)


@pytest.mark.parametrize("width", [16, 50, 100])
def test_the_twin_rounds_once(width):
    generator = np.random.default_rng(1)
    whole = wholes(width, 2000, generator)
    exponent = exponents(width, len(whole), generator)
    found = round_fp32(np.array(whole, dtype=object if width > 63 else np.int64), exponent)
    pairs = zip(whole, exponent.tolist(), strict=True)
    assert bits(found).tolist() == [nearest(Fraction(one) * Fraction(2) ** at) for one, at in pairs]


@pytest.mark.parametrize("width", [16, 27, 50, 100])
def test_the_circuit_rounds_as_its_twin(width):
    block = Block.open(sources("round_fp32"), "round_fp32", {"N": width})
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        whole = wholes(width, 5000, generator)
        exponent = exponents(width, len(whole), generator)
        wide = width > 64
        expected = bits(round_fp32(np.array(whole, dtype=object if wide else np.int64), exponent))
        enable = enables(len(whole), gap, generator)
        words = [[(one >> at) & 0xFFFFFFFF for at in (0, 32, 64, 96)] for one in whole]
        port = packed(words, 32) if wide else np.array(whole, np.int64)
        if wide:
            port[:, -1] &= np.uint32((1 << (width - 96)) - 1)
        found = block.run({"whole": port, "exponent": exponent, "enable": enable}, seed=seed)
        cycles, results = through(enable, expected, 2)
        np.testing.assert_array_equal(found["value"][cycles], results)


def floats(count, generator):
    """Bit patterns of every kind, and of near exponents."""
    any_bits = generator.integers(0, 1 << 32, count)
    kinds = [0, 1 << 31, 1, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000, NAN]
    near = (generator.integers(0, 2, count) << 31) | (generator.integers(120, 130, count) << 23)
    near |= generator.choice([0, 1, 0x7FFFFF, 0x400000], count)
    low = generator.integers(0, 1 << 25, count) | (generator.integers(0, 2, count) << 31)
    which = generator.integers(0, 8, count)
    found = np.select(
        [which == 0, which == 1, which < 4], [generator.choice(kinds, count), low, near], any_bits
    )
    return found.astype(np.uint32).view(np.float32)


def test_the_circuit_adds_as_ieee():
    block = Block.open(sources("add_fp32"), "add_fp32")
    print("seed", 0)  # noqa: T201
    generator = np.random.default_rng(0)
    count = 1 << 20
    a, b = floats(count, generator), floats(count, generator)
    # neighbours in size, whose difference cancels
    near = generator.random(count) < 0.3
    moved = a.view(np.int32) + generator.integers(-3 << 22, 3 << 22, count).astype(np.int32)
    b = np.where(near, (moved ^ np.int32(-(1 << 31))).view(np.float32), b)
    found = block.run({"a": a.view(np.uint32), "b": b.view(np.uint32)})["sum"]
    np.testing.assert_array_equal(found, bits(add_fp32(a, b)))
