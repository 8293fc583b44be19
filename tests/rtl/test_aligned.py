"""Mappings whose rows stay within blocks."""

import random

import pytest
from tests.rtl.layers import drawn, gemm, layer_of, network_of, small

from cosynth.mapping import problems
from cosynth.rtl.aligned import aligned
from cosynth.rtl.segments import nest


@pytest.mark.parametrize("flow", ["weight", "input"])
def test_lanes_divide_a_block_and_every_rule_is_kept(flow):
    print("seed", 4)  # noqa: T201
    rng, seen = random.Random(4), 0
    hardware = small(flow, rows=7)
    path = next(one for one in hardware.engines if one.name == "mac")
    while seen < 10:
        network = network_of(gemm(rng), "int8", 0)
        einsum = layer_of(network).einsum
        mapping = drawn(rng, einsum, network.graph, hardware)
        lanes = nest(mapping, einsum.sizes, frozenset("k")).lanes.get("k", 1)
        found = list(aligned(mapping, einsum.sizes, ("k", 4)))
        after = [nest(one, einsum.sizes, frozenset("k")).lanes.get("k", 1) for one in found]
        assert after == [n for n in (4, 2, 1) if n < lanes]
        for one in found:
            assert not problems(einsum, network.graph, one, path)
        seen += bool(found)


def test_nothing_changes_without_blocks():
    network = network_of(gemm(random.Random(1)), "int8", 0)
    einsum = layer_of(network).einsum
    mapping = drawn(random.Random(1), einsum, network.graph, small("weight"))
    assert not list(aligned(mapping, einsum.sizes, None))
