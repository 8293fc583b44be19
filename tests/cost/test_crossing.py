"""What crosses into the meeting memory, and what it must hold."""

from __future__ import annotations

from tests.cost.test_group import WORDS, products

from cosynth.cost.crossing import Place, Style, crossings, held
from cosynth.hardware import engine, priced
from cosynth.mapping.placement import Order
from cosynth.mapping.shared import along


def test_tiles_that_stream_are_held_twice_and_weights_once():
    chip = priced(engine())
    path = next(one for one in chip.engines if one.name == "mac")
    place = Place(engines=(path, path), memory=path.memories[1])
    shared = products()
    order = Order(ranks=("m",), depths=(1, 1))
    cuts = [along(shared, order, 0, 2)]
    crossing = crossings(shared, order, cuts, place, WORDS)
    assert [(one.tensor, int(one.taken)) for one in crossing[:3]] == [
        ("a", 30), ("b", 20), ("c", 28),
    ]  # fmt: skip
    need = held(shared, order, cuts, place, WORDS, crossing, Style(doubled=True))
    # two tiles of a and y, both weights, and what stays inside
    assert need == 2 * (2 * 5 + 2 * 7) + 20 + 28 + 2 * 4


def test_a_tensor_two_members_read_alike_crosses_once():
    from cosynth.mapping.group import family
    from cosynth.workload import Builder

    net = Builder("twice")
    net.input("a", (6, 5))
    net.einsum("x[m,k] = exp(a[m,k])", shape=(6, 5))
    net.output(net.einsum("y[m] += x[m,k] * a[m,k]", shape=(6,)))
    shared = family(net.build(), [(0,), (1,)])
    assert shared is not None
    chip = priced(engine())
    path = next(one for one in chip.engines if one.name == "vector")
    place = Place(engines=(path, path), memory=path.memories[1])
    found = crossings(shared, Order(ranks=(), depths=(0, 0)), [], place, WORDS)
    assert [one.tensor for one in found] == ["a", "y"]
