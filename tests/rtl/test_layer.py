"""Tokens of a layer: given as often as taken, and no command waits for a later one."""

import random
from collections import Counter

import pytest
from tests.rtl.layers import convolution, drawn, gemm, layer_of, network_of, small

from cosynth.errors import MappingError
from cosynth.format import known
from cosynth.rtl.arrange import natural
from cosynth.rtl.chip import chip
from cosynth.rtl.layer import steps
from cosynth.rtl.program import placed, views_of, work_of


def compiled(seed):
    """Steps of a random layer under a random mapping that fits."""
    rng = random.Random(seed)
    flow = rng.choice(("weight", "input", "output"))
    hardware = small(flow)
    one = chip(hardware, known("int8"), known("int8"))
    while True:
        network = network_of(rng.choice((convolution, gemm))(rng, residual=True), "int8", 0)
        layer = layer_of(network)
        orders = {
            t.name: natural(t.shape) for t in network.graph.tensors if t.name in network.units
        }
        places = placed(network, one, orders)
        mapping = drawn(rng, layer.einsum, network.graph, hardware)
        try:
            return steps(one, work_of(layer, mapping), views_of(network, places, layer))
        except MappingError:
            continue


@pytest.mark.parametrize("seed", range(25))
def test_tokens_balance_and_never_wait_for_what_comes_later(seed):
    there: Counter[int] = Counter()
    for step in compiled(seed):
        for token in range(16):
            if step.takes >> token & 1:
                there[token] -= 1
                assert there[token] >= 0, (token, step)
            if step.gives >> token & 1:
                there[token] += 1
    assert all(count == 0 for count in there.values()), there
