"""A network in whole numbers stands for its floats."""

import numpy as np
import pytest

import cosynth as cs
from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment, decode, encode, known
from cosynth.rtl import reference
from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.network import quantised, to_grid
from cosynth.rtl.operands import operand


@pytest.mark.parametrize("name", ["int8", "int4", "fp8_e4m3fn", "fp6_e2m3", "fp4_e2m1"])
def test_the_grid_is_the_codecs(name):
    format = known(name)
    rng = np.random.default_rng(0)
    largest = min(format.element.largest, -format.element.lowest)
    values = np.float32(rng.normal(0, largest / 3, 5000).clip(-largest, largest))
    step = 2.0 ** operand(format).step
    found = to_grid(values.astype(np.float64), step, format) * step
    np.testing.assert_array_equal(found, np.asarray(decode(encode(values, format))))


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
