"""A network under formats: against a run node by node, from the start and from the middle."""

from __future__ import annotations

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from tests.compress import nets

from cosynth.compress.choices import Choice
from cosynth.compress.network import Network, network
from cosynth.compress.run import Runner
from cosynth.compress.storage import stored
from cosynth.errors import SpecError, WorkloadError
from cosynth.format import known, names

MIXED = (
    Choice(weights="mxfp4", activations="int8"), Choice(weights="int4"),
    Choice(activations="mxfp8"), Choice(weights="nvfp4", activations="nvint4"),
)  # fmt: skip


def node_by_node(net: Network, feeds, choices):
    """Outputs by ONNX's own evaluator, one node at a time, factors stored beside it."""
    graph = net.model.graph
    values = {**net.constants, **feeds}
    sites = {site.node: site for site in net.sites}
    for at, node in enumerate(graph.node):
        given = {name: values[name] for name in node.input if name}
        if at in sites:
            choice = choices.get(sites[at].name, Choice())
            for one in sites[at].operands:
                form = choice.weights if one.constant else choice.activations
                given[one.tensor] = stored(values[one.tensor], known(form), one)
        inputs = [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), None)
            for n, v in given.items()
        ]
        alone = helper.make_graph(
            [node], "one", inputs, [onnx.ValueInfoProto(name=n) for n in node.output]
        )
        model = helper.make_model(alone, opset_imports=net.model.opset_import)
        values |= dict(zip(node.output, ReferenceEvaluator(model).run(None, given), strict=True))
    return {name: values[name] for name in net.outputs}


def image(count: int = 3, seed: int = 1) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(seed).standard_normal((count, 3, 8, 8)).astype(np.float32)}


def words(count: int = 3, seed: int = 1) -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(seed).standard_normal((count, 8, 32)).astype(np.float32)}


CASES = [(nets.convolutions, image), (nets.attention, words)]


@pytest.mark.parametrize(("make", "feed"), CASES)
@pytest.mark.parametrize("choice", MIXED, ids=str)
def test_a_run_agrees_with_one_node_by_node(make, feed, choice):
    net = network(make(), "net")
    choices = {site.name: choice for site in net.sites}
    found = Runner(network=net).run(feed(), choices)["y"]
    wanted = node_by_node(net, feed(), choices)["y"]
    # another order of addition may move a value across a rounding boundary of the next layer
    assert np.mean(np.abs(found - wanted)) < 1e-3 * np.mean(np.abs(wanted))
    plain = Runner(network=net).run(feed(), {})["y"]
    np.testing.assert_allclose(plain, node_by_node(net, feed(), {})["y"], rtol=1e-4, atol=1e-5)
    assert not np.array_equal(found, plain)


@pytest.mark.parametrize(("make", "feed"), CASES)
def test_a_resumed_run_equals_a_whole_one_in_every_bit(make, feed):
    net = network(make(), "net")
    runner = Runner(network=net)
    base = {net.sites[0].name: Choice(weights="int8")}
    trace = runner.trace(feed(), base)
    assert np.array_equal(trace.outputs["y"], runner.run(feed(), base)["y"])
    for site in net.sites:
        for choice in MIXED:
            choices = {**base, site.name: choice}
            resumed = runner.resume(trace, choices)["y"]
            assert np.array_equal(resumed, runner.run(feed(), choices)["y"]), site.name
    assert np.array_equal(runner.resume(trace, base)["y"], trace.outputs["y"])


def test_a_new_format_opens_no_new_session(monkeypatch):
    from cosynth.compress import run

    opened = []
    monkeypatch.setattr(run, "opened", lambda *given: opened.append(given) or real(*given))
    from cosynth.compress.engine import opened as real

    net = network(nets.convolutions(), "net")
    runner = Runner(network=net)
    for choice in MIXED:
        runner.run(image(), {site.name: choice for site in net.sites})
    assert len(opened) == len(net.sites)


def test_without_onnx_runtime_the_evaluator_runs_it(monkeypatch):
    net = network(nets.convolutions(), "net")
    choices = {site.name: Choice(weights="mxfp4") for site in net.sites}
    quick = Runner(network=net)
    wanted = quick.run(image(), choices)["y"]
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    slow = Runner(network=net)
    np.testing.assert_allclose(slow.run(image(), choices)["y"], wanted, rtol=1e-4, atol=1e-5)
    assert quick.engines[0].startswith("onnxruntime ")
    assert [each.split()[0] for each in slow.engines] == ["onnx.reference"]


