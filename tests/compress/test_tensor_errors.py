"""Errors of every tensor: each by itself, against the sums over all samples."""

from __future__ import annotations

import numpy as np
import pytest
from tests.compress import nets

from cosynth.compress.network import network
from cosynth.compress.run import Runner
from cosynth.compress.storage import stored
from cosynth.compress.tensor_errors import tensor_errors
from cosynth.format import decibels, known, noise


def feeds(count: int):
    rng = np.random.default_rng(0)
    return [{"x": rng.standard_normal((4, 8, 32)).astype(np.float32)} for _ in range(count)]


def test_every_factor_is_told_in_order():
    net = network(nets.attention(), "net")
    found = tensor_errors(Runner(network=net), feeds(1), ["int8", "mxfp4"])
    wanted = [
        (site.name, one.tensor, one.constant, form)
        for site in net.sites
        for one in site.operands
        for form in ("int8", "mxfp4")
    ]
    assert [(e.site, e.tensor, e.constant, e.format) for e in found] == wanted


def test_a_weight_and_an_input_agree_with_the_codec():
    net = network(nets.attention(), "net")
    batches = feeds(2)
    found = {
        (e.site, e.constant): e for e in tensor_errors(Runner(network=net), batches, ["mxfp4"])
    }
    weight = noise(net.constants["wq"], known("mxfp4"), axis=-2)
    assert found["q", True].qsnr == pytest.approx(float(weight.qsnr))
    assert found["q", True].crest == pytest.approx(float(weight.crest.mean()))
    x = np.concatenate([feed["x"] for feed in batches])
    both = noise(x, known("mxfp4"))
    assert found["q", False].qsnr == pytest.approx(float(both.qsnr))
    assert found["q", False].crest == pytest.approx(float(both.crest.mean()))


def test_plain_integers_are_told_as_they_are_stored():
    net = network(nets.convolutions(), "net")
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)
    found = tensor_errors(Runner(network=net), [{"x": x}], ["int8"])
    one = net.sites[0].operands[0]
    assert found[0].qsnr == pytest.approx(float(decibels(x, stored(x, known("int8"), one))))
    assert found[0].crest == pytest.approx(np.abs(x).max() / np.sqrt(np.mean(x.astype(float) ** 2)))


def test_the_rule_floor_shrinks_what_passes():
    """MXFP4 clips the top quarter of a binade under OCP's floor; rounding the scale up does not."""
    net = network(nets.attention(width=64), "net")
    x = np.random.default_rng(0).standard_normal((16, 8, 64)).astype(np.float32)
    found = tensor_errors(Runner(network=net), [{"x": x}], ["mxfp4", "mxfp4-even", "nvint4"])
    gain = {e.format: e.gain for e in found if e.site == "q" and not e.constant}
    kept = stored(x, known("mxfp4"), net.sites[0].operands[0]).astype(float)
    assert gain["mxfp4"] == pytest.approx(np.sum(x * kept) / np.sum(x.astype(float) ** 2))
    assert gain["mxfp4"] < gain["mxfp4-even"] - 0.005
    assert abs(1 - gain["nvint4"]) < 0.003
