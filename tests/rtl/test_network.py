"""A network in whole numbers stands for its floats."""

import numpy as np
import pytest

import cosynth as cs
from cosynth.codesign.estimate import prepare
from cosynth.errors import WorkloadError
from cosynth.format import Assignment, known
from cosynth.rtl import reference
from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.grid import to_grid
from cosynth.rtl.network import quantised
from cosynth.workload import Builder
from cosynth.workload.layers.elementwise import softmax


@pytest.mark.parametrize(
    ("format", "most"), [("int8", 0.05), ("int16", 0.002), ("fp8_e4m3fn", 0.12)]
)
def test_whole_numbers_follow_the_floats(format, most):
    plan = prepare(cs.load("resnet8"), Assignment(weights=format, activations=format))
    graph = plan.graph
    constants, inputs = seeded(graph, 0), sampled(graph, 0)
    net = quantised(graph, plan.parts, constants, inputs, known(format), known(format))
    floats = run_floats(graph, constants, inputs)
    whole = {n: to_grid(inputs[n], net.units[n], known(format)) for n in net.inputs}
    found = reference.run(net, whole, 48)
    error = found["fc"] * net.units["fc"] - floats["fc"]
    assert np.sqrt((error**2).mean() / (floats["fc"] ** 2).mean()) < most


def test_seeds_are_kept():
    graph = prepare(cs.load("resnet8"), Assignment()).graph
    one, again, other = (seeded(graph, seed)["fc.weight"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def chain():
    """A product, a softmax, a product: what is between them is the host's."""
    net = Builder("chain")
    x, w, v = net.input("x", (4, 6)), net.weight("w", (5, 6)), net.weight("v", (3, 5))
    y = net.einsum(f"y[m,n] += {x}[m,k] * {w}[n,k]", shape=(4, 5))
    z = net.einsum(f"z[m,n] += {softmax(net, 's', y)}[m,k] * {v}[n,k]", shape=(4, 3))
    net.output(z)
    return prepare(net.build(), Assignment())


def test_what_the_host_computes_in_a_row_is_rounded_at_its_end_alone():
    plan, int8 = chain(), known("int8")
    constants, inputs = seeded(plan.graph, 0), sampled(plan.graph, 0)
    net = quantised(plan.graph, plan.parts, constants, inputs, int8, int8)
    first, host, last = net.operations
    assert (host.name, host.writes) == ("s.max to s", ("s",))
    assert (first.out, last.out) == ("y", "z")
    whole = {"x": to_grid(inputs["x"], net.units["x"], int8)}
    values = reference.run(net, whole, 32)
    power = np.exp(values["y"] * net.units["y"])
    exact = power / power.sum(axis=1, keepdims=True)
    assert np.abs(values["s"] * net.units["s"] - exact).max() <= net.units["s"] / 2 + 1e-12


def test_rows_that_the_format_cannot_count_wrong():
    net = Builder("words")
    ids, table = net.input("ids", (2, 3)), net.weight("table", (300, 4))
    net.output(net.einsum(f"y[b,t,d] = {table}[{ids}[b,t],d]", shape=(2, 3, 4)))
    plan, int8 = prepare(net.build(), Assignment()), known("int8")
    constants, inputs = seeded(plan.graph, 0), sampled(plan.graph, 0)
    with pytest.raises(WorkloadError, match="ids: chooses one of 300 rows; int8 counts to 127"):
        quantised(plan.graph, plan.parts, constants, inputs, int8, int8)


@pytest.mark.parametrize(("last", "bits"), [("relu", 48), ("leaky", 32)])
def test_biases_have_the_bits_of_their_records(last, bits):
    net = Builder("biased")
    x, w, b = net.input("x", (4, 6)), net.weight("w", (5, 6)), net.weight("b", (5,))
    y = net.einsum(f"y[m,n] += {x}[m,k] * {w}[n,k]", shape=(4, 5))
    z = net.einsum(f"z[m,n] = {y}[m,n] + {b}[n]", shape=(4, 5))
    text = {"relu": "relu({0})", "leaky": "where(less(0, {0}), {0}, {0} * 0.1)"}[last]
    net.output(net.einsum(f"o[m,n] = {text.format(f'{z}[m,n]')}", shape=(4, 5)))
    plan, fp8 = prepare(net.build(), Assignment()), known("fp8_e4m3fn")
    constants = seeded(plan.graph, 0) | {"b": np.array([1.0, -1.0, 1e-9, 0.0, 1e9])}
    found = quantised(plan.graph, plan.parts, constants, sampled(plan.graph, 0), fp8, fp8, 48)
    (layer,) = found.operations
    assert abs(layer.post.bias[4]) == 1 << bits - 2
    assert (abs(layer.post.bias[0]) > 1 << 30) == (last == "relu")
