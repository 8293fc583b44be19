"""Means as products compute what they did."""

import random

import numpy as np
import pytest

from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment
from cosynth.rtl.floats import run_floats, sampled
from cosynth.rtl.lowered import lowered
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import average_pool, slide, sum_pool, whole


def pooled(rng):
    """A mean over windows, over everything, or a sum alone, its sizes drawn."""
    net = Builder("pool")
    side = rng.randint(3, 8)
    x = net.input("x", (rng.randint(1, 2), rng.randint(1, 5), side, side))
    kernel = rng.randint(1, 3)
    moved = [slide(side, kernel, stride=rng.randint(1, 2), padding=kernel // 2)] * 2
    if rng.random() < 0.3:
        moved = whole((side, side))
    make = sum_pool if rng.random() < 0.2 else average_pool
    net.output(make(net, "y", x, moved, "AveragePool"))
    return net.build()


@pytest.mark.parametrize("seed", range(12))
def test_a_mean_is_a_product_with_equal_shares(seed):
    print("seed", seed)  # noqa: T201
    model = pooled(random.Random(seed))
    found = lowered(model)
    assert all(einsum.contraction for einsum in found.graph.einsums)
    assert len(found.graph.einsums) == 1
    inputs = sampled(model, seed)
    before = run_floats(model, {}, inputs)["y"]
    np.testing.assert_allclose(run_floats(found.graph, found.shares, inputs)["y"], before)


def test_what_has_no_mean_stays_as_it_is():
    net = Builder("net")
    x = net.input("x", (2, 3))
    net.output(net.einsum(f"y[m] += {x}[m,k]", shape=(2,), operator="ReduceSum"))
    model = net.build()
    assert lowered(model).graph == model


def test_a_mean_keeps_the_normalisation_behind_it():
    net = Builder("net")
    x = net.input("x", (1, 4, 6, 6))
    y = average_pool(net, "mean", x, [slide(6, 2, stride=2)] * 2)
    scale = net.weight("scale", (4,))
    text = f"z[n,c,p,q] = {y}[n,c,p,q] * {scale}[c]"
    net.output(net.einsum(text, shape=(1, 4, 3, 3)))
    found = lowered(net.build())
    graph = prepare(found.graph, Assignment()).graph
    assert [einsum.output.tensor for einsum in graph.einsums] == ["mean", "z"]
