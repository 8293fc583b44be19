"""Mappings that are chosen together take no longer than those chosen one by one."""

from __future__ import annotations

import pytest

from cosynth import rtl
from cosynth.codesign import settle
from cosynth.codesign.estimate import estimate, prepare
from cosynth.codesign.orders import predicted
from cosynth.format import Assignment, known
from cosynth.hardware.families.engine import engine
from cosynth.rtl.mirrored import mirrored
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import convolution, same

LATENCY = 50


def convolutions():
    """Three of them in a row, the second with a stride."""
    net = Builder("three")
    x, channels, size = net.input("x", (1, 4, 12, 12)), 4, 12
    for number, stride in enumerate((1, 2, 1)):
        w = net.weight(f"w{number}", (8, channels, 3, 3))
        moved = [same(size, 3, stride=stride)] * 2
        x = convolution(net, f"conv{number}", x, w, moved, bias=None, groups=1)
        channels, size = 8, size // stride
    net.output(x)
    return net.build()


@pytest.fixture(scope="module")
def given():
    hardware = engine(rows=8, columns=8, stationarity="input", buffer=64 * 1024, registers=64)
    int8 = known("int8")
    chip = rtl.chip(hardware, int8, int8)
    model = rtl.lowered(convolutions(), tables=rtl.looks_up(int8, int8)).graph
    plan = prepare(model, Assignment())
    network = rtl.quantised(
        plan.graph, plan.parts, rtl.seeded(plan.graph, 0), rtl.sampled(plan.graph, 0), int8, int8,
        chip.accumulator,
    )  # fmt: skip
    same = {
        plan.jobs[at].name: [plan.jobs[other] for other in kind]
        for kind in plan.kinds
        for at in kind
    }
    layers = [one.name for one in network.operations if isinstance(one, rtl.Layer)]
    candidates = {layer: [] for layer in layers}
    nests = {one.job.name: one.mapped.mapping for one in estimate(model, hardware).layers}
    settle.add(candidates, nests, same)
    return network, chip, candidates, same


def test_candidates_serve_layers_that_are_equal(given):
    network, _, candidates, same = given
    layers = {one.name: one for one in network.operations if isinstance(one, rtl.Layer)}
    assert all(len(nests) == 1 for nests in candidates.values())
    for layer, (nest,) in candidates.items():
        assert nest.einsum == layer
        tensors = {access.tensor for access in layers[layer].einsum.inputs}
        assert tensors & set(nest.levels[0].keep)
        assert any(job.name == layer for job in same[layer])


def test_layers_that_disagree_are_no_slower_when_they_settle(given):
    """The second of three is given mappings alone that read and write the other way round."""
    network, chip, candidates, same = given
    (layer,) = (one for one in network.operations if one.name == "conv1")
    other = tuple(mirrored(candidates["conv1"][0], layer.einsum))
    assert other
    turned = {**candidates, "conv1": list(other)}
    alone = settle._alone(network, chip, turned, same, LATENCY, None)
    apart, _ = settle._mended(network, chip, turned, alone, LATENCY)
    together, mappings = settle.settled(network, chip, turned, same, LATENCY)
    assert set(mappings) == set(candidates)
    assert not [one for one in together.order if isinstance(one, rtl.Host)]
    before, after = (
        sum(one.cycles for one in predicted(chip, program, LATENCY).values())
        for program in (apart, together)
    )
    assert after <= before
