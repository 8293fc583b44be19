"""Errors that formats of single layers make, measured at the outputs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress.choices import Choice
from cosynth.compress.network import network
from cosynth.compress.run import Runner
from cosynth.compress.sensitivity import Measure, layers_of, relative_noise
from cosynth.compress.storage import stored
from cosynth.errors import WorkloadError
from cosynth.format import known


def measure(model, shape, batches=1, seed=0):
    rng = np.random.default_rng(seed)
    feeds = tuple({"x": rng.standard_normal(shape).astype(np.float32)} for _ in range(batches))
    return Measure(runner=Runner(network=network(model, "net")), feeds=feeds)


def test_the_noise_of_one_product_is_that_of_its_weight():
    weight = np.random.default_rng(1).standard_normal((64, 8)).astype(np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    one = measure(nets.model(nodes, ("n", 64), ("n", 8), {"w": weight}), (16, 64), batches=2)
    site = one.runner.network.sites[0]
    lost = weight - stored(weight, known("mxfp4"), site.weight)
    x = np.concatenate([feed["x"] for feed in one.feeds]).astype(np.float64)
    right = np.sum((x @ lost) ** 2) / np.sum((x @ weight) ** 2)
    assert one.noise({"y": Choice(weights="mxfp4")}) == pytest.approx(right, rel=1e-4)


def test_every_allowed_option_of_every_layer_is_measured_once():
    one = measure(nets.convolutions(), (8, 3, 8, 8))
    layers = layers_of(one.runner.network)
    options = [Choice(weights="int8"), Choice(weights="int4"), Choice()]
    allowed = np.ones((4, 3), dtype=bool)
    allowed[2, 1] = False
    heard = []
    found = one.noises(layers, options, allowed, lambda *step: heard.append(step))
    assert (found[:, 2] == 0).all()
    assert math.isinf(found[2, 1])
    assert (found[[0, 1, 3], 0] < found[[0, 1, 3], 1]).all()
    assert heard == [(at, 11) for at in range(11)]


def test_sites_that_share_a_weight_are_one_layer():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["y"]),
    ]
    weight = np.eye(4, dtype=np.float32)
    made = network(nets.model(nodes, ("n", 4), ("n", 4), {"w": weight}), "net")
    (layer,) = layers_of(made)
    assert (layer.name, [site.name for site in layer.sites]) == ("a", ["a", "y"])
    assert layer.elements(made) == 16


def test_products_without_weights_have_the_noise_of_their_factors():
    one = measure(nets.attention(), (2, 8, 32))
    layers = [layer for layer in layers_of(one.runner.network) if layer.weight is None]
    options = [Choice(weights="int4"), Choice(weights="int4", activations="int4")]
    found = one.noises(layers, options, np.ones((2, 2), dtype=bool))
    assert (found[:, 0] == 0).all()
    assert (found[:, 1] > 0).all()


def test_noise_is_averaged_over_real_outputs():
    exact = [{"a": np.array([3.0, 4.0]), "b": np.array([1.0]), "n": np.array([1])}]
    found = [{"a": np.array([3.0, 4.5]), "b": np.array([1.0]), "n": np.array([2])}]
    assert relative_noise(exact, found) == pytest.approx(0.005)
    assert math.isinf(relative_noise(exact, [{**found[0], "b": np.array([math.nan])}]))
    assert relative_noise([{"a": np.zeros(2)}], [{"a": np.zeros(2)}]) == 0


def test_errors_may_be_against_another_model():
    one = measure(nets.convolutions(), (8, 3, 8, 8))
    other = Runner(network=network(nets.convolutions(seed=1), "other"))
    against = Measure(runner=one.runner, feeds=one.feeds, reference=other)
    assert one.noise({}) == 0
    assert against.noise({}) > 0.1


def test_outputs_that_cannot_be_compared_wrong():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Log", ["p"], ["y"])]
    weight = np.ones((2, 2), np.float32)
    one = measure(nets.model(nodes, ("n", 2), ("n", 2), {"w": weight}), (8, 2))
    with pytest.raises(WorkloadError, match="net: output 'y' is not finite on this data"):
        one.noise({})
