"""A file with its weights is computed as the file says, or refused."""

import numpy as np
import onnx
import pytest
from bench import nets
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import cosynth as cs
from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.codesign.stored import stored
from cosynth.errors import WorkloadError
from cosynth.hardware.families.engine import engine

DRAW = np.random.default_rng(5)


def image_net(path, *nodes_more):
    """Convolutions with normalisation, one depthwise, a residual, a mean, and a dense layer."""
    constants, nodes = {}, []

    def add(kind, inputs, out, **flags):
        nodes.append(helper.make_node(kind, inputs, [out], name=out, **flags))
        return out

    def normal(name, channels, x):
        for part in ("scale", "shift", "mean"):
            constants[f"{name}.{part}"] = DRAW.normal(0.5, 0.3, channels)
        constants[f"{name}.variance"] = DRAW.uniform(0.3, 2, channels)
        inputs = [x, *(f"{name}.{part}" for part in ("scale", "shift", "mean", "variance"))]
        return add("BatchNormalization", inputs, f"{name}.normal")

    def convolution(name, x, wide, narrow, groups=1, bias=False):
        constants[f"{name}.weight"] = DRAW.normal(0, 0.3, (wide, narrow // groups, 3, 3))
        inputs = [x, f"{name}.weight"]
        if bias:
            constants[f"{name}.bias"] = DRAW.normal(0, 0.3, wide)
            inputs.append(f"{name}.bias")
        return add("Conv", inputs, name, pads=[1, 1, 1, 1], group=groups)

    x = add("Relu", [normal("n1", 6, convolution("c1", "x", 6, 3, bias=True))], "r1")
    y = add("Relu", [normal("n2", 6, convolution("c2", x, 6, 6, groups=6))], "r2")
    x = add("Relu", [add("Add", [normal("n3", 6, convolution("c3", y, 6, 6)), x], "sum")], "r3")
    x = add("Flatten", [add("GlobalAveragePool", [x], "mean")], "flat")
    constants["fc.weight"] = DRAW.normal(0, 0.4, (4, 6))
    constants["fc.bias"] = DRAW.normal(0, 0.4, 4)
    add("Gemm", [x, "fc.weight", "fc.bias"], "y", transB=1)
    nodes += nodes_more
    values = {name: np.asarray(v, dtype=np.float32) for name, v in constants.items()}
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )  # fmt: skip
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path
    )
    return path


def test_a_circuit_with_the_weights_of_a_file_follows_the_file(tmp_path):
    path = image_net(tmp_path / "net.onnx")
    given = stored(path, {"n": 1})
    assert given.witness.startswith("onnx")
    chip = engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    made = circuit.generate(given.model, chip, name=str(path), weights=given.weights, dims={"n": 1})
    assert made.origin == "file"
    inputs = made.inputs()
    run = made.simulate(inputs)
    assert run.wrong == 0
    assert len(run.layers) == len(made.program.order) == 5
    feeds = {"x": inputs["x"].astype(np.float32)}
    (theirs,) = ReferenceEvaluator(onnx.load(path)).run(["y"], feeds)
    ours = made.reference(inputs)["y"] * made.network.units["y"]
    assert np.abs(ours - theirs).max() < 0.05 * np.abs(theirs).max()
    drawn = circuit.generate(given.model, chip, name=str(path))
    assert not np.array_equal(drawn.program.image, made.program.image)
    circuit.write(made, tmp_path / "chip")
    back = circuit.read(tmp_path / "chip", cs.load)
    np.testing.assert_array_equal(back.program.image, made.program.image)


def test_a_file_that_is_read_for_its_cost_alone_wrong(tmp_path):
    shuffled = helper.make_node("DepthToSpace", ["deep"], ["wide"], blocksize=2)
    made = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["deep"]), shuffled,
         helper.make_node("Relu", ["wide"], ["y"])],
        "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(DRAW.normal(size=(8, 3, 1, 1)).astype(np.float32), "w")],
    )  # fmt: skip
    path = tmp_path / "net.onnx"
    onnx.save(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path
    )
    with pytest.raises(WorkloadError, match=r"'wide' is not what onnx.* computes .* --drawn"):
        stored(path)


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
def test_a_transformer_with_its_weights_runs_all_its_products_on_the_array(flow, tmp_path):
    path = tmp_path / "transformer.onnx"
    onnx.save(nets.transformer(64, length=16, width=32, heads=4, layers=1), path)
    given = stored(path, {"n": 1})
    chip = engine(rows=4, columns=4, buffer=32 * 1024, registers=16, stationarity=flow)
    made = circuit.generate(given.model, chip, weights=given.weights)
    hosts = [one for one in made.program.order if isinstance(one, rtl.Host)]
    assert not any(einsum.contraction for one in hosts for einsum in one.einsums)
    inputs = made.inputs()
    run = made.simulate(inputs)
    assert (len(run.layers), run.wrong) == (9, 0)
    exact = rtl.run_floats(made.network.graph, made.network.constants, inputs)["scores"]
    off = made.reference(inputs)["scores"] * made.network.units["scores"] - exact
    assert np.sqrt((off**2).mean() / (exact**2).mean()) < 0.06
