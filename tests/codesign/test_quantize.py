"""Formats for every layer: limits hold, errors are measured, costs are those of the estimate."""

from __future__ import annotations

import itertools
import math

import numpy as np
import onnx
import pytest
from tests.compress import nets

from cosynth import hardware
from cosynth.codesign.estimate import estimate
from cosynth.codesign.quantize import Wanted, quantize
from cosynth.compress import Choice, Runner, stored_bits
from cosynth.compress.network import network
from cosynth.compress.sensitivity import Measure
from cosynth.errors import InfeasibleError, SpecError
from cosynth.format import Assignment, known
from cosynth.workload.load import load

WEIGHTS = tuple(Choice(weights=name) for name in ("mxint8", "mxfp4", "int4"))
COMPUTED = tuple(Choice(weights=name, activations="int8") for name in ("int8", "int4"))


@pytest.fixture(scope="module")
def measure():
    x = np.random.default_rng(0).standard_normal((16, 3, 8, 8)).astype(np.float32)
    runner = Runner(network=network(nets.convolutions(), "net"))
    return Measure(runner=runner, feeds=({"x": x},))


@pytest.fixture(scope="module")
def chip(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.onnx"
    onnx.save(nets.convolutions(), path)
    return load(str(path), {"n": 1}), hardware.load("gemmini")


def wanted(options=WEIGHTS, minimize="noise", kept=None, **limits):
    return Wanted(options=options, minimize=minimize, limits=limits, kept=kept or {}, points=8)


def bits(found):
    total = sum(
        stored_bits(
            found.network.constants[layer.weight.tensor].shape,
            known(found.choices[layer.name].weights),
            layer.weight,
        )
        for layer in found.layers
    )
    return total / found.elements


def test_the_average_of_bits_keeps_its_limit_and_counts_every_scale(measure):
    found = quantize(measure.runner.network, measure, wanted(bits=5.5))
    assert bits(found) == pytest.approx(found.best.figures["bits"])
    assert bits(found) <= 5.5
    assert found.best.noise == measure.noise(found.choices)


def test_the_choice_is_the_best_of_all_by_the_sum_of_errors(measure):
    """All 81 choices tried."""
    found = quantize(measure.runner.network, measure, wanted(bits=6.2))
    table = found.table
    sums = [
        table.total(picks, "noise")
        for picks in itertools.product(range(3), repeat=4)
        if table.total(picks, "bits") <= 6.2 * found.elements
    ]
    asked = min(
        (each for each in found.front if each.figures["bits"] <= 6.2),
        key=lambda each: each.figures["noise"],
    )
    assert asked.figures["noise"] == pytest.approx(min(sums), rel=1e-12)
    assert found.best.noise <= asked.noise


def test_the_front_runs_from_the_fewest_bits_to_the_least_error(measure):
    found = quantize(measure.runner.network, measure, wanted())
    values = [(each.figures["bits"], each.figures["noise"]) for each in found.front]
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in itertools.pairwise(values))
    assert [len(set(each.picks)) for each in found.uniform.values()] == [1, 1, 1]


def test_layers_that_are_kept_have_no_choice(measure):
    kept = {"c1": Choice(), "y": Choice(weights="fp16")}
    found = quantize(measure.runner.network, measure, wanted(kept=kept, minimize="bits"))
    assert found.choices["c1"] == Choice()
    assert found.choices["y"] == Choice(weights="fp16")
    assert found.choices["c3"].weights == "mxfp4"


def test_least_bits_under_a_limit_on_the_error(measure):
    found = quantize(measure.runner.network, measure, wanted(minimize="bits", noise=1e-2))
    assert found.best.noise <= 1e-2
    assert found.best.figures["bits"] < 8


def test_costs_are_those_of_the_whole_estimate(measure, chip):
    found = quantize(measure.runner.network, measure, wanted(COMPUTED, bits=8.0), chip)
    layers = tuple((n, c.weights, c.activations) for n, c in found.choices.items())
    formats = Assignment(weights=layers[0][1], activations="int8", layers=layers)
    again = estimate(*chip, formats, "edp")
    assert found.estimate.energy == pytest.approx(again.energy)
    assert found.best.figures["latency"] == pytest.approx(found.estimate.latency, rel=0.1)


def test_a_limit_on_latency_holds_for_the_mix(measure, chip):
    every = quantize(measure.runner.network, measure, wanted(COMPUTED), chip)
    times = [each.figures["latency"] for each in every.front]
    most = (min(times) + max(times)) / 2
    found = quantize(measure.runner.network, measure, wanted(COMPUTED, latency=most), chip)
    assert found.estimate.latency <= most


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"bits": 2.0}, "bits cannot be 2 or less: these formats reach 4."),
        ({"noise": 1e-9}, "noise cannot be 1e-09 or less: these formats reach "),
        ({"bits": 4.6, "noise": 1e-3}, "no choice keeps bits"),
    ],
)
def test_limits_that_nothing_keeps_wrong(measure, limits, said):
    with pytest.raises(InfeasibleError, match=said):
        quantize(measure.runner.network, measure, wanted(**limits))


def test_a_limit_on_time_that_nothing_keeps_wrong(measure, chip):
    with pytest.raises(InfeasibleError, match="latency cannot be 1e-09 or less: these"):
        quantize(measure.runner.network, measure, wanted(COMPUTED, latency=1e-9), chip)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (wanted(latency=1.0), "latency is that of a chip: name one with --on"),
        (wanted(minimize="area"), "'area' is not one of noise, bits, latency, energy"),
        (wanted(kept={"c9": Choice()}), "--keep: no layer 'c9'; there are c1, c2, c3, y"),
        (wanted(options=()), "--formats: name at least one"),
    ],
)
def test_requests_wrong(measure, asked, said):
    with pytest.raises(SpecError, match=said):
        quantize(measure.runner.network, measure, asked)


def test_a_chip_that_runs_none_of_the_formats_wrong(measure, chip):
    with pytest.raises(InfeasibleError, match="fp32"):
        quantize(measure.runner.network, measure, wanted(bits=8.0), chip)


def test_noise_in_decibels():
    from cosynth.codesign.quantize import decibels

    assert decibels(0.001) == pytest.approx(30)
    assert math.isinf(decibels(0.0))
