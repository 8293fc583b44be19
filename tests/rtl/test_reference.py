"""The twin of a layer against whole numbers added and rounded one by one."""

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator
from tests.rtl.layers import gemm, layer_of, network_of
from tests.rtl.onnx_form import layer_model

import cosynth as cs
from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment, known
from cosynth.rtl import reference
from cosynth.rtl.floats import make_view, sampled, seeded
from cosynth.rtl.grid import to_grid
from cosynth.rtl.lowered import lowered
from cosynth.rtl.network import Layer, quantised


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("bits", [12, 32])
def test_each_output_is_rounded_once(seed, bits):
    network = network_of(gemm(random.Random(seed), residual=True), "int8", seed)
    layer, post = layer_of(network), layer_of(network).post
    values = {
        name: to_grid(value, network.units[name], network.activation_format)
        for name, value in sampled(network.graph, seed).items()
    }
    found = reference.layer(network, layer, values, bits)
    x, w = values[layer.data.tensor], network.weights[layer.weight.tensor]
    for m, n in np.ndindex(found.shape):
        total = sum(int(a) * int(b) for a, b in zip(x[m], w[n], strict=True))
        total = (total + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)
        exact = (total + post.bias[n]) * post.multiplier[n]
        if post.residual:
            other = int(values[post.residual.tensor][m, n]) * post.residual_multiplier
            exact += other << post.residual_shift
        rounded = round(Fraction(exact, 1 << post.shift))
        assert found[m, n] == min(max(rounded, post.low), post.high)


@pytest.mark.parametrize("name", ["ds-cnn", "resnet8"])
@pytest.mark.parametrize("powers", [True, False])
def test_layers_are_those_of_the_quantised_onnx(name, powers):
    """Between DequantizeLinear and QuantizeLinear ONNX Runtime adds in float32, which is exact
    while steps are powers of two; else an output may differ that lies next to a tie."""
    low = lowered(cs.load(name), tables=False)
    plan = prepare(low.graph, Assignment())
    int8 = known("int8")
    weights = seeded(plan.graph, 0) | low.shares
    net = quantised(plan.graph, plan.parts, weights, sampled(plan.graph, 0), int8, int8)
    if powers:
        net = replace(net, operations=tuple(map(to_powers, net.operations)))
    inputs = {n: to_grid(v, net.units[n], int8) for n, v in sampled(plan.graph, 1).items()}
    values = dict(reference.run(net, inputs, 32))
    compared = differing = 0
    for one in (each for each in net.operations if isinstance(each, Layer)):
        make_view(net.graph, one.data.tensor, values)
        feeds = {"data": values[one.data.tensor].astype(np.int8)}
        if one.post.residual:
            feeds["residual"] = values[one.post.residual.tensor].astype(np.int8)
        (found,) = ReferenceEvaluator(layer_model(net, one)).run(None, feeds)
        off = np.abs(found.astype(np.int64) - values[one.out])
        compared += off.size
        differing += int((off > 0).sum())
        assert off.max() <= 1
    assert compared > 70_000
    assert differing <= (0 if powers else compared / 10_000)


def to_powers(one):
    """A layer whose multipliers are powers of two, next below."""
    if not isinstance(one, Layer):
        return one
    post = one.post
    multiplier = tuple(1 << each.bit_length() - 1 for each in post.multiplier)
    other = 1 << post.residual_multiplier.bit_length() - 1 if post.residual else 0
    return replace(one, post=replace(post, multiplier=multiplier, residual_multiplier=other))
