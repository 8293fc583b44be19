"""What is written is standard ONNX, and holds the very bits of our codec."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from tests.compress import nets

from cosynth import hardware
from cosynth.codesign.estimate import estimate
from cosynth.compress.choices import Choice
from cosynth.compress.network import network
from cosynth.compress.run import Runner
from cosynth.compress.step import step, stepped
from cosynth.compress.write import check_writable, save, written
from cosynth.errors import SpecError
from cosynth.format import known
from cosynth.workload.load import load

MODELS = {
    "convolutions": (nets.convolutions, (2, 3, 8, 8)),
    "attention": (nets.attention, (2, 8, 32)),
}
PAIRS = [
    ("int8", "fp32"), ("int4", "int8"), ("mxfp4", "mxfp8"), ("nvfp4", "nvfp4"), ("nf4", "fp16"),
    ("mxfp6", "mxint8"), ("uint4_g128", "fp32"), ("ternary", "int4"), ("fp32", "mxint4"),
]  # fmt: skip


def drawn(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def everywhere(runner, weights, activations):
    choice = Choice(weights=weights, activations=activations)
    return {site.name: choice for site in runner.network.sites}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("weights", "activations"), PAIRS)
def test_the_file_computes_what_was_measured(name, weights, activations):
    make, shape = MODELS[name]
    runner = Runner(network=network(make(), name))
    choices, x = everywhere(runner, weights, activations), drawn(shape)
    (found,) = ReferenceEvaluator(written(runner, choices).model).run(None, {"x": x})
    right = runner.run({"x": x}, choices)["y"]
    assert np.abs(found - right).max() <= 1e-6 * np.abs(right).max()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "steps", [["clip-mse"], ["hadamard:16"], ["reorder", "clip-percentile:99"]], ids="+".join
)
def test_steps_are_written_too(name, steps):
    make, shape = MODELS[name]
    x = drawn(shape)
    plain = Runner(network=network(make(), name))
    runner = stepped(plain, [step(each, 0) for each in steps], [{"x": x}])
    for weights, activations in (("int4", "int8"), ("int4", "fp32"), ("nvint4", "nvint4")):
        choices = everywhere(runner, weights, activations)
        (found,) = ReferenceEvaluator(written(runner, choices).model).run(None, {"x": x})
        right = runner.run({"x": x}, choices)["y"]
        assert np.abs(found - right).max() <= 1e-6 * np.abs(right).max()


def test_mixed_choices_leave_other_layers_alone():
    runner = Runner(network=network(nets.convolutions(), "net"))
    made = written(runner, {"c2": Choice(weights="mxfp4")}).model
    kept = {one.name for one in made.graph.initializer}
    assert {"w1", "w3", "w4"} <= kept
    assert "w2" not in kept
    said = {each.key: each.value for each in made.metadata_props}
    assert said == {"cosynth.formats.c2": "mxfp4 x fp32"}


def test_half_precision_stays_half_precision():
    weight = drawn((64, 16)).astype(np.float16)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "half",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT16, (2, 64))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT16, (2, 16))],
        [onnx.numpy_helper.from_array(weight, "w")],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17)]
    given = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    runner = Runner(network=network(given, "half"))
    choices = {"y": Choice(weights="mxfp4", activations="int8")}
    x = drawn((2, 64)).astype(np.float16)
    (found,) = ReferenceEvaluator(written(runner, choices).model).run(None, {"x": x})
    assert found.dtype == np.float16
    right = runner.run({"x": x}, choices)["y"]
    assert np.allclose(found, right, rtol=2e-3, atol=1e-2)


def test_the_file_is_as_small_as_the_formats(tmp_path):
    weight = drawn((512, 512))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    runner = Runner(network=network(nets.model(nodes, (1, 512), (1, 512), {"w": weight}), "net"))
    for name in ("mxfp4", "int4_g128", "nvfp4", "mxint8", "uint2", "mxfp6"):
        made = written(runner, {"y": Choice(weights=name)})
        size = save(made.model, tmp_path / "net.onnx")
        assert size == (tmp_path / "net.onnx").stat().st_size
        bits = {"mxfp6": 8.25}.get(name, known(name).bits)  # onnx keeps a byte for six bits
        assert size <= weight.size * bits / 8 + 4000


def test_our_reader_knows_the_formats_again(tmp_path):
    """Bits of blocks and scales come back, and the estimate is that of the assignment."""
    weight = drawn((256, 64))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    runner = Runner(network=network(nets.model(nodes, (4, 256), (4, 64), {"w": weight}), "net"))
    path = tmp_path / "net.onnx"
    for name in (
        "mxfp4",
        "mxfp8",
        "mxint8",
        "mxint4",
        "nvfp4",
        "int4_g128",
        "int8_g128",
        "uint4_g128",
    ):
        save(written(runner, {"y": Choice(weights=name)}).model, path)
        model = load(str(path))
        (tensor,) = [t for t in model.tensors if t.role == "weight" and t.size == weight.size
                     and not t.view_of and t.format != "float"][:1]  # fmt: skip
        assert known(tensor.format) == known(name)
    save(written(runner, {"y": Choice(weights="int8", activations="int8")}).model, path)
    found = estimate(load(str(path)), hardware.load("gemmini"))
    assert found.model.operations == 4 * 256 * 64


def test_other_blocks_come_back_as_options(tmp_path):
    weight = drawn((128, 64))
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    runner = Runner(network=network(nets.model(nodes, (4, 128), (4, 64), {"w": weight}), "net"))
    save(written(runner, {"y": Choice(weights="mxfp4-g16")}).model, tmp_path / "net.onnx")
    formats = {t.format for t in load(str(tmp_path / "net.onnx")).tensors}
    assert "mxfp4-g16" in formats


def test_large_constants_go_beside_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("cosynth.compress.write._MOST_INSIDE", 1000)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    given = nets.model(nodes, (1, 64), (1, 64), {"w": drawn((64, 64))})
    runner = Runner(network=network(given, "net"))
    choices = everywhere(runner, "int8", "fp32")
    path, beside = tmp_path / "net.onnx", tmp_path / "net.onnx.data"
    size = save(written(runner, choices).model, path)
    assert size == path.stat().st_size + beside.stat().st_size
    assert beside.stat().st_size >= 64 * 64
    x = drawn((1, 64))
    (found,) = ReferenceEvaluator(onnx.load(path)).run(None, {"x": x})
    assert np.allclose(found, runner.run({"x": x}, choices)["y"], atol=1e-5)


def test_what_onnx_cannot_spell_wrong():
    runner = Runner(network=network(nets.convolutions(), "net"))
    for choice, said in (
        (Choice(weights="olive4"), "net: layer 'c1': format 'olive4': ONNX has no spelling"),
        (Choice(activations="nf4"), "layer 'c1': activations in 'nf4': it is looked up"),
        (
            Choice(activations="mxfp4-even"),
            "layer 'c1': activations in 'mxfp4-even': it has the rule",
        ),
        (Choice(activations="uint4_g128"), "it has zero points"),
    ):
        with pytest.raises(SpecError, match=said):
            written(runner, {"c1": choice})


def test_what_cannot_be_written_is_found_before_anything_is_encoded():
    given = network(nets.attention(), "net")
    fine = [Choice(weights=w, activations=a) for w, a in PAIRS]
    check_writable(given, fine)
    for choice in (Choice(weights="olive4"), Choice(activations="mxfp4-even")):
        with pytest.raises(SpecError, match="net: layer 'q': "):
            check_writable(given, [*fine, choice])


def test_an_old_model_is_brought_to_the_version_that_its_formats_need():
    old = nets.convolutions()
    old.opset_import[0].version = 11
    old.ir_version = 6
    runner = Runner(network=network(old, "net"))
    made = written(runner, everywhere(runner, "mxfp4", "fp32")).model
    assert made.opset_import[0].version == 24
    x = drawn((2, 3, 8, 8))
    right = runner.run({"x": x}, everywhere(runner, "mxfp4", "fp32"))["y"]
    (found,) = ReferenceEvaluator(made).run(None, {"x": x})
    assert np.allclose(found, right, atol=1e-5)
