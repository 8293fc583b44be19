"""Folded weights compute what the model does with its normalisation."""

import random

import numpy as np
import pytest

from cosynth.codesign.estimate import prepare
from cosynth.errors import WorkloadError
from cosynth.format import Assignment
from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.weights import folded
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import convolution, slide
from cosynth.workload.layers.elementwise import activation, batch_norm


def normalised(rng):
    """Convolutions, dense, depthwise or grouped, with a bias or none, and normalisation."""
    net = Builder("net")
    x, wide = net.input("x", (1, 6, 7, 7)), 6
    for number in range(rng.randint(1, 3)):
        groups = rng.choice((1, wide, 2))
        made = wide if groups == wide else 2 * rng.randint(1, 4)
        w = net.weight(f"w{number}", (made, wide // groups, 3, 3))
        bias = net.weight(f"b{number}", (made,)) if rng.random() < 0.5 else None
        moved = [slide(net.shape(x)[2], 3, padding=1)] * 2
        x = convolution(net, f"y{number}", x, w, moved, bias=bias, groups=groups)
        parts = [net.weight(f"{p}{number}", (made,)) for p in ("scale", "shift", "mean", "var")]
        if rng.random() < 0.8:
            x = batch_norm(net, f"n{number}", x, parts[0], parts[1], (parts[2], parts[3]))
        x, wide = activation(net, f"r{number}", x), made
    net.output(x)
    return net.build()


def constants_of(model, seed):
    found = seeded(model, seed)
    return {n: np.abs(v) + 0.1 if n.startswith("var") else v for n, v in found.items()}


@pytest.mark.parametrize("seed", range(16))
def test_folding_changes_no_result(seed):
    print("seed", seed)  # noqa: T201
    model = normalised(random.Random(seed))
    graph = prepare(model, Assignment()).graph
    constants, inputs = constants_of(model, seed), sampled(model, seed)
    weights = folded(model, graph, constants)
    assert {t.name for t in graph.tensors if t.role == "weight" and not t.view_of} <= set(weights)
    last = model.einsums[-1].output.tensor
    np.testing.assert_allclose(
        run_floats(graph, weights, inputs)[last],
        run_floats(model, constants, inputs)[last],
        atol=1e-9,
    )


def test_shared_weights_with_scales_of_their_own_wrong():
    net = Builder("net")
    x, w = net.input("x", (2, 3)), net.weight("w", (4, 3))
    for number in range(2):
        y = net.einsum(f"y{number}[m,n] += {x}[m,k] * {w}[n,k]", shape=(2, 4))
        scale = net.weight(f"s{number}", (4,))
        net.output(net.einsum(f"z{number}[m,n] = {y}[m,n] * {scale}[n]", shape=(2, 4)))
    model = net.build()
    graph = prepare(model, Assignment()).graph
    with pytest.raises(WorkloadError, match="its weights 'w' are read by 2 layers"):
        folded(model, graph, seeded(model, 0))
