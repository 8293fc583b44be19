"""Blocks with scales of their own: numbers are the codec's, and the circuit adds them rightly."""

import random
from dataclasses import replace

import numpy as np
import pytest
from tests.rtl.kinds import layer as any_layer
from tests.rtl.layers import case, convolution, drawn, gemm, layer_of, small

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment, assignment, decode, encode, known
from cosynth.rtl import Host, reference
from cosynth.rtl.blocked import MOST_SHIFT, Bounds, block_peaks, exponents, scaled, within_blocks
from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.grid import to_grid
from cosynth.rtl.network import Layer, quantised
from cosynth.workload import Builder

FORMATS = ("mxint8", "mxfp8", "mxfp6", "mxfp4", "mxint6", "mxint4")
FLOWS = ("weight", "input", "output")


def uneven(values, rng, most=9):
    """Values whose channels differ by powers of two, along every dimension."""
    found = values.copy()
    for dim, size in enumerate(values.shape):
        shape = [1] * values.ndim
        shape[dim] = size
        found *= 2.0 ** rng.integers(-most, most, size).reshape(shape)
    return found


def network_of(model, format, seed, accumulator=64):
    """A network whose weights and inputs have channels of very different size."""
    plan = prepare(model, Assignment(weights=format, activations=format))
    rng = np.random.default_rng(seed)
    constants = {name: uneven(value, rng) for name, value in seeded(plan.graph, seed).items()}
    inputs = {name: uneven(value, rng) for name, value in sampled(plan.graph, seed).items()}
    made = quantised(
        plan.graph, plan.parts, constants, inputs, known(format), known(format), accumulator
    )
    return made, constants, inputs


def bounds(channels, most=127, accumulator=64):
    return Bounds(
        most=most, accumulator=accumulator, bias=np.zeros(channels), out=np.ones(channels)
    )


@pytest.mark.parametrize("name", FORMATS)
def test_weights_are_the_codecs_where_none_is_clipped(name):
    format, rng = known(name), np.random.default_rng(1)
    values = np.float32(rng.normal(size=(6, 80)) * 2.0 ** rng.integers(-2, 3, (6, 80)))
    found = scaled(values.astype(float), (0, 1), np.ones((1, 1)), format, bounds(6))
    wanted = np.asarray(decode(encode(values, format, axis=1)))
    np.testing.assert_array_equal(found.whole * found.unit[:, None], wanted)
    assert found.shifts.max() > 0


def test_units_of_data_go_into_the_shifts_of_weights():
    format, rng = known("mxint8-g8"), np.random.default_rng(2)
    values = rng.normal(size=(5, 24))
    data = np.exp2(np.repeat([3, -2, 1], 8)).reshape(1, -1)
    found = scaled(values, (0, 1), data, format, bounds(5))
    wanted = np.asarray(decode(encode(np.float32(values), format, axis=1)))
    np.testing.assert_array_equal(found.whole * found.unit[:, None], wanted * data)


@pytest.mark.parametrize("bits", [24, 32, 48])
def test_no_sum_leaves_the_accumulator(bits):
    rng = np.random.default_rng(bits)
    values = uneven(rng.normal(size=(7, 200, 3)), rng, 12)
    peak = np.abs(values).max(axis=(1, 2), keepdims=True)
    out = np.exp2(np.floor(np.log2(peak.reshape(-1))))
    found = scaled(
        values, (0, 1), np.ones((1, 1)), known("mxint8"), replace(bounds(7, 127, bits), out=out)
    )
    reach = np.abs(found.whole).sum(axis=(1, 2)) * 127
    assert (reach < 2 ** (bits - 1)).all()
    assert found.shifts.min() == 0
    assert found.shifts.max() <= MOST_SHIFT
    close = found.whole * found.unit[:, None, None]
    # the largest of each channel is there to half a step, whatever became of the others
    at = np.abs(values) == peak
    assert (np.abs(close - values)[at] <= peak[at.any(axis=(1, 2))].reshape(-1) / 64).all()


def test_a_block_is_channels_at_all_places_of_a_kernel():
    size = np.array([[1.0, 5.0, 2.0, 7.0, 3.0]])
    np.testing.assert_array_equal(block_peaks(size, 2), [[5.0, 5.0, 7.0, 7.0, 3.0]])
    np.testing.assert_array_equal(
        exponents(np.array([1.0, 1.99, 2.0, 0.0]), known("mxint8")), [-6, -6, -5, -133]
    )


