"""Commands of the array: vectors that are filled, and vectors that steps take."""

import random

import pytest
from tests.rtl.layers import gemm, layer_of, network_of, small

from cosynth.format import known
from cosynth.mapping import Level, Loop, Mapping
from cosynth.rtl.arrange import natural
from cosynth.rtl.chip import chip
from cosynth.rtl.layer import steps
from cosynth.rtl.program import placed, views_of, work_of

NAMES = ("dram", "buffer", "across", "sums", "down")


@pytest.mark.parametrize(("format", "more"), [("int8", 0), ("mxint8", 1)])
@pytest.mark.parametrize("flow", ["weight", "input"])
def test_an_entry_is_filled_with_a_vector_more_where_weights_stay_and_blocks_have_scales(
    format, more, flow
):
    network = network_of(gemm(random.Random(1)), format, 0)
    layer = layer_of(network)
    one = chip(small(flow, registers=256), known(format), known(format))
    found = {t.name: natural(t.shape) for t in network.graph.tensors if t.name in network.units}
    places = placed(network, one, found)
    made = steps(one, work_of(layer, in_registers(layer)), views_of(network, places, layer))
    fills = [step for step in made if step.unit == "fill"]
    assert {step.turns[0] for step in fills} == {1 + more * (flow == "weight")}


def in_registers(layer):
    """A mapping of one product a step: all loops over registers."""
    sizes = layer.einsum.sizes
    loops = tuple(Loop(rank=rank, tile=1) for rank, size in sizes.items() if size > 1)
    levels = (*(Level(name=name) for name in NAMES), Level(name="registers", loops=loops))
    return Mapping(einsum=layer.name, engine="mac", levels=levels)
