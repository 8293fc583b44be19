"""Fully connected layers."""

from __future__ import annotations

import numpy as np
import pytest
from interpreter import run

from cosynth.workload import Builder
from cosynth.workload.layers.linear import FORMULAS, FeedForward, feed_forward
from cosynth.workload.layers.scope import Scope
from cosynth.workload.passes import groups


def test_a_gated_layer_gives_the_numbers_of_the_definition() -> None:
    net = Builder("gated")
    scope = Scope(net=net, batch=1, tokens=2, reach=2)
    x = net.input("x", (2, 3))
    net.output(feed_forward(scope, x, FeedForward(width=3, inner=4, bias=True, activation="relu")))
    rng = np.random.default_rng(0)
    workload = net.build()
    given = {t.name: rng.normal(size=t.shape) for t in workload.tensors if t.role != "activation"}
    rows = given["x"]
    gate, up = (rows @ given[f"{n}.weight"].T + given[f"{n}.bias"] for n in ("gate", "up"))
    expected = (np.maximum(gate, 0) * up) @ given["down.weight"].T + given["down.bias"]
    assert run(workload, given)["down"] == pytest.approx(expected)


def test_bias_and_activation_run_with_their_product() -> None:
    net = Builder("plain")
    scope = Scope(net=net, batch=1, tokens=2, reach=2)
    spec = FeedForward(width=3, inner=4, gated=False, bias=True, activation="gelu")
    net.output(feed_forward(scope, net.input("x", (2, 3)), spec))
    assert groups(net.build()) == ((0, 1, 2), (3, 4))


@pytest.mark.parametrize("activation", FORMULAS)
def test_every_activation_can_be_written(activation: str) -> None:
    net = Builder("one")
    scope = Scope(net=net, batch=1, tokens=2, reach=2)
    spec = FeedForward(width=3, inner=4, activation=activation)
    net.output(feed_forward(scope, net.input("x", (2, 3)), spec))
    assert net.build().operations == 2 * 3 * 4 * 3
