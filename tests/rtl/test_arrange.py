"""Tensors lie so that vectors are in one piece."""

import cosynth as cs
from cosynth.codesign.estimate import estimate, prepare
from cosynth.format import Assignment, known
from cosynth.hardware.families.engine import engine
from cosynth.rtl.arrange import natural, orders
from cosynth.rtl.chip import chip
from cosynth.rtl.floats import sampled, seeded
from cosynth.rtl.network import Layer, quantised

INT8 = known("int8")


def chosen(flow):
    model = cs.load("resnet8")
    plan = prepare(model, Assignment())
    graph = plan.graph
    net = quantised(graph, plan.parts, seeded(graph, 0), sampled(graph, 0), INT8, INT8)
    hardware = engine(rows=8, columns=8, stationarity=flow, buffer_width=128)
    found = {one.job.name: one.mapped.mapping for one in estimate(model, hardware).layers}
    names = {one.name for one in net.operations if isinstance(one, Layer)}
    nests = {name: nest for name, nest in found.items() if name in names}
    return graph, orders(net, chip(hardware, INT8, INT8), nests)


def test_channels_lie_side_by_side_where_rows_carry_them():
    _, found = chosen("weight")
    assert found["stack1.conv1.relu"][0] == 1
    assert found["stack2.relu"][0] == 1


def test_positions_lie_side_by_side_where_columns_carry_them():
    _, found = chosen("input")
    assert found["stack1.conv1.relu"][0] in {2, 3}


def test_every_order_names_every_dimension_and_views_stay_as_they_are():
    graph, found = chosen("output")
    for name, order in found.items():
        assert sorted(order) == list(range(len(graph.tensor(name).shape)))
    assert found["pool"] == natural((1, 64, 1, 1))
