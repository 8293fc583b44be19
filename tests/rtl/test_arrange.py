"""Tensors lie so that vectors are in one piece."""

import itertools
import random

import pytest

import cosynth as cs
from cosynth.codesign.estimate import estimate, prepare
from cosynth.format import Assignment, known
from cosynth.hardware.families.engine import engine
from cosynth.rtl.arrange import _Found, agreed, burdened, natural, orders
from cosynth.rtl.chip import chip
from cosynth.rtl.floats import sampled, seeded
from cosynth.rtl.mirrored import mirrored
from cosynth.rtl.network import Layer, quantised
from cosynth.rtl.views import seen

INT8 = known("int8")


def chosen(flow):
    model = cs.load("resnet8")
    plan = prepare(model, Assignment())
    net, one, nests = mapped(plan, model, flow)
    return plan.graph, orders(net, one, nests)


def mapped(plan, model, flow):
    graph = plan.graph
    net = quantised(graph, plan.parts, seeded(graph, 0), sampled(graph, 0), INT8, INT8)
    hardware = engine(rows=8, columns=8, stationarity=flow, buffer_width=128)
    found = {one.job.name: one.mapped.mapping for one in estimate(model, hardware).layers}
    names = {one.name for one in net.operations if isinstance(one, Layer)}
    nests = {name: nest for name, nest in found.items() if name in names}
    return net, chip(hardware, INT8, INT8), nests


def test_channels_lie_side_by_side_where_rows_carry_them():
    _, found = chosen("weight")
    assert found["stack1.conv1.relu"][0] == 1
    assert found["stack2.relu"][0] == 1


def test_positions_lie_side_by_side_where_columns_carry_them():
    _, found = chosen("input")
    assert found["stack1.conv1.relu"][0] in {2, 3}


def test_every_order_names_every_dimension_and_views_have_one_too():
    graph, found = chosen("output")
    for name, order in found.items():
        assert sorted(order) == list(range(len(graph.tensor(name).shape)))
    assert seen(found["pool"], (1, 64, 1, 1), (1, 64)) == (1, 0)
    assert found["softmax"] == natural((1, 10))  # the host writes it, and no layer reads it


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
def test_layers_agree_as_well_as_any_of_all_ways(flow):
    """Of some layers turned at random (seed 5), against every way to turn any of them."""
    model = cs.load("resnet8")
    net, one, nests = mapped(prepare(model, Assignment()), model, flow)
    layers = {layer.name: layer for layer in net.operations if isinstance(layer, Layer)}
    ways = {name: (nest, *mirrored(nest, layers[name].einsum)) for name, nest in nests.items()}
    rng = random.Random(5)
    turned = {name: rng.choice(some) for name, some in ways.items()}
    found = _Found(net, one)

    def cost(chosen):
        return sum(found.best(name, chosen)[1] for name in found.uses)

    assert sum(len(some) > 1 for some in ways.values()) > 6
    least = min(
        cost(dict(zip(ways, each, strict=True))) for each in itertools.product(*ways.values())
    )
    assert cost(agreed(net, one, turned)) == pytest.approx(least), "seed 5"


def test_a_layer_is_burdened_by_what_lies_as_others_like_it():
    model = cs.load("resnet8")
    net, one, nests = mapped(prepare(model, Assignment()), model, "input")
    (layer,) = (each for each in net.operations if each.name == "stack1.conv1")
    alone = orders(net, one, {layer.name: nests[layer.name]})
    assert burdened(net, one, layer, nests[layer.name], alone) == 1
    (turned,) = mirrored(nests[layer.name], layer.einsum)
    assert burdened(net, one, layer, turned, alone) > 1.5
