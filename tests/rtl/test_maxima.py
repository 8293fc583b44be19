"""Maxima over windows: every bit of drawn layers in each flow, and the twin beside ONNX."""

import random
from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper, save
from onnx.reference import ReferenceEvaluator
from tests.rtl.layers import case, layer_of, small

from cosynth.codesign.estimate import prepare
from cosynth.codesign.stored import stored
from cosynth.format import Assignment, known
from cosynth.mapping import Level, Loop
from cosynth.rtl import reference
from cosynth.rtl.chip import chip
from cosynth.rtl.floats import sampled, seeded
from cosynth.rtl.lowered import lowered
from cosynth.rtl.maxima import nests
from cosynth.rtl.network import quantised
from cosynth.rtl.program import compiled
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import max_pool, slide, whole

INT8 = known("int8")


def pooled(rng):
    """Maxima over windows, or over all of an image, its sizes drawn."""
    net = Builder("pool")
    sides = [rng.randint(2, 11) for _ in range(2)]
    x = net.input("x", (rng.choice((1, 1, 2)), rng.choice((1, 3, 4, 6, 8, 10)), *sides))
    kernel = rng.choice((1, 2, 3, 3))
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
            if format == "int4" and "within bytes of DRAM" in made.refused:
                continue
            assert not made.refused, (made.refused, nest)
            run = made.measured(seed)
            assert run.bits > 0
            assert run.wrong == 0


@pytest.mark.parametrize("seed", range(8))
def test_the_twin_is_onnxs_maxima(seed, tmp_path):
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    sides = [rng.randint(4, 9) for _ in range(2)]
    kernel = [rng.randint(1, 4) for _ in range(2)]
    pads = [rng.randint(0, size // 2) for size in kernel] * 2
    flags = {"kernel_shape": kernel, "pads": pads, "dilations": [1, 1],
             "strides": [rng.randint(1, 3) for _ in range(2)]}  # fmt: skip
    shape = [1, 3, *sides]
    node = helper.make_node("MaxPool", ["x"], ["y"], **flags)
    graph = helper.make_graph(
        [node], "pool", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save(model, tmp_path / "pool.onnx")
    low = lowered(stored(tmp_path / "pool.onnx").model)
    plan, int8 = prepare(low.graph, Assignment()), known("int8")
    network = quantised(plan.graph, plan.parts, low.shares, sampled(plan.graph, 0), int8, int8)
    assert network.units["y"] == network.units["x"]
    whole_x = np.random.default_rng(seed).integers(-127, 128, shape)
    (expected,) = ReferenceEvaluator(model).run(None, {"x": whole_x.astype(np.float32)})
    np.testing.assert_array_equal(reference.run(network, {"x": whole_x}, 32)["y"], expected)


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
def test_mappings_of_maxima_are_found_where_the_buffer_holds_them(flow):
    rng = random.Random(7)
    hardware = small(flow)
    for _ in range(20):
        network = quantised_pool(rng, "int8", 0)
        made = case(network, hardware, nests(layer_of(network), chip(hardware, INT8, INT8))[0])
        assert not made.refused


@pytest.mark.parametrize("sloped", [False, True])
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
def test_whatever_rank_columns_take_is_right_or_refused(flow, sloped):
    """Biases, multipliers and slopes follow one rank, of which columns may know nothing."""
    net = Builder("pool")
    y = max_pool(net, "y", net.input("x", (1, 6, 6, 6)), [slide(6, 1)] * 2)
    net.weight("slope", (6,))
    at = f"{y}[n,c,p,q]"
    slope = "slope[c]" if sloped else "0.25"
    text = f"z[n,c,p,q] = where(less(0, {at}), {at}, {at} * {slope})"
    net.output(net.einsum(text, shape=(1, 6, 6, 6)))
    low = lowered(net.build())
    plan = prepare(low.graph, Assignment())
    weights = seeded(plan.graph, 3) | low.shares
    data = sampled(plan.graph, 3)
    network = quantised(plan.graph, plan.parts, weights, data, INT8, INT8)
    layer, hardware = layer_of(network), small(flow)
    assert layer.out == "z"
    nest = nests(layer, chip(hardware, INT8, INT8))[0]
    ran = 0
    for rank in "cpq":
        names = {layer.channel: rank, rank: layer.channel}
        levels = tuple(
            replace(level, loops=tuple(
                replace(loop, rank=names.get(loop.rank, loop.rank)) for loop in level.loops
            ))
            for level in nest.levels
        )  # fmt: skip
        made = case(network, hardware, replace(nest, levels=levels))
        if made.refused:
            assert "columns take" in made.refused
            continue
        assert made.measured(3).wrong == 0
        ran += 1
    assert ran == (1 if flow == "weight" else 2 if sloped else 3)


def test_what_would_be_added_is_refused_wrong():
    network = quantised_pool(random.Random(2), "int8", 0)
    layer, hardware = layer_of(network), small("weight")
    one = chip(hardware, INT8, INT8)
    nest = nests(layer, one)[0]
    said = f"{layer.name}: the chip keeps no maxima"
    assert compiled(network, one, {layer.name: nest}).order[0].reason == said
    rank = next(rank for rank in layer.einsum.reduced if layer.einsum.sizes[rank] > 1)
    rows = Level(name="down", loops=(Loop(rank=rank, tile=1, dimension="rows"),))
    odd = replace(nest, levels=tuple(rows if lv.name == "down" else lv for lv in nest.levels))
    assert (
        case(network, hardware, odd).refused == f"{layer.name}: rows would be added, not compared"
    )
