"""Where a graph is cut, and what passes the cuts."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress.network import network
from cosynth.compress.segments import factor, live_before, read_by, segments, submodel


@pytest.mark.parametrize("make", [nets.convolutions, nets.attention])
def test_pieces_hold_every_node_once_and_begin_with_a_site(make):
    net = network(make(), "net")
    parts = segments(net)
    assert [at for part in parts for at in part.nodes] == list(range(len(net.model.graph.node)))
    assert [part.site for part in parts if part.site] == list(net.sites)
    assert all(part.site is None or part.site.node == part.nodes.start for part in parts)


def test_what_is_read_was_made_before():
    net = network(nets.attention(), "net")
    held = set(net.inputs)
    for part in segments(net):
        assert set(part.reads) <= held
        assert {one.tensor for one in (part.site.activations if part.site else ())} <= held
        held |= set(part.makes)
    assert set(net.outputs) <= held


def test_a_tensor_lives_until_it_was_read_last():
    net = network(nets.attention(), "net")
    live = live_before(net, segments(net))
    names = [part.site.name if part.site else "" for part in segments(net)]
    assert "x" in live[names.index("mixed")]  # the residual
    assert "q" not in live[names.index("mixed")]
    assert live[-1] == {"y"}


def test_a_segment_is_a_model_with_factors_of_its_own():
    net = network(nets.convolutions(), "net")
    first = segments(net)[0]
    assert first.inputs == (factor(net.sites[0], 0), factor(net.sites[0], 1))
    values = dict.fromkeys(first.inputs, np.zeros(1, dtype=np.float32))
    made = submodel(net, first, values)
    assert tuple(one.name for one in made.graph.input) == first.inputs
    assert tuple(one.name for one in made.graph.output) == first.makes
    assert [one.name for one in made.graph.initializer] == ["b1"]


def test_a_branch_reads_from_outside_what_it_does_not_make():
    inner = helper.make_graph(
        [
            helper.make_node("Add", ["outer", "own"], ["made"]),
            helper.make_node("Neg", ["made"], ["end"]),
        ],
        "inner", [helper.make_tensor_value_info("own", 1, None)],
        [helper.make_tensor_value_info(n, 1, None) for n in ("end", "passed")],
    )  # fmt: skip
    node = helper.make_node("If", ["yes"], ["y"], then_branch=inner, else_branch=inner)
    assert set(read_by(node)) == {"yes", "outer", "passed"}
