"""The choice of one option a layer: against brute force, and its limits."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pytest
from tests.compress.knapsacks import brute, drawn, limits_of

from cosynth.compress.choice import Table, choose, front
from cosynth.errors import InfeasibleError, SpecError


@pytest.mark.parametrize("layers", range(1, 7))
@pytest.mark.parametrize("seed", range(12))
def test_the_choice_is_that_of_brute_force(seed: int, layers: int):
    table = drawn(seed * 10 + layers, layers, 1 + seed % 5)
    limits = limits_of(table, seed)
    best = brute(table, limits)
    if math.isinf(best):
        with pytest.raises(InfeasibleError):
            choose(table, "error", limits)
        return
    found = table.total(choose(table, "error", limits), "error")
    scale = table.figures["error"].max()
    assert abs(found - best) <= 1e-14 * scale, f"seed {seed}: {found} instead of {best}"


def test_the_front_ends_at_the_two_best_and_nothing_in_it_is_dominated():
    table = drawn(3, 12, 5)
    found = front(table, "error", "bits", {}, 15)
    values = [(table.total(p, "bits"), table.total(p, "error")) for p in found]
    assert len(values) > 5
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in itertools.pairwise(values))
    assert values[0][0] == table.figures["bits"].min(axis=1).sum()
    assert values[-1][1] == pytest.approx(table.figures["error"].min(axis=1).sum())


def test_a_limit_that_nothing_keeps_wrong():
    table = drawn(1, 2, 3)
    least = table.figures["bits"].min(axis=1).sum()
    with pytest.raises(InfeasibleError, match=f"bits cannot be 1 or less: .* it is {least:g}"):
        choose(table, "error", {"bits": 1})


def test_an_unknown_figure_wrong():
    with pytest.raises(SpecError, match="'bit' is not one of bits, error, latency; did you mean"):
        choose(drawn(1, 2, 3), "error", {"bit": 1})


def test_a_solver_that_is_absent_wrong(monkeypatch):
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(
        SpecError, match=r"needs HiGHS; install it with: pip install 'cosynth\[quant"
    ):
        choose(drawn(1, 2, 3), "error", {})


def test_a_layer_without_any_option_wrong():
    none = Table(layers=("a",), options=("x",), figures={"error": np.array([[math.inf]])})
    with pytest.raises(InfeasibleError, match="a: none of x can be taken"):
        choose(none, "error", {})


def test_the_solver_says_nothing_of_its_own(capfd):
    choose(drawn(1, 2, 3), "error", {})
    assert capfd.readouterr() == ("", "")
