"""Packing is a bijection with its bits in the stated order; planes add up to the integer."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import pack, plane_weights, planes, unpack
from cosynth.format.pack import code_type


@pytest.mark.parametrize("bits", range(1, 33))
def test_codes_lie_one_after_the_other_little_end_first(bits):
    rng = np.random.default_rng(bits)
    for count in (0, 1, 7, 8, 9, 61):
        codes = rng.integers(0, 2**bits, count).astype(code_type(bits))
        packed = pack(codes, bits)
        stream = sum(int(code) << (at * bits) for at, code in enumerate(codes))
        assert packed.tobytes() == stream.to_bytes(-(-count * bits // 8), "little")
        assert np.array_equal(unpack(packed, bits, count), codes)
        assert np.array_equal(pack(jnp.asarray(codes), bits), packed)
        assert np.array_equal(unpack(jnp.asarray(packed), bits, count), codes)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_planes_add_up_exactly(bits):
    codes = np.arange(2**bits, dtype=code_type(bits))
    signed = np.where(codes >= 2 ** (bits - 1), codes.astype(int) - 2**bits, codes)
    parts = planes(codes, bits).astype(int)
    assert np.array_equal(np.tensordot(plane_weights(bits), parts, 1), signed)
    assert np.array_equal(np.tensordot(plane_weights(bits, signed=False), parts, 1), codes)


def test_bytes_of_another_count_are_refused_wrong():
    with pytest.raises(SpecError, match=r"3 codes of 4 bits are 2 bytes, not \(1,\)"):
        unpack(np.zeros(1, dtype=np.uint8), 4, 3)
    with pytest.raises(SpecError, match="codes of 33 bits: from 1 to 32 can be packed"):
        pack(np.zeros(1, dtype=np.uint8), 33)
