import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosynth.errors import CircuitError
from cosynth.rtl.bits import as_signed, carried, packed, random_values, unpacked


@given(st.integers(1, 64), st.integers(1, 40), st.integers(0, 2**32))
def test_unpacked_is_the_inverse_of_packed(bits, count, seed):
    generator = np.random.default_rng(seed)
    low = -(1 << (bits - 1))
    elements = generator.integers(low, -low - 1, (3, count), endpoint=True)
    assert np.array_equal(unpacked(packed(elements, bits), bits, count), elements)


@given(st.integers(1, 64), st.integers(1, 12), st.integers(0, 2**32))
def test_packed_agrees_with_arithmetic_on_whole_numbers(bits, count, seed):
    elements = np.random.default_rng(seed).integers(0, 2**63, (1, count)) >> (63 - min(bits, 63))
    whole = sum(int(value) << (bits * place) for place, value in enumerate(elements[0]))
    got = packed(elements, bits)[0]
    assert whole == sum(int(word) << (32 * i) for i, word in enumerate(np.atleast_1d(got)))
    assert carried(packed(elements, bits), bits * count, "x").dtype == got.dtype


@given(st.integers(1, 64), st.integers(0, 2**64 - 1))
def test_signed_numbers_read_back(bits, value):
    value %= 1 << bits
    expected = value - (1 << bits) if value >> (bits - 1) else value
    assert as_signed(np.array([value], np.uint64), bits)[0] == expected
    if bits < 64 or expected >= 0:
        assert carried([expected], bits, "x")[0] == value


def test_what_does_not_fit_wrong():
    with pytest.raises(CircuitError, match=r"^x: 256 does not fit its 8 bits$"):
        carried([0, 256], 8, "x")
    with pytest.raises(CircuitError, match=r"^x: -129 does not fit its 8 bits$"):
        carried([-129], 8, "x")
    with pytest.raises(CircuitError, match=r"^x: takes whole numbers \[cycles\], not float64"):
        carried([0.5], 8, "x")
    with pytest.raises(CircuitError, match=r"^x: 71 bits take words of uint32 \[cycles, 3\], not"):
        carried([1], 71, "x")
    with pytest.raises(CircuitError, match=r"^x: a value does not fit its 71 bits$"):
        carried(np.array([[0, 0, 128]], np.uint32), 71, "x")


@pytest.mark.parametrize("bits", [1, 7, 33, 64, 65, 71, 96])
def test_random_values_fill_their_bits_and_no_more(bits):
    values = carried(random_values(200, bits, np.random.default_rng(bits)), bits, "x")
    seen = unpacked(values, 1, bits, signed=False)
    assert seen.any(axis=0).all()
    assert not seen.all(axis=0).any()
