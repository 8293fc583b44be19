"""Softmax in parts: the same function, every bit on the circuit, and how far off 8 bits are."""

import random

import numpy as np
import pytest
from tests.rtl.layers import small

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.codesign.estimate import prepare
from cosynth.format import assignment, known
from cosynth.rtl import Host, reference
from cosynth.rtl.floats import run_floats, sampled
from cosynth.rtl.grid import to_grid
from cosynth.rtl.lowered import lowered
from cosynth.rtl.network import quantised
from cosynth.rtl.softmax import REACH, softmaxes, without_softmax
from cosynth.workload import Builder
from cosynth.workload.layers.elementwise import elementwise, softmax


def rows(shape, axis=-1):
    """A softmax of its input, and what reads it and leaves it as it is."""
    net = Builder("rows")
    y = softmax(net, "y", net.input("x", shape), axis)
    net.output(elementwise(net, "z", "max({0}, 0)", y))
    return net.build()


def exact(x, axis=-1):
    """Softmax in float64."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("seed", range(6))
def test_the_parts_are_a_softmax(seed):
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    shape = tuple(rng.randint(2, 6) for _ in range(rng.randint(1, 4)))
    axis = rng.randrange(len(shape))
    model = rows(shape, axis)
    found, ones = without_softmax(model)
    assert len(softmaxes(model)) == 1
    assert not softmaxes(found)
    inputs = sampled(model, seed)
    assert np.ptp(inputs["x"]) < REACH
    made = run_floats(found, ones, inputs)["z"]
    np.testing.assert_allclose(made, exact(inputs["x"], axis))


def test_what_is_far_below_the_greatest_ends_at_the_reach():
    found, ones = without_softmax(rows((1, 2)))
    made = run_floats(found, ones, {"x": np.array([[0.0, -50.0]])})["z"]
    np.testing.assert_allclose(made, exact(np.array([[0.0, -REACH]])))


def attention(text="{e}[m,p] / {d}[m]", powers="exp(s[m,p] - {t}[m])", more=""):
    """A softmax written by hand, perhaps a little wrong."""
    net = Builder("hand")
    net.input("s", (4, 4))
    net.einsum("t[m] = max(p) s[m,p]", shape=(4,))
    net.einsum("e[m,p] = " + powers.format(t="t"), shape=(4, 4))
    net.einsum("d[m] += e[m,p]", shape=(4,))
    net.einsum("a[m,p] = " + text.format(e="e", d="d"), shape=(4, 4))
    net.output(net.einsum("z[m,p] = relu(a[m,p])", shape=(4, 4)))
    if more:
        net.output(net.einsum(more, shape=(4,)))
    return net.build()


@pytest.mark.parametrize(
    "change",
    [
        {"text": "{e}[m,p] / {d}[p]"},
        {"text": "{d}[m] / {e}[m,p]"},
        {"text": "{e}[p,m] / {d}[m]"},
        {"powers": "exp(s[m,p] - {t}[p])"},
        {"powers": "exp(s[p,m] - {t}[m])"},
        {"powers": "exp(s[m,p] + {t}[m])"},
        {"more": "o[m] = d[m] * 2"},
        {"more": "o[m] = t[m] * 2"},
    ],
)
def test_what_only_looks_like_one_is_left(change):
    assert len(softmaxes(attention())) == 1
    model = attention(**change)
    assert softmaxes(model) == ()
    assert without_softmax(model) == (model, {})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("z[m,p] = s[m,p] * 0.5", 1),
        ("z[m,p] = tanh(s[m,p] + b[p])", 1),
        ("z[m,p] = s[m,p] + mask[p]", 0),
        ("z[m,p] = s[m,p] + fixed[m,p]", 0),
        ("z[m,p] = where(less(0, b[p]), s[m,p], -1e9)", 0),
    ],
)
def test_scores_with_a_mask_stay_floats(text, count):
    net = Builder("masked")
    x, w = net.input("x", (4, 3)), net.weight("w", (5, 3))
    net.input("mask", (5,))
    net.weight("b", (5,))
    net.weight("fixed", (4, 5))
    net.einsum(f"s[m,p] += {x}[m,k] * {w}[p,k]", shape=(4, 5))
    y = softmax(net, "y", net.einsum(text, shape=(4, 5)))
    net.output(elementwise(net, "last", "relu({0})", y))
    assert len(softmaxes(net.build())) == count


def on_chip(flow, format, shape, seed, axis=-1):
    """The circuit of a softmax."""
    sums = {"accumulator": "exact"} if format.startswith("fp") else {}
    model = rows(shape, axis)
    return circuit.generate(model, small(flow, buffer=8192, **sums), assignment(format), seed=seed)


@pytest.mark.parametrize(
    "flow",
    ["weight", *(pytest.param(one, marks=pytest.mark.slow) for one in ("input", "output"))],
)
def test_every_part_runs_on_the_array(flow):
    made = on_chip(flow, "int8", (3, 5, 7), 0)
    run = made.simulate()
    assert not any(isinstance(one, Host) for one in made.program.order)
    # powers and shares, and of each row its greatest and the inverse of its sum
    assert (run.bits, run.wrong) == ((2 * 3 * 5 * 7 + 2 * 3 * 5) * 8, 0)


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "int4", "fp8_e4m3fn", "fp6_e2m3"])
def test_drawn_shapes_are_right(flow, format):
    rng = random.Random(5)
    for seed in range(3):
        shape = tuple(rng.randint(2, 9) for _ in range(rng.randint(2, 4)))
        axis = rng.randrange(len(shape))
        print("seed", seed, shape, axis)  # noqa: T201
        made = on_chip(flow, format, shape, seed, axis)
        run = made.simulate(seed=seed)
        assert not any(isinstance(one, Host) for one in made.program.order)
        assert run.bits > 0
        assert run.wrong == 0


def decibels(found, right):
    """Signal over error."""
    return 10 * np.log10((right**2).sum() / ((found - right) ** 2).sum())


@pytest.mark.parametrize(("format", "least"), [("int8", 28), ("fp8_e4m3fn", 23)])
@pytest.mark.parametrize("size", [10, 32, 197, 1000])
@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0, 4.0])
def test_the_error_beside_floats_is_bounded(format, least, size, spread):
    """Of 256 drawn rows, beside floats of the scores that the chip is given.

    Shares of long rows are small beside the greatest; no shares with one scale would be far better.
    """
    x = np.random.default_rng(size).normal(0.0, spread, (256, size))
    low, elements = lowered(rows((256, size))), known(format)
    plan = prepare(low.graph, assignment(format))
    network = quantised(plan.graph, plan.parts, low.shares, {"x": x}, elements, elements)
    given, unit = to_grid(x, network.units["x"], elements), network.units["z"]
    found = reference.run(network, {"x": given}, 48)["z"] * unit
    right = exact(given * network.units["x"])
    ratio, best = decibels(found, right), decibels(to_grid(right, unit, elements) * unit, right)
    print(format, size, spread, f"{ratio:.1f} of {best:.1f} dB")  # noqa: T201
    assert ratio > best - 9
    assert size > 32 or ratio > least


def test_formats_with_scales_of_blocks_leave_it_to_the_host():
    made = circuit.generate(rows((4, 32)), small("weight"), assignment("mxint8"))
    (host,) = made.program.order
    assert isinstance(host, Host)
    assert [one.operator for one in host.einsums] == ["Softmax"] * 4 + [""]


def test_a_softmax_at_the_end_of_a_network_is_left_to_the_host():
    model = cs.load("ds-cnn")
    assert any(one.operator == "Softmax" for one in model.einsums)
    assert softmaxes(model) == ()
