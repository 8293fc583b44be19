"""Measured error and crest factor: by hand, by loops, and on JAX."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import crest, decibels, known, noise, quantised

SEED = 3


def by_loops(x, kept, block):
    """Energy over noise and crest factor of each block of the last axis, one at a time."""
    ratios, crests = [], []
    for line, other in zip(x.reshape(-1, x.shape[-1]), kept.reshape(-1, x.shape[-1]), strict=True):
        for start in range(0, len(line), block):
            some = [float(v) for v in line[start : start + block]]
            lost = [a - float(b) for a, b in zip(some, other[start : start + block], strict=True)]
            power = math.fsum(v * v for v in some)
            ratios.append(10 * math.log10(power / math.fsum(v * v for v in lost)))
            crests.append(max(map(abs, some)) / math.sqrt(power / len(some)))
    shape = (*x.shape[:-1], -(-x.shape[-1] // block))
    return np.reshape(ratios, shape), np.reshape(crests, shape)


@pytest.mark.parametrize("name", ["mxfp4", "mxint8", "nvfp4", "uint4_g128", "bfp8-g7"])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_blocks_are_those_of_the_codec(name, axis):
    print("seed", SEED)  # noqa: T201
    x = np.random.default_rng(SEED).standard_normal((40, 37, 50)).astype(np.float32)
    format = known(name)
    found = noise(x, format, axis=axis)
    kept = np.moveaxis(quantised(x, format, axis=axis), axis, -1)
    ratios, crests = by_loops(np.moveaxis(x, axis, -1), kept, format.block)
    np.testing.assert_allclose(np.moveaxis(found.blocks, axis, -1), ratios, rtol=1e-9)
    np.testing.assert_allclose(np.moveaxis(found.crest, axis, -1), crests, rtol=1e-9)


@pytest.mark.parametrize("name", ["fp8_e4m3fn", "int8_tensor"])
def test_without_blocks_the_tensor_is_one(name):
    x = np.random.default_rng(SEED).standard_normal((4, 6)).astype(np.float32)
    found = noise(x, known(name))
    assert found.blocks.shape == found.crest.shape == ()
    assert found.blocks == found.qsnr
    assert found.crest == pytest.approx(np.abs(x).max() / np.sqrt((x.astype(float) ** 2).mean()))


def test_the_noise_of_blocks_adds_up_to_that_of_the_tensor():
    x = np.random.default_rng(SEED).standard_normal((8, 64)).astype(np.float32)
    found = noise(x, known("mxint4"))
    energy = (x.astype(float) ** 2).reshape(8, 2, 32).sum(axis=-1)
    lost = (energy / 10 ** (found.blocks / 10)).sum()
    assert found.qsnr == pytest.approx(10 * math.log10(energy.sum() / lost))


def test_jax_says_the_same():
    x = np.random.default_rng(SEED).standard_normal((5, 70)).astype(np.float32)
    ours, theirs = noise(x, known("mxfp6")), noise(jnp.asarray(x), known("mxfp6"))
    for field in ("qsnr", "blocks", "crest"):
        np.testing.assert_allclose(getattr(theirs, field), getattr(ours, field), rtol=1e-4)


def test_nothing_lost_is_infinite_and_zeros_have_no_crest():
    found = noise(np.zeros((2, 32), dtype=np.float32), known("mxfp4"))
    assert found.qsnr == math.inf
    assert found.blocks.tolist() == [[math.inf], [math.inf]]
    assert np.isnan(found.crest).all()
    assert decibels(np.zeros(3), np.ones(3)) == -math.inf
    assert np.isnan(decibels(np.array([1.0, math.nan]), np.ones(2)))


def test_more_noise_is_fewer_decibels():
    x = np.array([3.0, -4.0])
    assert decibels(x, x * 1.1) == pytest.approx(20)
    assert decibels(x, x * 1.01) == pytest.approx(40)


def test_crest_lies_between_one_and_the_root_of_the_block():
    x = np.random.default_rng(SEED).standard_cauchy((300, 16))
    found = crest(x, 16)
    assert ((found >= 1) & (found <= 4)).all()
    np.testing.assert_allclose(crest(x * -1000, 16), found)


def test_an_axis_that_is_not_there_wrong():
    with pytest.raises(SpecError, match="axis 2 of blocks: the tensor has 2 axes"):
        noise(np.ones((2, 2), dtype=np.float32), known("mxfp4"), axis=2)
