"""A network from an ONNX file that runs whole on the chip: nothing is left to the host."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from tests.rtl.layers import small

from cosynth.codesign import circuit
from cosynth.codesign.stored import stored
from cosynth.format import assignment
from cosynth.rtl import Host, run_floats
from cosynth.workload.readers import onnx as reader


def write_network(path, seed):
    """Two convolutions, the first leaky, maxima, GELU in its parts, swish, a product."""
    rng = np.random.default_rng(seed)

    def drawn(*shape):
        return rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)

    constants = {
        "w1": drawn(6, 2, 3, 3), "b1": drawn(6), "slope": np.float32([[[0.1]]] * 6),
        "w2": drawn(8, 6, 3, 3), "b2": drawn(8), "root": np.float32(2**0.5),
        "one": np.float32(1), "half": np.float32([0.5]), "w3": drawn(5, 8),
    }  # fmt: skip
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    make = helper.make_node
    nodes = [
        make("Conv", ["x", "w1", "b1"], ["c1"], **same),
        make("PRelu", ["c1", "slope"], ["r1"]),
        make("MaxPool", ["r1"], ["p1"], strides=[2, 2], **same),
        make("Conv", ["p1", "w2", "b2"], ["c2"], **same),
        make("Div", ["c2", "root"], ["d"]),
        make("Erf", ["d"], ["e"]),
        make("Add", ["e", "one"], ["a"]),
        make("Mul", ["c2", "a"], ["m"]),
        make("Mul", ["m", "half"], ["g"]),
        make("GlobalMaxPool", ["g"], ["top"]),
        make("Flatten", ["top"], ["flat"]),
        make("Gemm", ["flat", "w3"], ["fc"], transB=1),
        make("Sigmoid", ["fc"], ["s"]),
        make("Mul", ["fc", "s"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 2, 9, 9))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 5))],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def check(flow, path, format="int8"):
    """All of it on the chip, every bit right, and near what the floats give."""
    write_network(path, 0)
    given = stored(path)
    sums = {"accumulator": "exact"} if format.startswith("fp") else {}
    made = circuit.generate(
        given.model, small(flow, **sums), assignment(format), weights=given.weights
    )
    assert [one for one in made.program.order if isinstance(one, Host)] == []
    run = made.simulate()
    assert run.wrong == 0
    assert len(run.layers) == 5
    assert run.cycles == pytest.approx(sum(made.predicted.values()), rel=0.2)
    exact = run_floats(reader.exact(path), given.weights, made.inputs())["y"]
    found = made.reference()["y"] * made.network.units["y"]
    most = 0.1 if format == "int8" else 0.3
    assert np.abs(found - exact).max() < most * np.abs(exact).max()


def test_a_network_runs_whole(tmp_path):
    check("weight", tmp_path / "net.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["input", "output"])
@pytest.mark.parametrize("format", ["int8", "fp8_e4m3fn"])
def test_a_network_runs_whole_in_each_flow_and_format(tmp_path, flow, format):
    check(flow, tmp_path / "net.onnx", format)
