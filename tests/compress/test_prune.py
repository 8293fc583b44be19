"""Pruned networks compute what the whole ones compute with zeros in the same places."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import onnx
import pytest
from onnx import helper
from tests.compress import nets
from tests.compress.pruned_nets import image_net, word_net

from cosynth import hardware
from cosynth.codesign.estimate import estimate
from cosynth.compress.coupling import coupling
from cosynth.compress.network import network
from cosynth.compress.prune import (
    _chosen,
    _with,
    prune_channels,
    prune_pattern,
    prune_weights,
    thinned,
)
from cosynth.compress.run import Runner
from cosynth.errors import SpecError, WorkloadError
from cosynth.workload.load import load


def outputs(given, shape, seed=0):
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return Runner(network=given).run({"x": x}, {})["y"]


def emptied(given, share):
    """The whole network with zeros wherever `prune_channels` cuts."""
    found = coupling(given)
    removed, _ = _chosen(given, found, share)
    values = {}
    for name, axes in found.labels.items():
        if name in given.constants and given.constants[name].dtype.kind == "f":
            whole = given.constants[name].copy()
            for axis, labels in enumerate(axes):
                gone = np.isin(found.atoms.roots(labels), removed)
                whole[(slice(None),) * axis + (gone,)] = 0
            values[name] = whole
    return _with(given, values)


@pytest.mark.parametrize("make", [image_net, word_net])
@pytest.mark.parametrize("seed", range(20))
def test_cutting_channels_is_like_emptying_them(make, seed):
    model, shape = make(seed)
    given = network(model, f"net {seed}")
    share = (0.25, 0.5, 0.75)[seed % 3]
    pruned = prune_channels(given, share).network
    sizes = [sum(v.size for v in each.constants.values()) for each in (pruned, given)]
    assert sizes[0] < sizes[1], f"seed {seed}: nothing was removed"
    found, right = outputs(pruned, shape), outputs(emptied(given, share), shape)
    assert np.allclose(found, right, rtol=1e-4, atol=1e-5), f"seed {seed}"


def test_the_least_important_channels_go():
    w1 = np.ones((4, 3), np.float32) * np.float32([1, 0.1, 2, 0.2])[:, None]
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "b"], ["y"]),
    ]
    constants = {"a": w1.T, "b": np.ones((4, 2), np.float32)}
    pruned = prune_channels(network(nets.model(nodes, (1, 3), (1, 2), constants), "net"), 0.5)
    assert pruned.network.constants["a"][0].tolist() == [1, 2]
    assert pruned.density == {"h": Fraction(1, 2), "y": Fraction(1, 2)}


def test_a_share_of_all_weights_goes_to_zero():
    given = network(nets.convolutions(), "net")
    pruned = prune_weights(given, 0.4)
    names = [site.weight.tensor for site in given.sites]
    before = np.concatenate([np.abs(given.constants[n]).ravel() for n in names])
    after = np.concatenate([np.abs(pruned.network.constants[n]).ravel() for n in names])
    assert (after == 0).sum() == int(0.4 * before.size)
    assert before[after == 0].max() <= after[after > 0].min()
    assert pruned.network.constants["b1"].all()


def test_two_of_four_stay_along_what_is_summed():
    given = network(nets.attention(width=32), "net")
    pruned = prune_pattern(given, 2, 4)
    left = (pruned.network.constants["wq"] != 0).reshape(8, 4, 32).sum(axis=1)
    assert (left == 2).all()
    assert set(pruned.density.values()) == {Fraction(1, 2)}
    few = prune_pattern(network(nets.convolutions(), "net"), 1, 2)
    rows = (few.network.constants["w1"] != 0).reshape(16, 27)[:, :26].reshape(16, 13, 2)
    assert (rows.sum(axis=2) == 1).all()


def test_the_cost_model_sees_zeros_and_missing_channels(tmp_path):
    path, chip = tmp_path / "net.onnx", hardware.load("gemmini")
    given = network(nets.convolutions(), "net")
    onnx.save(given.model, path)
    whole = load(str(path), {"n": 1})
    sparse = thinned(whole, prune_pattern(given, 2, 4).density)
    assert sparse.operations < 0.6 * whole.operations
    assert sparse.parameters == whole.parameters
    onnx.save(prune_channels(given, 0.5).network.model, path)
    small = load(str(path), {"n": 1})
    assert small.parameters < 0.5 * whole.parameters
    assert small.operations < 0.5 * whole.operations
    assert estimate(small, chip).latency < estimate(whole, chip).latency


def test_what_cannot_be_removed_says_why_wrong():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    given = network(nets.model(nodes, (1, 4), (1, 4), {"w": np.eye(4, dtype=np.float32)}), "net")
    with pytest.raises(WorkloadError, match=r"no channel can be removed \(y: 'y' is an output of"):
        prune_channels(given, 0.5)


@pytest.mark.parametrize("share", [-0.1, 1.0, 2])
def test_shares_wrong(share):
    given = network(nets.convolutions(), "net")
    for prune in (prune_weights, prune_channels):
        with pytest.raises(SpecError, match="must be from 0 to below 1"):
            prune(given, share)
    with pytest.raises(SpecError, match="0:4 sparsity: keep from 1 to 4"):
        prune_pattern(given, 0, 4)


def test_single_numbers_stay_single_numbers():
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Mul", ["h", "two"], ["m"]),
        helper.make_node("MatMul", ["m", "b"], ["y"]),
    ]
    constants = {
        "a": np.ones((3, 4), np.float32), "b": np.ones((4, 2), np.float32), "two": np.float32(2),
    }  # fmt: skip
    pruned = prune_channels(network(nets.model(nodes, (1, 3), (1, 2), constants), "net"), 0.5)
    assert pruned.network.constants["two"].shape == ()
    assert pruned.network.constants["a"].shape == (3, 2)
