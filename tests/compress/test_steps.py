"""Every step: products stay where they must, and errors move as published."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx.reference import ReferenceEvaluator
from tests.compress import nets

from cosynth.compress.calibrate import Seen
from cosynth.compress.change import Change
from cosynth.compress.choices import Choice
from cosynth.compress.network import Operand, Site, network
from cosynth.compress.run import Runner
from cosynth.compress.step import Factors, step, step_names, stepped
from cosynth.compress.steps.clip_mse import clipped
from cosynth.compress.storage import stored
from cosynth.format import decibels, known, names

LEFT = Operand(tensor="x", at=0, axis=-1, constant=False)
RIGHT = Operand(tensor="w", at=1, axis=-2, constant=True)
SITE = Site(name="y", node=0, operator="MatMul", operands=(LEFT, RIGHT))
TURNS = ("hadamard", "hadamard:4", "reorder")


def factors(x: np.ndarray, w: np.ndarray) -> Factors:
    seen = Seen(
        largest=float(np.abs(x).max()), magnitude=np.abs(x).mean(axis=0, dtype=float),
        sample=x.ravel().astype(np.float32),
    )  # fmt: skip
    return Factors(site=SITE, length=x.shape[1], weight=w, seen={0: seen})


def qsnr(x: np.ndarray, form: str, change: Change | None = None) -> float:
    """Of a factor that is summed over its last axis."""
    if change:
        x = change.applied(x, LEFT, known(form))
    return float(decibels(x, stored(x, known(form), LEFT)))


@given(
    st.sampled_from(TURNS), st.integers(1, 40), st.integers(1, 5),
    st.integers(0, 1 << 20), st.one_of(st.none(), st.integers(0, 9)),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_turn_leaves_the_product_as_it_is(name, length, rows, data, seed):
    rng = np.random.default_rng(data)
    x, w = rng.standard_normal((rows, length)), rng.standard_normal((length, 3))
    change = step(name, seed).change(factors(x, w))
    if change is None:
        return
    turned = change.applied(x, LEFT, None) @ change.applied(w, RIGHT, None)
    np.testing.assert_allclose(turned, x @ w, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("groups", [1, 4])
def test_a_turned_convolution_gives_the_same(name, groups):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 16, 5, 5))
    w = rng.standard_normal((8, 16 // groups, 3, 3))
    image = Operand(tensor="x", at=0, axis=1, constant=False)
    kernel = Operand(tensor="w", at=1, axis=1, constant=True, window=True)
    site = Site(name="y", node=0, operator="Conv", operands=(image, kernel))
    seen = Seen(largest=1, magnitude=np.abs(x).mean((0, 2, 3)), sample=np.float32([1]))
    change = step(name, 1).change(Factors(site=site, length=16 // groups, weight=w, seen={0: seen}))
    assert change is not None
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4, group=groups)
    run = ReferenceEvaluator(nets.model([node], x.shape, (2, 8, 5, 5), {"w": w.astype("f")})).run
    before = run(None, {"x": x, "w": w})[0]
    given = {"x": change.applied(x, image, None), "w": change.applied(w, kernel, None)}
    np.testing.assert_allclose(run(None, given)[0], before, rtol=1e-9, atol=1e-9)


def test_random_signs_come_from_the_seed():
    x = np.random.default_rng(0).standard_normal((4, 16))
    turned = [
        step("hadamard", seed).change(factors(x, x.T)).applied(x, LEFT, None)  # type: ignore[union-attr]
        for seed in (None, 1, 1, 2)
    ]
    assert np.array_equal(turned[1], turned[2])
    assert not np.array_equal(turned[1], turned[3])
    assert not np.array_equal(turned[1], turned[0])


def outliers(rng: np.random.Generator) -> np.ndarray:
    x = rng.standard_normal((256, 1024)).astype(np.float32)
    return np.where(rng.random(x.shape) < 0.01, 10 * x, x)


def test_rotation_lifts_integers_and_lowers_nvfp4():
    """INT v.s. FP (2025), figure 4: rotated, NVINT4 overtakes NVFP4, which loses."""
    rng = np.random.default_rng(0)
    for x in (rng.laplace(size=(256, 1024)).astype(np.float32), outliers(rng)):
        change = step("hadamard:32", 3).change(factors(x, x.T))
        assert qsnr(x, "nvint4", change) > qsnr(x, "nvint4") + 1
        assert qsnr(x, "mxint8", change) > qsnr(x, "mxint8") + 1
        assert qsnr(x, "nvfp4", change) < qsnr(x, "nvfp4") - 0.1
        assert qsnr(x, "nvint4", change) > qsnr(x, "nvfp4", change)


def test_sorting_gains_in_blocks_shorter_than_the_axis_only():
    """Accurate Block Quantization (2024): rows sorted by size gain at 64 and 32, not at 128."""
    rng = np.random.default_rng(0)
    sizes = np.where(rng.random(128) < 0.5, 0.1, 1.0)
    x = (rng.standard_normal((512, 128)) * sizes).astype(np.float32)
    w = rng.standard_normal((128, 8)).astype(np.float32)
    change = step("reorder").change(factors(x, w))
    gain = {
        block: qsnr(x, f"mxint4-g{block}", change) - qsnr(x, f"mxint4-g{block}")
        for block in (32, 64, 128)
    }
    assert gain[128] == 0.0
    assert gain[32] > gain[64] > 0.2


@pytest.mark.parametrize("form", [n for n in names() if n not in {"int32", "int64"}])
def test_a_searched_clip_never_has_more_error(form):
    rng = np.random.default_rng(0)
    kernel = Operand(tensor="w", at=1, axis=1, constant=True, window=True)
    for shape, one in (((8, 40, 3, 3), kernel), ((70, 8), RIGHT), ((4, 3, 3, 3), kernel)):
        w = rng.standard_t(3, shape).astype(np.float32)
        kept = stored(clipped(w, known(form), one), known(form), one)
        plain = stored(w, known(form), one)
        assert np.sum((kept - w) ** 2.0) <= np.sum((plain - w) ** 2.0)


def test_a_searched_clip_gains_where_few_codes_meet_a_long_tail():
    w = np.random.default_rng(0).standard_t(3, (64, 256)).astype(np.float32)
    one = Operand(tensor="w", at=1, axis=1, constant=True)
    kept = stored(clipped(w, known("int4"), one), known("int4"), one)
    assert decibels(w, kept) > decibels(w, stored(w, known("int4"), one)) + 1


def test_a_percentile_clips_each_output_and_the_activation_at_what_was_seen():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((1000, 8)), rng.standard_normal((8, 5))
    change = step("clip-percentile:90").change(factors(x, w))
    assert change is not None
    cut = change.applied(x, LEFT, known("int8"))
    assert np.mean(cut != x) == pytest.approx(0.1, abs=0.01)
    tops = np.percentile(np.abs(w), 90, axis=0)
    assert np.array_equal(np.abs(change.applied(w, RIGHT, known("int8"))).max(axis=0), tops)
    assert change.scale(LEFT, known("int8")) == pytest.approx(np.abs(cut).max() / 127, rel=1e-6)
    assert change.scale(RIGHT, known("int8")) is None
    assert change.scale(LEFT, known("mxfp4")) is None
    assert change.applied(x, LEFT, None) is x


@pytest.mark.parametrize("name", step_names())
def test_a_whole_network_runs_after_every_step(name):
    net = network(nets.attention(), "net")
    feeds = [{"x": np.random.default_rng(1).standard_normal((3, 8, 32)).astype(np.float32)}]
    plain = Runner(network=net)
    runner = stepped(plain, [step(name, 1)], feeds)
    assert runner.changes
    wanted = plain.run(feeds[0], {})["y"]
    # layers left alone are left alone
    assert np.array_equal(runner.run(feeds[0], {})["y"], wanted)
    wide = {site.name: Choice(weights="bf16", activations="bf16") for site in net.sites}
    close = runner.run(feeds[0], wide)["y"]
    assert decibels(wanted, close) > 20
    narrow = {site.name: Choice(weights="int4", activations="int8") for site in net.sites}
    assert np.isfinite(runner.run(feeds[0], narrow)["y"]).all()


def test_steps_follow_each_other():
    net = network(nets.attention(), "net")
    feeds = [{"x": np.random.default_rng(1).standard_normal((3, 8, 32)).astype(np.float32)}]
    both = stepped(Runner(network=net), [step("hadamard"), step("clip-percentile:99")], feeds)
    first = stepped(Runner(network=net), [step("hadamard")], feeds)
    then = stepped(first, [step("clip-percentile:99")], feeds)
    choices = {site.name: Choice(weights="int4", activations="int8") for site in net.sites}
    assert np.array_equal(both.run(feeds[0], choices)["y"], then.run(feeds[0], choices)["y"])
    assert [len(changes) for changes in both.changes.values()] == [2] * len(net.sites)