def test_what_crosses_a_block_is_seen():
    assert within_blocks([0, 16], 16, 32)
    assert not within_blocks([0, 24], 24, 32)
    assert not within_blocks([8], 32, 32)


@pytest.mark.parametrize(("name", "most"), [("mxint8", 0.05), ("mxfp8", 0.12), ("mxint8-g4", 0.05)])
def test_whole_numbers_follow_the_floats(name, most):
    plan = prepare(cs.load("ds-cnn"), Assignment(weights=name, activations=name))
    graph = plan.graph
    constants, inputs = seeded(graph, 0), sampled(graph, 0)
    net = quantised(graph, plan.parts, constants, inputs, known(name), known(name))
    floats = run_floats(graph, constants, inputs)
    whole = {n: to_grid(inputs[n], net.units[n], known(name)) for n in net.inputs}
    found = reference.run(net, whole, 48)
    assert any(one.blocks for one in net.operations if isinstance(one, Layer))
    assert any(unit.size > 1 for unit in net.units.values())
    out = net.operations[-1]
    last = out.out if isinstance(out, Layer) else out.writes[-1]
    error = found[last] * net.units[last] - floats[last]
    assert np.sqrt((error**2).mean() / (floats[last] ** 2).mean()) < most


def one_layer(flow, name, seed):
    """A random layer under a random mapping that runs, on a chip of 4 x 4 units."""
    rng = random.Random(seed)
    hardware = small(flow, accumulator="int48")
    refused = []
    while True:
        model = rng.choice((convolution, gemm))(rng, residual=rng.random() < 0.5)
        net, _, _ = network_of(model, name, seed, 48)
        layer = layer_of(net)
        found = case(net, hardware, drawn(rng, layer.einsum, net.graph, hardware))
        if found.refused:
            refused.append(found.refused)
        elif layer.blocks:
            return found, refused


@pytest.mark.parametrize("flow", FLOWS)
def test_random_layers_are_right_under_random_mappings(flow):
    across = 0
    for seed in range(6):
        found, refused = one_layer(flow, "mxint8-g4", seed)
        across += sum("across blocks" in reason for reason in refused)
        run = found.measured(seed)
        assert run.bits, (flow, seed)
        assert run.wrong == 0, (flow, seed, found.mapping)
    assert (across > 0) == (flow != "output")


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_right_on_every_flow(flow, name):
    for seed in range(6):
        found, _ = one_layer(flow, f"{name}-g4", seed)
        assert found.measured(seed).wrong == 0, (flow, name, seed, found.mapping)


@pytest.mark.slow
@pytest.mark.parametrize("flow", FLOWS)
def test_layers_of_every_kind_are_right_under_the_mappings_that_are_found(flow):
    rng = random.Random(5)
    for number in range(8):
        model = any_layer(rng, 100_000)
        made = circuit.generate(model, small(flow, rows=6), assignment("mxint8-g8"), seed=number)
        hosts = [one.reason for one in made.program.order if isinstance(one, Host)]
        assert all("both factors are computed" in h or "slices" in h for h in hosts), hosts
        assert made.simulate(seed=number).wrong == 0, (number, model.einsums)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "flow"), list(zip(FORMATS, FLOWS * 2, strict=True)))
def test_whole_networks_are_right(name, flow):
    for model in ("deep-autoencoder", "ds-cnn"):
        made = circuit.generate(
            cs.load(model), small(flow, rows=8, columns=6, buffer=65536, accumulator="int48"),
            assignment(name), seed=1,
        )  # fmt: skip
        assert any(one.blocks for one in made.network.operations if isinstance(one, Layer))
        run = made.simulate(seed=1)
        assert run.wrong == 0
        assert run.bits > 0


def test_weights_with_shifts_are_constants_wrong():
    net = Builder("scores")
    q, k = net.input("q", (4, 8)), net.input("k", (5, 8))
    net.output(net.einsum(f"s[m,n] += {q}[m,e] * {k}[n,e]", shape=(4, 5)))
    made, _, _ = network_of(net.build(), "mxint8", 0)
    (host,) = made.operations
    assert (
        host.reason == "both factors are computed, and weights in the array come with their shifts"
    )
