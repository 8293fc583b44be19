"""Mappings with fewer loops over registers are mappings still, and compute the same."""

import itertools
import math
import random

import pytest
from tests.rtl.layers import case, convolution, drawn, layer_of, network_of, small

from cosynth.mapping import problems
from cosynth.rtl.relieved import narrowed, relieved, shortened


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("seed", range(6))
def test_registers_hold_less_and_every_rule_is_kept(flow, seed):
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    hardware = small(flow)
    path = next(one for one in hardware.engines if one.name == "mac")
    network = network_of(convolution(rng), "int8", seed)
    einsum = layer_of(network).einsum
    mapping = drawn(rng, einsum, network.graph, hardware)
    found = list(relieved(mapping, einsum.sizes))
    before = mapping.levels[-1].loops
    assert [len(one.levels[-1].loops) for one in found] == list(reversed(range(len(before))))
    for one in found:
        assert not problems(einsum, network.graph, one, path)
        assert [lv.name for lv in one.levels] == [lv.name for lv in mapping.levels]


def test_what_has_no_loops_in_registers_computes_the_same():
    print("seed", 3)  # noqa: T201
    rng, ran = random.Random(3), 0
    hardware = small("input")
    while ran < 3:
        network = network_of(convolution(rng), "int8", ran)
        einsum = layer_of(network).einsum
        variants = list(relieved(drawn(rng, einsum, network.graph, hardware), einsum.sizes))
        one = case(network, hardware, variants[-1]) if variants else None
        if one is None or one.refused:
            continue
        assert one.measured(ran).wrong == 0
        ran += 1


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("seed", range(8))
def test_a_loop_over_registers_is_shorter_and_every_rule_is_kept(flow, seed):
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    hardware = small(flow)
    path = next(one for one in hardware.engines if one.name == "mac")
    network = network_of(convolution(rng), "int8", seed)
    einsum = layer_of(network).einsum
    mapping = drawn(rng, einsum, network.graph, hardware)
    before = steps_of_registers(mapping, einsum)
    for one in shortened(mapping, einsum.sizes):
        assert not problems(einsum, network.graph, one, path)
        assert [lv.name for lv in one.levels] == [lv.name for lv in mapping.levels]
        after = steps_of_registers(one, einsum)
        (rank,) = (rank for rank in before if before[rank] != after[rank])
        assert 1 < after[rank] < before[rank]


def steps_of_registers(mapping, einsum):
    left = dict(einsum.sizes)
    for level in mapping.levels[:-1]:
        left |= {loop.rank: int(loop.tile) for loop in level.loops}
    return {loop.rank: -(-left[loop.rank] // int(loop.tile)) for loop in mapping.levels[-1].loops}


def test_what_has_shorter_loops_over_registers_computes_the_same():
    print("seed", 5)  # noqa: T201
    rng, ran = random.Random(5), 0
    while ran < 3:
        hardware = small(("weight", "input", "output")[ran])
        network = network_of(convolution(rng), "int8", ran)
        einsum = layer_of(network).einsum
        variants = list(shortened(drawn(rng, einsum, network.graph, hardware), einsum.sizes))
        one = case(network, hardware, variants[0]) if variants else None
        if one is None or one.refused:
            continue
        assert one.measured(ran).wrong == 0
        ran += 1


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("seed", range(8))
def test_fewer_sums_are_kept_and_every_rule_still(flow, seed):
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    hardware = small(flow)
    path = next(one for one in hardware.engines if one.name == "mac")
    network = network_of(convolution(rng), "int8", seed)
    einsum = layer_of(network).einsum
    mapping = drawn(rng, einsum, network.graph, hardware)
    sums = [held(mapping, einsum)]
    for one in narrowed(mapping, einsum.sizes, einsum.output.ranks):
        assert not problems(einsum, network.graph, one, path)
        assert [lv.name for lv in one.levels] == [lv.name for lv in mapping.levels]
        sums.append(held(one, einsum))
    assert all(after < before for before, after in itertools.pairwise(sums))
    assert len(sums) < 40


def held(mapping, einsum):
    """Steps over sums that one column keeps."""
    left, inside = dict(einsum.sizes), None
    for level in mapping.levels:
        inside = dict(left) if level.name == "sums" else inside
        left |= {loop.rank: int(loop.tile) for loop in level.loops}
        if level.name == "sums":
            break
    return math.prod(-(-inside[rank] // left[rank]) for rank in einsum.output.ranks)


def test_what_keeps_fewer_sums_computes_the_same():
    print("seed", 4)  # noqa: T201
    rng, ran = random.Random(4), 0
    hardware = small("output")
    while ran < 3:
        network = network_of(convolution(rng), "int8", ran)
        einsum = layer_of(network).einsum
        mapping = drawn(rng, einsum, network.graph, hardware)
        variants = list(narrowed(mapping, einsum.sizes, einsum.output.ranks))
        one = case(network, hardware, variants[0]) if variants else None
        if one is None or one.refused:
            continue
        assert one.measured(ran).wrong == 0
        ran += 1
