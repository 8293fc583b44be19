"""The twin of a layer against whole numbers added and rounded one by one."""

import random
from fractions import Fraction

import numpy as np
import pytest
from tests.rtl.layers import gemm, layer_of, network_of

from cosynth.rtl import reference
from cosynth.rtl.floats import sampled
from cosynth.rtl.network import to_grid


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
            other = int(values[post.residual][m, n]) * post.residual_multiplier
            exact += other << post.residual_shift
        rounded = round(Fraction(exact, 1 << post.shift))
        assert found[m, n] == min(max(rounded, post.low), post.high)
