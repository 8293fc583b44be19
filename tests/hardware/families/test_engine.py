"""The generic engine."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.codesign import estimate
from cosynth.hardware import STATIONARITIES, Memory, engine
from cosynth.hardware.families import arguments
from cosynth.workload.load import load as model


@pytest.mark.parametrize("stationarity", STATIONARITIES)
def test_every_stationarity_runs_a_network(stationarity: str) -> None:
    found = estimate(model("ds-cnn"), engine(stationarity=stationarity))
    assert found.latency >= found.bound_latency * (1 - 1e-9)


def test_registers_hold_what_is_stationary() -> None:
    for part in ("weight", "output", "input"):
        registers = engine(stationarity=part).component("registers")
        assert isinstance(registers, Memory)
        assert registers.keeps == (part,)


def test_arguments_have_defaults() -> None:
    assert arguments("engine")["rows"] == 16


def test_numbers_may_be_arrays() -> None:
    rows = np.array([4, 8])
    assert engine(rows=rows, columns=8).instances("mac").tolist() == [32, 64]
