"""The mapping that a chip runs soonest, and what is near a mapping."""

import random
from dataclasses import replace

import pytest

import cosynth as cs
from cosynth.codesign.estimate import estimate, prepare
from cosynth.codesign.orders import timed
from cosynth.errors import MappingError
from cosynth.format import Assignment, known
from cosynth.hardware.families.engine import engine
from cosynth.rtl.arrange import orders
from cosynth.rtl.chip import chip
from cosynth.rtl.choose import chosen, even, hoisted, refitted
from cosynth.rtl.floats import sampled, seeded
from cosynth.rtl.network import Layer, quantised
from cosynth.rtl.program import placed, views_of, words_of


@pytest.fixture(scope="module")
def network():
    plan = prepare(cs.load("deep-autoencoder"), Assignment())
    int8 = known("int8")
    return quantised(
        plan.graph, plan.parts, seeded(plan.graph, 0), sampled(plan.graph, 0), int8, int8
    )


@pytest.fixture(scope="module")
def found():
    hardware = engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    nests = {
        layer.job.name: [layer.mapped.mapping]
        for layer in estimate(cs.load("deep-autoencoder"), hardware).layers
    }
    return chip(hardware, known("int8"), known("int8")), nests


def test_no_candidate_costs_less_than_the_choice(network, found):
    one, candidates = found
    places = placed(network, one, orders(network, one, {n: c[0] for n, c in candidates.items()}))
    best = chosen(network, one, candidates, len)
    assert set(best) == set(candidates)
    for layer in network.operations:
        if isinstance(layer, Layer) and layer.name in candidates:
            views = views_of(network, places, layer)
            least = len(words_of(network, one, layer, best[layer.name], views))
            for mapping in candidates[layer.name]:
                try:
                    assert least <= len(words_of(network, one, layer, mapping, views))
                except MappingError as error:  # a mapping that has no program
                    assert "parts without ragged steps" in str(error)  # noqa: PT017


def test_a_layer_that_no_mapping_runs_keeps_its_first(network, found):
    one, candidates = found
    tiny = chip(engine(rows=4, columns=4, buffer=1024, registers=16), known("int8"), known("int8"))
    assert one.lines > tiny.lines
    best = chosen(network, tiny, {"fc1": candidates["fc1"]}, len)
    assert best["fc1"] == candidates["fc1"][0] or len(best) == 1


def walked(mapping, sizes):
    """Points in the order in which loops pass them, spatial loops among them."""
    points = [((), dict.fromkeys(sizes, 0), dict(sizes))]
    for loop in mapping.loops:
        more = []
        for path, start, left in points:
            for offset in range(0, left[loop.rank], loop.tile):
                part = min(loop.tile, left[loop.rank] - offset)
                moved = {**start, loop.rank: start[loop.rank] + offset}
                more.append((path, moved, {**left, loop.rank: part}))
        points = more
    return [tuple(start.values()) for _, start, _ in points]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_near_does_the_same_work(seed, found):
    rng = random.Random(seed)
    _, candidates = found
    mapping = candidates["fc2"][0]
    sizes = {"n": 1, **{rank: rng.randint(3, 12) for rank in {lp.rank for lp in mapping.loops}}}
    points = walked(mapping, sizes)
    assert len(points) >= len(set(points))
    for count in range(len(mapping.levels[0].loops) + 1):
        assert walked(hoisted(mapping, count), sizes) == points
    regular = even(mapping, sizes, 0.5)
    assert set(walked(regular, sizes)) == set(points)
    left = dict(sizes)
    for loop, before in zip(regular.loops, mapping.loops, strict=True):
        assert left[loop.rank] % loop.tile == 0 or loop.tile == before.tile
        left[loop.rank] = loop.tile
    whole, left = even(mapping, sizes, 0.0), dict(sizes)
    for loop in whole.loops:
        assert left[loop.rank] % loop.tile == 0 or loop.dimension
        left[loop.rank] = loop.tile


def test_a_layer_is_refitted_to_where_its_tensors_lie():
    """Height and width change places in memory, and then in the mapping."""
    model, int8 = cs.load("resnet8"), known("int8")
    plan = prepare(model, Assignment())
    net = quantised(
        plan.graph, plan.parts, seeded(plan.graph, 0), sampled(plan.graph, 0), int8, int8
    )
    hardware = engine(rows=8, columns=8, stationarity="input", buffer=64 * 1024)
    one = chip(hardware, int8, int8)
    nests = {each.job.name: each.mapped.mapping for each in estimate(model, hardware).layers}
    name = "stack3.conv2"
    layer = next(each for each in net.operations if each.name == name)
    own = {name: nests[name]}
    places = placed(net, one, orders(net, one, own))
    assert refitted(net, one, own, {name: []}, len, places) == own  # they lie as it likes
    data = layer.data.tensor
    turn = (2, 3, 1, 0) if places[data].order[0] == 3 else (3, 2, 1, 0)
    turned = {**places, data: replace(places[data], order=turn)}

    def price(words):
        return timed(one, words, 50).cycles

    found = refitted(net, one, own, {name: []}, price, turned)[name]
    views = views_of(net, turned, layer)
    costs = [price(words_of(net, one, layer, each, views)) for each in (found, nests[name])]
    assert costs[0] < 0.9 * costs[1]
