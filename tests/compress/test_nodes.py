"""Nodes under names that are free, and tensors of codes packed as ONNX has them."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, numpy_helper

from cosynth.compress.nodes import Nodes, coded


def test_names_are_given_once():
    nodes = Nodes(taken={"w"})
    assert [nodes.free("w"), nodes.free("w"), nodes.free("v")] == ["w.2", "w.3", "v"]
    made = nodes.add("Abs", ["x"], "w")
    assert (made, nodes.nodes[0].output[0], nodes.nodes[0].name) == ("w.4", "w.4", "w.4")


def test_codes_are_packed():
    found = coded("c", TensorProto.FLOAT4E2M1, np.array([1, 15, 7]))
    assert found.raw_data == bytes([0xF1, 0x07])
    assert numpy_helper.to_array(found).astype(np.float32).tolist() == [0.5, -6.0, 6.0]
    found = coded("c", TensorProto.INT4, np.array([-8, 7, -1, 0]))
    assert found.raw_data == bytes([0x78, 0x0F])
    found = coded("c", TensorProto.BFLOAT16, np.array([0x3F80]))
    assert numpy_helper.to_array(found).astype(np.float32).tolist() == [1.0]


def test_a_clip_has_both_ends():
    nodes = Nodes(taken=set(), ranks={"x": 2})
    assert nodes.clipped("x", 1.5) == "x.clipped"
    assert [float(numpy_helper.to_array(each)) for each in nodes.constants] == [-1.5, 1.5]
    assert nodes.rank("x") == 2
    assert nodes.rank("y") is None
