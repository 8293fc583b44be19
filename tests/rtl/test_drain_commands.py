"""Every output element is written once, where its tensor wants it."""

import itertools
import random
from collections import Counter

import pytest
from tests.rtl.layers import convolution, drawn, layer_of, network_of, small

from cosynth.errors import MappingError
from cosynth.format import known
from cosynth.rtl.arrange import natural
from cosynth.rtl.chip import chip
from cosynth.rtl.instructions import Command
from cosynth.rtl.layer import Transfer, steps
from cosynth.rtl.program import placed, views_of, work_of

SPILLS = 2


def elements(command):
    """Places of the elements that a drain writes."""
    for at in itertools.product(*(range(n) for n in command.turns)):
        base = command.bases[1]
        base += sum(n * step for n, step in zip(at, command.strides[1], strict=True))
        yield from range(base, base + command.extras[0])


@pytest.mark.parametrize("seed", range(25))
def test_every_element_of_an_output_tile_is_written_once(seed):
    rng = random.Random(seed)
    hardware = small(rng.choice(("weight", "input", "output")))
    one = chip(hardware, known("int8"), known("int8"))
    while True:
        network = network_of(convolution(rng), "int8", 0)
        layer = layer_of(network)
        orders = {
            t.name: natural(t.shape) for t in network.graph.tensors if t.name in network.units
        }
        views = views_of(network, placed(network, one, orders), layer)
        mapping = drawn(rng, layer.einsum, network.graph, hardware)
        try:
            found = steps(one, work_of(layer, mapping), views)
        except MappingError:
            continue
        break
    written: Counter[int] = Counter()
    outputs = 0
    for step in found:
        if isinstance(step, Command) and step.unit == "drain" and not step.extras[4] & SPILLS:
            written.update(elements(step))
        elif isinstance(step, Transfer) and step.unit == "store":
            wanted = range(step.local, step.local + step.layout.size)
            assert {place: written.pop(place) for place in wanted} == dict.fromkeys(wanted, 1)
            outputs += step.layout.size
    assert not written
    sizes = layer.einsum.sizes
    total = 1
    for rank in layer.einsum.output.ranks:
        total *= sizes[rank]
    assert outputs == total
