"""What is seen of activations, and scales from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compress import nets

from cosynth.compress.calibrate import best_threshold, one_scale, scale_for, watched
from cosynth.compress.network import Operand, network
from cosynth.compress.run import Runner
from cosynth.compress.storage import stored
from cosynth.format import known, names

# powers of two alone, and integers that float32 does not hold
NONE = {"e8m0", "int32", "int64"}
IMAGE = Operand(tensor="x", at=0, axis=1, constant=False)


def batches(count: int, size: int):
    rng = np.random.default_rng(0)
    return [{"x": rng.standard_normal((size, 3, 8, 8)).astype(np.float32)} for _ in range(count)]


def test_batches_are_seen_as_one():
    runner = Runner(network=network(nets.convolutions(), "net"))
    feeds = batches(3, 4)
    parts = watched(runner, feeds)
    whole = watched(runner, [{"x": np.concatenate([feed["x"] for feed in feeds])}])
    assert set(parts) == {("c1", 0), ("c2", 0), ("c3", 0), ("y", 0)}
    for place, seen in parts.items():
        assert seen.largest == whole[place].largest
        np.testing.assert_allclose(seen.magnitude, whole[place].magnitude, rtol=1e-6)
        assert np.array_equal(np.sort(seen.sample), np.sort(whole[place].sample))
    first = np.concatenate([feed["x"] for feed in feeds])
    assert parts["c1", 0].largest == np.abs(first).max()
    np.testing.assert_allclose(parts["c1", 0].magnitude, np.abs(first).mean((0, 2, 3)), rtol=1e-6)
    assert parts["c1", 0].percentile(100) == np.abs(first).max()
    assert parts["c1", 0].percentile(50) == pytest.approx(np.median(np.abs(first)))


def test_of_a_large_activation_a_sample_is_kept():
    runner = Runner(network=network(nets.convolutions(), "net"))
    seen = watched(runner, batches(2, 400))["c1", 0]
    assert len(seen.sample) == 1 << 16
    # 0.9 of a Gaussian lies within 1.645 of its spread
    assert seen.percentile(90) == pytest.approx(1.645, rel=0.02)


@pytest.mark.parametrize("form", sorted({n for n in names() if one_scale(known(n), IMAGE)} - NONE))
@given(seed=st.integers(0, 1000), share=st.floats(0.1, 10))
def test_a_scale_found_beforehand_saturates_beyond_it(form, seed, share):
    x = np.random.default_rng(seed).standard_normal((1, 50)).astype(np.float32)
    top = float(np.abs(x).max()) * share
    found = stored(x, known(form), IMAGE, scale_for(top, known(form)))
    assert np.isfinite(found).all()
    # two's complement may reach one step further down
    room = 1 + 1 / known(form).largest
    assert np.abs(found).max() <= top * room * (1 + 1e-6)


@pytest.mark.parametrize("form", ["int4", "int8", "int8_tensor", "fp8_e4m3fn", "fp8_tensor"])
def test_the_best_threshold_is_never_worse_than_the_peak(form):
    rng = np.random.default_rng(0)
    for values in (rng.standard_normal(4000), rng.standard_t(2, 4000), np.zeros(3)):
        x = values.astype(np.float32)

        def error(top: float, x=x) -> float:
            kept = stored(x, known(form), IMAGE, scale_for(top, known(form)))
            return float(np.sum((kept - x) ** 2.0))

        top = best_threshold(x, known(form), IMAGE)
        assert error(top) <= error(float(np.abs(x).max()))


def test_the_best_clip_of_a_gaussian_is_the_published_one():
    """Banner and others, "Post training 4-bit quantization", NeurIPS 2019: 2.55 sigma at 4 bits."""
    x = np.random.default_rng(0).standard_normal(1 << 16).astype(np.float32)
    assert best_threshold(x, known("int4"), IMAGE) == pytest.approx(2.55, rel=0.08)
