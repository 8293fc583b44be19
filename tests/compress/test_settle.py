"""Models are checked and made ready before anything is changed in them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress.settle import settled
from cosynth.errors import SpecError


def test_shapes_are_known_and_constants_are_initialisers():
    weight = np.ones((2, 3), np.float32)
    nodes = [
        helper.make_node("Identity", ["w"], ["v"]),
        helper.make_node("Transpose", ["v"], ["wt"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "wt"], ["p"]),
        helper.make_node("Relu", ["p"], ["y"]),
    ]
    found = settled(nets.model(nodes, ("n", 3), ("n", 2), {"w": weight}), "net").graph
    assert [node.op_type for node in found.node] == ["MatMul", "Relu"]
    assert {one.name: list(one.dims) for one in found.initializer}["wt"] == [3, 2]
    shape = {v.name: v.type.tensor_type.shape.dim for v in found.value_info}["p"]
    assert [d.dim_param or d.dim_value for d in shape] == ["n", 2]


def test_a_constant_that_is_an_output_stays_a_node():
    nodes = [helper.make_node("Identity", ["w"], ["y"]), helper.make_node("Relu", ["x"], ["z"])]
    found = settled(nets.model(nodes, (2,), (2,), {"w": np.ones(2, np.float32)}), "net")
    assert [node.op_type for node in found.graph.node] == ["Identity", "Relu"]


def test_what_breaks_the_rules_of_onnx_wrong():
    broken = nets.convolutions()
    broken.graph.node[1].op_type = "Unheard"
    with pytest.raises(SpecError, match="net: not valid ONNX: No Op registered for Unheard"):
        settled(broken, "net")


def test_an_absurd_axis_wrong():
    nodes = [helper.make_node("Softmax", ["x"], ["y"], axis=1 << 40, name="soft")]
    with pytest.raises(SpecError, match=r"net: node 'soft' \(Softmax\): axis 1099511627776"):
        settled(nets.model(nodes, (2,), (2,), {}), "net")


def test_constants_that_cannot_be_computed_wrong():
    nodes = [
        helper.make_node("Transpose", ["w"], ["v"], perm=[1, 0, 2]),
        helper.make_node("MatMul", ["x", "v"], ["y"]),
    ]
    with pytest.raises(SpecError, match=r"net: node 'v' \(Transpose\): cannot be computed"):
        settled(nets.model(nodes, (1, 2), (1, 3), {"w": np.ones((2, 3), np.float32)}), "net")


def test_shapes_that_contradict_each_other_wrong():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    weight = np.ones((5, 3), np.float32)
    with pytest.raises(SpecError, match="net: its shapes contradict each other"):
        settled(nets.model(nodes, (1, 2), (1, 3), {"w": weight}), "net")
