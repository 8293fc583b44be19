"""Reading an ONNX model with its weights, and finding what multiplies in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress.network import network, read
from cosynth.errors import SpecError, WorkloadError
from cosynth.workload.load import load


@pytest.mark.parametrize("make", [nets.convolutions, nets.attention])
def test_every_contraction_of_the_workload_is_a_site_of_the_same_name(make, tmp_path: Path):
    path = tmp_path / "net.onnx"
    onnx.save(make(), path)
    workload = load(str(path), {"n": 2})
    contractions = [each.name for each in workload.einsums if each.contraction]
    assert [site.name for site in read(path).sites] == contractions


def test_factors_know_where_the_sum_runs():
    found = {site.name: site for site in network(nets.convolutions(), "net").sites}
    kernel, matrix = found["c1"].weight, found["y"].weight
    assert kernel is not None
    assert matrix is not None
    assert (kernel.axis, kernel.window) == (1, True)
    assert (matrix.axis, matrix.window) == (1, False)
    products = {site.name: site for site in network(nets.attention(), "net").sites}
    assert products["scores"].weight is None
    assert [each.axis for each in products["scores"].activations] == [-1, -2]


def test_constants_that_pass_through_other_nodes_are_weights():
    given = np.arange(6, dtype=np.float32).reshape(3, 2)
    nodes = [
        helper.make_node("Constant", [], ["w"], value=onnx.numpy_helper.from_array(given)),
        helper.make_node("Transpose", ["w"], ["wt"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "wt"], ["y"]),
    ]
    found = network(nets.model(nodes, (1, 2), (1, 3), {}), "net")
    assert found.constants["wt"].tolist() == given.T.tolist()
    assert [site.name for site in found.sites] == ["y"]
    assert len(found.model.graph.node) == 1


def test_reading_leaves_the_given_model_as_it_is():
    given = nets.convolutions()
    before = given.SerializeToString()
    network(given, "net")
    assert given.SerializeToString() == before


def test_a_model_without_products_wrong():
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    with pytest.raises(SpecError, match="net: no convolution or matrix product"):
        network(nets.model(nodes, (2,), (2,), {}), "net")


def test_a_model_whose_products_lie_in_branches_only_wrong():
    made = helper.make_tensor_value_info("t", 1, None)
    inner = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["t"])], "t", [], [made])
    node = helper.make_node("If", ["yes"], ["y"], then_branch=inner, else_branch=inner)
    constants = {"w": np.eye(2, dtype=np.float32), "yes": np.array(True)}
    with pytest.raises(SpecError, match="those inside of branches and loops have none"):
        network(nets.model([node], (2, 2), (2, 2), constants), "net")


def test_an_unknown_layer_wrong():
    with pytest.raises(WorkloadError, match="net: no layer 'c33' multiplies; did you mean 'c3"):
        network(nets.convolutions(), "net").site("c33")


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x08\x0a"])
def test_a_file_that_is_no_model_wrong(tmp_path: Path, content: bytes):
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(SpecError, match="not a valid ONNX file"):
        read(path)
