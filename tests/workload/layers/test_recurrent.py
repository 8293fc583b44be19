"""Cells over a sequence."""

from __future__ import annotations

import pytest

from cosynth.workload import Builder
from cosynth.workload.layers.recurrent import GATES, recurrent


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("steps", [1, 5])
def test_products_of_inputs_and_states_count_once_per_step(cell: str, steps: int) -> None:
    net = Builder("net")
    gates = GATES[cell]
    x = net.input("x", (steps, 2, 8))
    w, r = net.weight("w", (gates, 16, 8)), net.weight("r", (gates, 16, 16))
    made = recurrent(net, "c", x, w, r, bias=net.weight("b", (2, gates, 16)), cell=cell)
    net.output(made.hidden)
    assert net.build().operations == steps * 2 * gates * 16 * (8 + 16)
    assert net.tensors[made.hidden].repeat == steps


def test_an_lstm_keeps_two_states() -> None:
    net = Builder("net")
    w, r = net.weight("w", (4, 3, 2)), net.weight("r", (4, 3, 3))
    recurrent(net, "c", net.input("x", (4, 1, 2)), w, r)
    assert [t.name for t in net.tensors.values() if t.role == "state"] == ["c.state", "c.memory"]
