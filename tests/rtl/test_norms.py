"""Normalisation in parts: the same function, every bit on the circuit, the error of 8 bits."""

import random

import numpy as np
import pytest
from tests.rtl.layers import small

from cosynth.codesign import circuit
from cosynth.codesign.estimate import prepare
from cosynth.format import assignment, known
from cosynth.rtl import Host, reference
from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.grid import to_grid
from cosynth.rtl.lowered import lowered
from cosynth.rtl.network import quantised
from cosynth.rtl.norms import norms, without_norms
from cosynth.workload import Builder
from cosynth.workload.layers import elementwise as parts
from cosynth.workload.layers.normalisation import NORMS
from cosynth.workload.layers.scope import Scope


def rows(kind, tokens, width):
    """A norm as models that are built in have it."""
    net = Builder("rows")
    scope = Scope(net=net, batch=1, tokens=tokens, reach=tokens)
    net.output(NORMS[kind](scope, "norm", net.input("x", (tokens, width))))
    return net.build()


def filed(shape, axes, *, centred, scaled):
    """A norm as readers of files write it, the mean subtracted before."""
    net, share = Builder("filed"), 0.125
    x = net.input("x", shape)
    if centred:
        total = parts.reduce(net, "total", x, axes)
        x = parts.elementwise(net, "centred", f"{{0}} - {{1}} * {share}", x, total)
    energy = parts.reduce(net, "energy", x, axes, formula="square({0})")
    y = parts.elementwise(net, "normal", f"{{0}} * rsqrt({{1}} * {share} + 1e-05)", x, energy)
    if scaled:
        scale, shift = net.weight("scale", shape[-1:]), net.weight("shift", shape[-1:])
        y = parts.elementwise(net, "out", "{0} * {1} + {2}", y, scale, shift)
    net.output(y)
    return net.build()


def same(model, seed):
    """The parts compute what the model does, and are products and what follows them alone."""
    found, ones = without_norms(model)
    assert len(norms(model)) == 1
    weights, inputs = seeded(model, seed), sampled(model, seed)
    name = model.einsums[-1].output.tensor
    before = run_floats(model, weights, inputs)[name]
    np.testing.assert_allclose(run_floats(found, weights | ones, inputs)[name], before)
    assert all(len(one.inputs) < 2 or one.reduction or "-" in str(one) or "+" in str(one)
               for one in found.einsums)  # fmt: skip


@pytest.mark.parametrize("kind", NORMS)
def test_the_parts_are_the_norm(kind):
    same(rows(kind, 3, 8), 1)


@pytest.mark.parametrize("seed", range(8))
def test_norms_of_files_are_found(seed):
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    shape = tuple(rng.randint(2, 5) for _ in range(rng.randint(2, 4)))
    axes = set(range(rng.randint(0, len(shape) - 1), len(shape)))
    same(filed(shape, axes, centred=rng.random() < 0.5, scaled=rng.random() < 0.5), seed)


def hand(energy="square(x[m,d])", made="x[m,d] * rsqrt(e[m] / 4 + 1)", more=""):
    """A norm written by hand, perhaps a little wrong."""
    net = Builder("hand")
    net.input("x", (4, 4))
    net.input("z", (4, 4))
    net.einsum(f"e[m] += {energy}", shape=(4,))
    net.output(net.einsum(f"y[m,d] = {made}", shape=(4, 4)))
    if more:
        net.output(net.einsum(more, shape=(4,)))
    return net.build()


@pytest.mark.parametrize(
    "change",
    [
        {"energy": "square(z[m,d])"},
        {"energy": "square(x[d,m])"},
        {"energy": "abs(x[m,d])"},
        {"made": "x[m,d] * rsqrt(e[d] / 4 + 1)"},
        {"made": "x[m,d] * sqrt(e[m] / 4 + 1)"},
        {"made": "x[m,d] * z[m,d] * rsqrt(e[m] / 4 + 1)"},
        {"made": "(x[m,d] - z[m,d]) * rsqrt(e[m] / 4 + 1)"},
        {"more": "o[m] = e[m] * 2"},
    ],
)
def test_what_only_looks_like_one_is_left(change):
    assert len(norms(hand())) == 1
    model = hand(**change)
    assert norms(model) == ()
    assert without_norms(model) == (model, {})


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("format", ["int8", "fp8_e4m3fn"])
@pytest.mark.parametrize("kind", NORMS)
def test_every_part_runs_on_the_array(flow, format, kind):
    sums = {"accumulator": "exact"} if format.startswith("fp") else {}
    hardware = small(flow, buffer=8192, **sums)
    made = circuit.generate(rows(kind, 5, 12), hardware, assignment(format))
    run = made.simulate()
    assert not any(isinstance(one, Host) for one in made.program.order)
    assert run.bits > 0
    assert run.wrong == 0


@pytest.mark.parametrize(("format", "least"), [("int8", 33), ("fp8_e4m3fn", 24)])
@pytest.mark.parametrize("width", [16, 256])
@pytest.mark.parametrize("kind", NORMS)
def test_the_error_beside_floats_is_bounded(kind, format, least, width):
    """Signal over error of what the chip is given, dB; deviations of rows differ by up to 2."""
    rng = np.random.default_rng(width)
    x = rng.normal(0.5, 1.0, (128, width)) * rng.uniform(0.5, 1.0, (128, 1))
    low, elements = lowered(rows(kind, 128, width)), known(format)
    plan = prepare(low.graph, assignment(format))
    constants = low.shares | {
        name: rng.uniform(0.5, 1.5, (width,)) for name in ("norm.scale", "norm.shift")
    }
    network = quantised(plan.graph, plan.parts, constants, {"x": x}, elements, elements)
    given = to_grid(x, network.units["x"], elements)
    found = reference.run(network, {"x": given}, 60)["norm"] * network.units["norm"]
    model = rows(kind, 128, width)
    right = run_floats(model, constants, {"x": given * network.units["x"]})["norm"]
    ratio = 10 * np.log10((right**2).sum() / ((found - right) ** 2).sum())
    print("dB", ratio)  # noqa: T201
    assert ratio > least
