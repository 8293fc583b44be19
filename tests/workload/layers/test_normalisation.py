"""Norms give NumPy's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from interpreter import run

from cosynth.workload import Builder
from cosynth.workload.layers.normalisation import layer_norm, rms_norm
from cosynth.workload.layers.scope import Scope


def scope(net: Builder) -> Scope:
    return Scope(net=net, batch=1, tokens=3, reach=3)


def test_root_mean_square_over_the_last_dimension() -> None:
    net = Builder("rms")
    x = net.input("x", (3, 2, 8))
    net.output(rms_norm(scope(net), "norm", x))
    rng = np.random.default_rng(0)
    given = {"x": rng.normal(size=(3, 2, 8)), "norm.scale": rng.normal(size=8)}
    root = np.sqrt((given["x"] ** 2).mean(-1, keepdims=True) + 1e-6)
    assert run(net.build(), given)["norm"] == pytest.approx(given["x"] / root * given["norm.scale"])


def test_mean_and_deviation_over_features() -> None:
    net = Builder("layer")
    x = net.input("x", (3, 8))
    net.output(layer_norm(scope(net), "norm", x))
    rng = np.random.default_rng(0)
    given = {"x": rng.normal(size=(3, 8)) + 5}
    given |= {"norm.scale": rng.normal(size=8), "norm.shift": rng.normal(size=8)}
    centred = given["x"] - given["x"].mean(-1, keepdims=True)
    root = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    expected = centred / root * given["norm.scale"] + given["norm.shift"]
    assert run(net.build(), given)["norm"] == pytest.approx(expected)


def test_norms_are_no_matrix_products() -> None:
    net = Builder("none")
    layer_norm(scope(net), "norm", net.input("x", (3, 8)))
    assert net.build().operations == 0


def test_one_without_a_scale_has_no_parameters() -> None:
    net = Builder("plain")
    rms_norm(scope(net), "norm", net.input("x", (3, 8)), learned=False)
    assert net.build().parameters == 0
