"""Layers under any mapping that follows the rules find every bit on the circuit."""

import random

import numpy as np
import pytest
from tests.rtl.layers import case, convolution, drawn, gemm, layer_of, network_of, small

from cosynth.format import known
from cosynth.rtl.chip import FLOWS
from cosynth.rtl.program import read_codes, write_tensor
from cosynth.rtl.words import codes_of


def tried(flow, format, seed, count):
    """Circuits of one small chip under drawn mappings: how many run, and why others do not."""
    rng = random.Random(seed)
    hardware = small(flow, accumulator="int32" if format == "int8" else "int48")
    ran, refused = 0, []
    while ran < count:
        make = rng.choice((convolution, gemm))
        network = network_of(make(rng, residual=rng.random() < 0.5), format, rng.randint(0, 99))
        layer = layer_of(network)
        one = case(network, hardware, drawn(rng, layer.einsum, network.graph, hardware))
        if one.refused:
            refused.append(one.refused)
            assert len(refused) < 60 * count, refused[-3:]
            continue
        found = one.measured(seed + ran)
        assert found.wrong == 0, (flow, seed, ran, one.mapping)
        ran += 1
    return refused


@pytest.mark.parametrize("flow", FLOWS)
def test_random_layers_under_random_mappings_are_right(flow):
    print("seed", 1)  # noqa: T201
    refused = tried(flow, "int8", 1, 5)
    known_reasons = ("lines of sums", "tiles take", "entries in a bank", "no multiple of its lanes",
                     "would walk", "would go to DRAM", "padding in")  # fmt: skip
    assert all(any(reason in said for reason in known_reasons) for said in refused)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["int8", "fp8_e4m3fn"])
@pytest.mark.parametrize("flow", FLOWS)
def test_many_random_layers_are_right(flow, format):
    tried(flow, format, 2, 60)


@pytest.mark.parametrize("seed", range(3))
def test_tensors_come_back_as_they_were_written(seed):
    rng = random.Random(seed)
    network = network_of(convolution(rng), "int8", seed)
    hardware = small("weight")
    layer = layer_of(network)
    while True:
        one = case(network, hardware, drawn(rng, layer.einsum, network.graph, hardware))
        if not one.refused:
            break
    memory = one.program.image.copy()
    for name, place in one.program.places.items():
        values = np.random.default_rng(seed).integers(-128, 128, place.shape)
        write_tensor(one.program, network, name, values, memory)
        np.testing.assert_array_equal(
            read_codes(one.program, name, memory), codes_of(values, known("int8"))
        )