def branched() -> onnx.ModelProto:
    """Two products; a branch and a loop between them read what was made before the first."""
    rng = np.random.default_rng(0)
    names = ("early", "a", "b", "y")
    value = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 4]) for n in names}

    def branch(kind: str, to: str) -> onnx.GraphProto:
        made = helper.make_tensor_value_info(to, TensorProto.FLOAT, None)
        return helper.make_graph([helper.make_node(kind, ["early", "a"], [to])], to, [], [made])

    body = helper.make_graph(
        [
            helper.make_node("Add", ["state", "early"], ["next"]),
            helper.make_node("Identity", ["going"], ["still"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("at", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, None),
        ],
    )
    nodes = [
        helper.make_node("Relu", ["x"], ["early"]),
        helper.make_node("MatMul", ["early", "w"], ["a"]),
        helper.make_node(
            "If", ["yes"], ["b"], then_branch=branch("Add", "t"), else_branch=branch("Sub", "e")
        ),
        helper.make_node("MatMul", ["b", "w"], ["c"]),
        helper.make_node("Loop", ["count", "", "c"], ["y"], body=body),
    ]
    constants = {
        "w": rng.standard_normal((4, 4)).astype(np.float32), "yes": np.array(True),
        "count": np.array(3, dtype=np.int64),
    }  # fmt: skip
    made = nets.model(nodes, (2, 4), (2, 4), constants)
    made.graph.output.append(value["early"])
    made.graph.output.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 4]))
    return made


def test_branches_and_loops_read_what_was_made_outside():
    net = network(branched(), "net")
    x = np.random.default_rng(2).standard_normal((2, 4)).astype(np.float32)
    found = Runner(network=net).run({"x": x}, {"c": Choice(activations="int8")})
    early, w = np.maximum(x, 0), net.constants["w"]
    b = early + early @ w
    step = np.float32(np.abs(b).max() / 127)
    np.testing.assert_allclose(found["y"], np.rint(b / step) * step @ w + 3 * early, rtol=1e-4)
    # outputs that are read later, and constants, are given back too
    assert np.array_equal(found["early"], early)
    assert np.array_equal(found["w"], w)


def test_half_precision_stays_so():
    weights = np.random.default_rng(0).standard_normal((4, 4)).astype(np.float16)
    made = nets.model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], (2, 4), (2, 4), {"w": weights}
    )
    for value in (*made.graph.input, *made.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
    runner = Runner(network=network(made, "net"))
    x = np.float16([[1, 2, 3, 4], [5, 6, 7, 8]])
    assert runner.run({"x": x}, {"y": MIXED[0]})["y"].dtype == np.float16


@pytest.mark.parametrize("form", names())
def test_every_format_runs_or_says_that_it_has_no_codec(form):
    net = network(nets.convolutions(), "net")
    choices = {site.name: Choice(weights=form, activations=form) for site in net.sites}
    runner = Runner(network=net)
    if form in {"int32", "int64"}:
        with pytest.raises(SpecError, match=f"layer 'c1': format '{form}' has no codec"):
            runner.run(image(), choices)
    else:
        assert runner.run(image(), choices)["y"].dtype == np.float32


@pytest.mark.parametrize(
    ("feeds", "said"),
    [
        ({"y": np.zeros((1, 3, 8, 8))}, "net: no input 'y'; inputs: x"),
        ({}, "net: no values for input 'x'; inputs: x"),
        (
            {"x": np.zeros((1, 4, 8, 8))},
            "input 'x': is 1 x 4 x 8 x 8; the model takes ? x 3 x 8 x 8",
        ),
        ({"x": np.zeros((3, 8, 8))}, "input 'x': is 3 x 8 x 8; the model takes ? x 3 x 8 x 8"),
        ({"x": np.zeros((1, 3, 8, 8), dtype=complex)}, "input 'x': holds complex128"),
        ({"x": np.full((1, 3, 8, 8), "a")}, "input 'x': holds <U1; the model takes float32"),
    ],
)
def test_feeds_that_do_not_fit_wrong(feeds, said):
    with pytest.raises(SpecError, match=said.replace("?", r"\?")):
        Runner(network=network(nets.convolutions(), "net")).run(feeds, {})


def test_an_unknown_layer_wrong():
    runner = Runner(network=network(nets.convolutions(), "net"))
    with pytest.raises(WorkloadError, match="net: no layer 'c33' multiplies; did you mean 'c3"):
        runner.run(image(), {"c33": Choice()})
    with pytest.raises(WorkloadError, match="net: no layer 'c33' multiplies; did you mean 'c3"):
        runner.resume(runner.trace(image(), {}), {"c33": Choice()})


def test_a_node_that_cannot_be_run_wrong():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Reshape", ["a", "seven"], ["y"], name="bend"),
    ]
    constants = {"w": np.eye(4, dtype=np.float32), "seven": np.array([7, 7], dtype=np.int64)}
    made = nets.model(nodes, ("n", 4), ("p", "q"), constants)
    with pytest.raises(
        WorkloadError, match=r"net: from 'a' \(MatMul\) to 'bend' \(Reshape\): cannot"
    ):
        Runner(network=network(made, "net")).run({"x": np.ones((2, 4), dtype=np.float32)}, {})
