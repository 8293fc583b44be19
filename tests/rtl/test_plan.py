"""Regions of the buffer: apart from one another, and inside it."""

import itertools
import random

import pytest
from tests.rtl.layers import convolution, drawn, layer_of, network_of, small

from cosynth.errors import MappingError
from cosynth.format import known
from cosynth.rtl.arrange import natural
from cosynth.rtl.chip import chip
from cosynth.rtl.plan import plan, regions
from cosynth.rtl.program import placed, views_of, work_of


@pytest.mark.parametrize("seed", range(20))
def test_regions_do_not_meet(seed):
    rng = random.Random(seed)
    hardware = small(rng.choice(("weight", "input", "output")))
    one = chip(hardware, known("int8"), known("int8"))
    while True:
        network = network_of(convolution(rng, residual=True), "int8", 0)
        layer = layer_of(network)
        orders = {
            t.name: natural(t.shape) for t in network.graph.tensors if t.name in network.units
        }
        views = views_of(network, placed(network, one, orders), layer)
        work = work_of(layer, drawn(rng, layer.einsum, network.graph, hardware))
        try:
            made = plan(one, work, views)
            found = regions(made)
        except MappingError:
            continue
        break
    taken: list[tuple[int, int]] = []
    for kind, copies in found.copies.items():
        most = max(made.boxes(tile)[kind].size for tile in made.tiles)
        taken += [(at, at + most * made.bits(kind) // one.grain) for at in copies]
    if made.spilled:
        slots = max(found.slots.values()) + 1
        size = one.slot // one.grain
        taken.append((found.slot_base * size, (found.slot_base + slots) * size))
    taken.sort()
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(taken))
    assert taken[-1][1] <= one.lines * one.line // one.grain
