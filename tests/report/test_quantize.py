"""A choice of formats as data: shares, fronts, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from tests.compress import nets

from cosynth.codesign.quantize import Wanted, quantize
from cosynth.compress import Choice, Runner, network
from cosynth.compress.sensitivity import Measure
from cosynth.report.quantize import Told, quantize_data
from cosynth.report.terminal.quantize import number, ratio, share


@pytest.fixture(scope="module")
def data():
    x = np.random.default_rng(0).standard_normal((8, 3, 8, 8)).astype(np.float32)
    runner = Runner(network=network(nets.convolutions(), "net"))
    options = tuple(Choice(weights=name) for name in ("mxint8", "mxfp4"))
    wanted = Wanted(options=options, limits={"bits": 16.0}, kept={"c1": Choice()}, points=5)
    found = quantize(runner.network, Measure(runner=runner, feeds=({"x": x},)), wanted)
    told = Told(data="drawn", samples=8, engine=runner.engines, metrics=[], notes=["a remark"])
    return quantize_data(found, told)


def test_members_are_sorted_by_bits_and_one_is_chosen(data):
    bits = [each["bits"] for each in data["front"]]
    assert bits == sorted(bits)
    assert sum(each["chosen"] for each in data["front"]) == 1
    assert data["best"] in data["front"]


def test_kept_layers_say_so_and_offer_nothing_else(data):
    first = data["layers"][0]
    assert (first["name"], first["kept"], first["weights"], first["bits"]) == (
        "c1",
        True,
        "fp32",
        32,
    )
    assert first["noises"] == [None, None, 0.0]
    assert first["noise"] == 0


def test_constants_that_are_no_weights_are_left(data):
    assert data["left"] == 16 + 10
    assert data["notes"] == ["a remark"]
    assert data["cost"] is None


def test_numbers_for_people():
    assert [ratio(each) for each in (0.01, 0.0, None)] == ["20.0 dB", "exact", "not finite"]
    assert [share(each) for each in (0.5, None)] == ["50 %", "more than all"]
    assert [number(each) for each in (0.25, None)] == ["0.25", "not finite"]
