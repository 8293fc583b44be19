"""Costs of formats layer by layer: they add up to the estimate of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth import hardware
from cosynth.codesign.estimate import estimate
from cosynth.codesign.prices import apart, prices
from cosynth.errors import InfeasibleError
from cosynth.format import Assignment
from cosynth.workload.load import load


def test_parts_add_up_to_the_whole():
    found = estimate(load("resnet8"), hardware.load("gemmini"))
    parts = apart(found)
    assert sum(time for time, _ in parts.values()) == pytest.approx(found.latency)
    assert sum(energy for _, energy in parts.values()) == pytest.approx(found.energy)


def test_layers_and_the_rest_add_up_in_every_format():
    model, chip = load("resnet8"), hardware.load("eyeriss")
    formats = [Assignment(weights=w, activations="int16") for w in ("int16", "int8")]
    names = [each.job.name for each in estimate(model, chip, formats[0]).layers]
    layers = [name for name in names if "conv" in name][:2]
    found = prices(model, chip, layers, formats, "latency")
    whole = estimate(model, chip, formats[0])
    assert found.latency[:, 0].sum() + found.rest[0] == pytest.approx(whole.latency)
    assert found.energy[:, 0].sum() + found.rest[1] == pytest.approx(whole.energy)
    assert (found.energy[:, 1] < found.energy[:, 0]).all()


def test_a_format_that_the_chip_cannot_run_is_infinite():
    model, chip = load("resnet8"), hardware.load("gemmini")
    formats = [Assignment(weights="fp32", activations="fp32"), Assignment()]
    found = prices(model, chip, ["conv1"], formats)
    assert np.isinf(found.latency[:, 0]).all()
    assert np.isfinite(found.latency[:, 1]).all()
    assert list(found.refused) == [0]
    with pytest.raises(InfeasibleError, match="fp32"):
        prices(model, chip, ["conv1"], formats[:1])
