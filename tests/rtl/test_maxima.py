"""Maxima over windows: every bit of drawn layers in each flow, and means beside them."""

import random

import pytest
from tests.rtl.layers import case, layer_of, small

from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment, known
from cosynth.rtl.chip import chip
from cosynth.rtl.floats import sampled
from cosynth.rtl.lowered import lowered
from cosynth.rtl.maxima import nests
from cosynth.rtl.network import quantised
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import max_pool, slide, whole


def pooled(rng):
    """Maxima over windows, or over all of an image, its sizes drawn."""
    net = Builder("pool")
    sides = [rng.randint(2, 11) for _ in range(2)]
    x = net.input("x", (rng.choice((1, 1, 2)), rng.choice((1, 3, 4, 6, 8, 10)), *sides))
    kernel = rng.randint(1, 3)
    moved = []
    for side in sides:
        size = min(kernel, side)
        moved.append(slide(side, size, stride=rng.randint(1, 2), padding=size // 2))
    if rng.random() < 0.2:
        moved = whole(tuple(sides))
    net.output(max_pool(net, "y", x, moved))
    return net.build()


def quantised_pool(rng, format, seed):
    low = lowered(pooled(rng))
    plan = prepare(low.graph, Assignment(weights=format, activations=format))
    data = sampled(plan.graph, seed)
    return quantised(plan.graph, plan.parts, low.shares, data, known(format), known(format))


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "int4", "fp8_e4m3fn"])
def test_drawn_maxima_are_right(flow, format):
    sums = {"accumulator": "exact"} if format.startswith("fp") else {}
    hardware = small(flow, **sums)
    for seed in range(6):
        rng = random.Random(seed)
        print("seed", seed)  # noqa: T201
        network = quantised_pool(rng, format, seed)
        layer = layer_of(network)
        for nest in nests(layer, chip(hardware, known(format), known(format)))[:2]:
            made = case(network, hardware, nest)
            assert not made.refused, (made.refused, nest)
            run = made.measured(seed)
            assert run.bits > 0
            assert run.wrong == 0
