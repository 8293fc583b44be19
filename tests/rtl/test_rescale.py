"""Scaling behind an accumulator: the twin against fractions, the circuit against the twin."""

from fractions import Fraction

import numpy as np
import pytest
from tests.rtl.pipeline import GAPS, enables, through

from cosynth.rtl.bits import as_signed
from cosynth.rtl.drive import Block
from cosynth.rtl.source import sources
from cosynth.rtl.twin.rescale import Rescale, rescale, rounded

LATENCY = 4


def drawn(bits, count, generator):
    """Whole numbers of every size that `bits` hold, the outermost among them."""
    top = (1 << (bits - 1)) - 1
    size = generator.integers(0, top, count, endpoint=True) >> generator.integers(0, bits, count)
    value = np.where(generator.random(count) < 0.5, size, -1 - size)
    return np.where(
        generator.random(count) < 0.02, generator.choice([top, -1 - top, 0], count), value
    )


def oracle(acc, bias, factor, shift, rest, odd):
    exact = Fraction((int(acc) + int(bias)) * int(factor) + int(rest), 1 << int(shift))
    if odd:
        down = exact.numerator // exact.denominator
        return down | (exact != down)
    return round(exact)


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("bits", [16, 32, 48])
def test_the_twin_is_exact_but_for_one_rounding(bits, odd):
    generator = np.random.default_rng(7)
    count = 3000
    acc, bias = (drawn(bits, count, generator) for _ in range(2))
    factor, negative, other = (drawn(16, count, generator) for _ in range(3))
    residual, shift = drawn(19, count, generator), generator.integers(0, 64, count)
    left = generator.integers(0, 32, count)
    low, high = -(1 << 40), (1 << 40) - 1
    how = Rescale(
        multiplier=factor,
        negative_multiplier=negative,
        residual_multiplier=other,
        residual_shift=left,
        shift=shift,
        low=low,
        high=high,
        odd=odd,
    )
    found = rescale(acc, bias, how, residual)
    chosen = np.where(acc + bias < 0, negative, factor)
    rest = (residual * other).astype(object) << left
    exact = [oracle(*one, odd) for one in zip(acc, bias, chosen, shift, rest, strict=True)]
    assert found.tolist() == [min(max(one, low), high) for one in exact]


def test_ties_go_to_the_even_number():
    assert rounded(np.arange(-8, 8), 1).tolist() == [round(one / 2) for one in range(-8, 8)]


def test_rounding_to_odd_does_no_harm_to_a_second_rounding():
    exact = np.arange(-5000, 5000)
    once = rounded(exact, 7)
    np.testing.assert_array_equal(rounded(rounded(exact, 5, odd=True), 2), once)
    assert (rounded(rounded(exact, 5), 2) != once).any()


@pytest.mark.parametrize(
    "parameters",
    [
        {"ACC": 32, "Y": 8},
        {"ACC": 32, "Y": 4, "LEAKY": 1},
        {"ACC": 16, "Y": 8, "RESIDUAL": 1, "R": 8},
        {"ACC": 48, "Y": 21, "RESIDUAL": 1, "R": 19, "LEAKY": 1, "ODD": 1},
        {"ACC": 16, "Y": 35, "ODD": 1},
    ],
    ids=lambda one: "-".join(f"{name}{value}" for name, value in one.items()),
)
def test_the_circuit_rescales_as_its_twin(parameters):
    bits, wide = parameters["ACC"], parameters["Y"]
    block = Block.open(sources("rescale"), "rescale", parameters)
    leaky, added = parameters.get("LEAKY"), parameters.get("RESIDUAL")
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        count = 20_000
        ends = sorted(drawn(wide, 2, generator).tolist())
        given = {
            "enable": enables(count, gap, generator),
            "acc": drawn(bits, count, generator),
            "bias": drawn(bits, count, generator),
            "residual": drawn(parameters.get("R", 8), count, generator),
            "shift": generator.integers(0, 64, count),
            "residual_shift": generator.integers(0, 32, count),
            "low": np.full(count, ends[0]),
            "high": np.full(count, ends[1]),
        }
        names = ("multiplier", "negative_multiplier", "residual_multiplier")
        given |= {name: drawn(16, count, generator) for name in names}
        how = Rescale(
            multiplier=given["multiplier"],
            negative_multiplier=given["negative_multiplier"] if leaky else None,
            residual_multiplier=given["residual_multiplier"] if added else None,
            residual_shift=given["residual_shift"],
            shift=given["shift"],
            low=ends[0],
            high=ends[1],
            odd=bool(parameters.get("ODD")),
        )
        residual = given["residual"] if added else None
        expected = rescale(given["acc"], given["bias"], how, residual)
        cycles, results = through(given["enable"], expected, LATENCY)
        found = block.run(given, seed=seed)["y"]
        np.testing.assert_array_equal(as_signed(found[cycles], wide), results)
