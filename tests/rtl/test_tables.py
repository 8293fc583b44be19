"""Functions behind sums, by table or by the sign of the sum: every bit of drawn layers."""

import random

import pytest
from tests.rtl.layers import case, convolution, drawn, gemm, layer_of, network_of, small

FUNCTIONS = ("gelu({0})", "{0} * sigmoid({0} * 1.702)", "hardswish({0})", "exp({0} - 1)",
             "{0} / (1 + abs({0}))")  # fmt: skip
LEAKY = "where(less(0, {0}), {0}, {0} * 0.1)"


def measured(seed, flow, format, functions=FUNCTIONS, tries=50):
    """A run of a layer with a function, its sizes, mapping and function drawn."""
    rng = random.Random(seed)
    sums = {"accumulator": "exact"} if format.startswith("fp") else {}
    hardware = small(flow, buffer=8192, **sums)
    for _ in range(tries):
        make, last = rng.choice((convolution, gemm)), rng.choice(functions)
        network = network_of(make(rng, residual=rng.random() < 0.5, last=last), format, seed)
        layer = layer_of(network)
        assert layer.post.table or layer.post.negative
        made = case(network, hardware, drawn(rng, layer.einsum, network.graph, hardware))
        if not made.refused:
            return made.measured(seed)
    raise AssertionError("no mapping fits")


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "int4", "fp8_e4m3fn"])
def test_layers_with_functions_are_right(flow, format):
    for seed in range(2):
        print("seed", seed)  # noqa: T201
        run = measured(seed, flow, format)
        assert run.bits > 0
        assert run.wrong == 0


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "fp8_e4m3fn"])
def test_leaky_layers_are_right(flow, format):
    for seed in range(3):
        print("seed", seed)  # noqa: T201
        run = measured(seed, flow, format, [LEAKY])
        assert run.bits > 0
        assert run.wrong == 0
