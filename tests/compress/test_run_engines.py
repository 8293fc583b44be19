"""Running a network under formats by either engine."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from tests.compress import nets

from cosynth.compress.choices import Choice
from cosynth.compress.network import network
from cosynth.compress.run import Runner
from cosynth.compress.storage import stored
from cosynth.format import known

MODELS = {
    "convolutions": (nets.convolutions, (4, 3, 8, 8)),
    "attention": (nets.attention, (2, 8, 32)),
}


def drawn(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.fixture(params=["onnxruntime", "onnx.reference"])
def engine(request, monkeypatch):
    """Each engine in turn; without ONNX Runtime the other one must do."""
    if request.param == "onnxruntime":
        pytest.importorskip("onnxruntime")
    else:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    return request.param


@pytest.mark.parametrize("name", MODELS)
def test_without_formats_it_is_the_model_itself(name, engine):
    make, shape = MODELS[name]
    runner = Runner(network=network(make(), name))
    x = drawn(shape)
    (right,) = ReferenceEvaluator(make()).run(None, {"x": x})
    assert np.allclose(runner.run({"x": x}, {})["y"], right, atol=1e-5)
    wide = {site.name: Choice(activations="tf32") for site in runner.network.sites}
    assert np.allclose(runner.run({"x": x}, wide)["y"], right, atol=2e-2)
    assert all(each.startswith(engine) for each in runner.engines)


def test_weights_and_factors_are_those_of_storage(engine):
    """A product of its own, step by step."""
    weight = drawn((64, 16), 1)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    runner = Runner(network=network(nets.model(nodes, ("n", 64), ("n", 16), {"w": weight}), "m"))
    x = drawn((5, 64))
    (site,) = runner.network.sites
    found = runner.run({"x": x}, {"y": Choice(weights="mxfp4", activations="int8")})["y"]
    left, right = site.operands
    right = stored(x, known("int8"), left) @ stored(weight, known("mxfp4"), right)
    assert np.allclose(found, right, rtol=1e-5, atol=1e-5)


def test_a_factor_that_others_read_too_stays_exact_for_them(engine):
    """The residual beside a product sees what was computed, not what the product stores."""
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["p"]),
        helper.make_node("Add", ["p", "r"], ["y"]),
    ]
    given = nets.model(nodes, ("n", 8), ("n", 8), {"w": np.zeros((8, 8), np.float32)})
    runner = Runner(network=network(given, "m"))
    x = drawn((3, 8))
    found = runner.run({"x": x}, {"p": Choice(activations="int2")})["y"]
    assert np.array_equal(found, np.maximum(x, 0))


def test_branches_read_what_lies_outside_of_them(engine):
    inner = helper.make_graph(
        [helper.make_node("Mul", ["p", "p"], ["t"])], "then", [],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)],
    )  # fmt: skip
    other = helper.make_graph(
        [helper.make_node("Neg", ["r"], ["e"])], "else", [],
        [helper.make_tensor_value_info("e", TensorProto.FLOAT, None)],
    )  # fmt: skip
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["p"]),
        helper.make_node("If", ["c"], ["b"], then_branch=inner, else_branch=other),
        helper.make_node("MatMul", ["b", "w"], ["y"]),
    ]
    for truth in (True, False):
        constants = {"w": np.eye(4, dtype=np.float32), "c": np.array(truth)}
        runner = Runner(network=network(nets.model(nodes, (2, 4), (2, 4), constants), "m"))
        x = drawn((2, 4))
        given = {"y": Choice(activations="fp32", weights="fp16"), "p": Choice(activations="tf32")}
        r = np.maximum(x, 0)
        found = runner.run({"x": x}, given)["y"]
        assert np.allclose(found, r * r if truth else -r, rtol=2e-3, atol=1e-6)


def test_models_in_half_precision_keep_their_type(engine):
    weight = drawn((8, 8)).astype(np.float16)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT16, (2, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT16, (2, 8))],
        [onnx.numpy_helper.from_array(weight, "w")],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 21)]
    runner = Runner(
        network=network(helper.make_model(graph, opset_imports=opsets, ir_version=10), "m")
    )
    found = runner.run({"x": drawn((2, 8))}, {"y": Choice(weights="int8", activations="int8")})["y"]
    assert found.dtype == np.float16


@pytest.mark.parametrize("name", MODELS)
def test_cuts_change_no_bit(name):
    """ONNX Runtime on the whole model, no node fused with another."""
    onnxruntime = pytest.importorskip("onnxruntime")
    make, shape = MODELS[name]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    whole = onnxruntime.InferenceSession(make().SerializeToString(), options)
    x = drawn(shape)
    found = Runner(network=network(make(), name)).run({"x": x}, {})["y"]
    assert np.array_equal(found, whole.run(["y"], {"x": x})[0])
