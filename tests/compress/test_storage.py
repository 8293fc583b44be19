"""Where the blocks of a layer's factors lie, and how many bits they take."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.compress.network import Operand
from cosynth.compress.storage import laid_out, scaled, stored, stored_bits
from cosynth.format import known, quantised

KERNEL = Operand(tensor="w", at=1, axis=1, constant=True, window=True)
IMAGE = Operand(tensor="x", at=0, axis=1, constant=False)


def test_plain_integers_get_a_scale_for_each_output_or_for_the_whole():
    rng = np.random.default_rng(0)
    w = rng.standard_normal((4, 3, 3, 3)).astype(np.float32)
    steps = np.abs(w).max(axis=(1, 2, 3), keepdims=True) / np.float32(127)
    assert np.array_equal(stored(w, known("int8"), KERNEL), np.rint(w / steps) * steps)
    whole = np.abs(w).max() / np.float32(127)
    assert np.array_equal(stored(w, known("int8"), IMAGE), np.rint(w / whole) * whole)


def test_wide_floats_need_no_scale():
    assert scaled(known("bf16"), KERNEL) is known("bf16")
    assert scaled(known("fp8_e4m3fn"), KERNEL).scale is not None


def test_a_kernel_of_few_channels_is_stored_as_rows():
    assert laid_out((8, 3, 7, 7), known("mxfp4"), KERNEL) == ((8, 147), 1)
    assert laid_out((8, 64, 3, 3), known("mxfp4"), KERNEL) == ((8, 64, 3, 3), 1)
    assert laid_out((2, 3, 7, 7), known("mxfp4"), IMAGE) == ((2, 3, 7, 7), 1)


def test_blocks_run_along_the_channels():
    w = np.random.default_rng(1).standard_normal((8, 64, 3, 3)).astype(np.float32)
    found = stored(w, known("mxfp4"), KERNEL)
    assert np.array_equal(found, quantised(w, known("mxfp4"), axis=1))


@pytest.mark.parametrize(
    ("name", "bits"),
    [
        ("mxfp4", 8 * 147 * 4 + 8 * 5 * 8),
        ("nvfp4", 8 * 147 * 4 + 8 * 10 * 8 + 32),
        ("int8", 8 * 147 * 8 + 8 * 32),
        ("uint4_g128", 8 * 147 * 4 + 8 * 2 * 20),
        ("fp16", 8 * 147 * 16),
        ("int8_tensor", 8 * 147 * 8 + 32),
    ],
)
def test_every_scale_is_counted(name: str, bits: int):
    assert stored_bits((8, 3, 7, 7), known(name), KERNEL) == bits


def test_a_given_scale_divides_and_multiplies():
    x = np.float32([0.3, -0.9, 100.0]).reshape(1, 3)
    found = stored(x, known("int8"), IMAGE, scale=0.25)
    assert found.tolist() == [[0.25, -1.0, 31.75]]
