"""Functions behind sums, by table or by the sign of the sum: every bit of drawn layers."""

import random

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from tests.rtl.layers import case, convolution, drawn, gemm, layer_of, network_of, small

from cosynth.format import known
from cosynth.rtl.words import whole_of
from cosynth.workload import Builder
from cosynth.workload.layers.elementwise import activation

FUNCTIONS = ("gelu({0})", "{0} * sigmoid({0} * 1.702)", "hardswish({0})", "exp({0} - 1)",
             "{0} / (1 + abs({0}))")  # fmt: skip
LEAKY = "where(less(0, {0}), {0}, {0} * 0.1)"


def measured(seed, flow, format, functions=FUNCTIONS, tries=50):
    """A run of a layer with a function, its sizes, mapping and function drawn."""
    rng = random.Random(seed)
    sums = {"accumulator": "exact"} if format.startswith("fp") else {}
    hardware = small(flow, buffer=8192, **sums)
    for _ in range(tries):
        make, last = rng.choice((convolution, gemm)), rng.choice(functions)
        network = network_of(make(rng, residual=rng.random() < 0.5, last=last), format, seed)
        layer = layer_of(network)
        assert layer.post.table or layer.post.negative
        made = case(network, hardware, drawn(rng, layer.einsum, network.graph, hardware))
        if not made.refused:
            return made.measured(seed)
    raise AssertionError("no mapping fits")


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "int4", "fp8_e4m3fn"])
def test_layers_with_functions_are_right(flow, format):
    for seed in range(2):
        print("seed", seed)  # noqa: T201
        run = measured(seed, flow, format)
        assert run.bits > 0
        assert run.wrong == 0


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "fp8_e4m3fn"])
def test_leaky_layers_are_right(flow, format):
    for seed in range(3):
        print("seed", seed)  # noqa: T201
        run = measured(seed, flow, format, [LEAKY])
        assert run.bits > 0
        assert run.wrong == 0


@pytest.mark.parametrize("operator", ["Sigmoid", "Tanh", "HardSwish", "Gelu", "Softplus", "Elu"])
def test_tables_are_the_quantised_onnx(operator):
    """ONNX rounds in float32, so that an entry next to a tie may differ by one."""
    net = Builder("net")
    x, w = net.input("x", (3, 8)), net.weight("w", (5, 8))
    y = net.einsum(f"y[n,c] += {x}[n,k] * {w}[c,k]", shape=(3, 5))
    net.output(activation(net, "z", y, operator))
    network = network_of(net.build(), "int8", 4)
    post = layer_of(network).post
    codes = np.arange(-127, 128)
    make = helper.make_node
    nodes = [
        make("DequantizeLinear", ["codes", "inner", "zero"], ["x"]),
        make(operator, ["x"], ["y"]),
        make("QuantizeLinear", ["y", "outer", "zero"], ["out"]),
    ]
    constants = {"zero": np.int8(0), "inner": np.float32(network.units["y"]),
                 "outer": np.float32(network.units["z"])}  # fmt: skip
    graph = helper.make_graph(
        nodes, "table", [helper.make_tensor_value_info("codes", TensorProto.INT8, [255])],
        [helper.make_tensor_value_info("out", TensorProto.INT8, [255])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    (found,) = ReferenceEvaluator(model).run(None, {"codes": codes.astype(np.int8)})
    entries = whole_of(np.array(post.table, np.uint64)[codes & 255], known("int8"))
    off = np.abs(np.maximum(found.astype(np.int64), -127) - entries)
    assert off.max() <= 1
    assert (off > 0).sum() <= 2


def test_formats_of_many_bits_leave_functions_to_the_host():
    network = network_of(gemm(random.Random(0), last="gelu({0})"), "int16", 0)
    layer, host = network.operations
    assert layer.out == "z"
    assert (
        host.reason
        == "o: gelu(z[m,n]); tables of functions have one scale and codes of up to 8 bits"
    )
