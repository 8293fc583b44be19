"""Derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest
from interpreter import run

from cosynth.workload import Builder
from cosynth.workload.einsum import FUNCTIONS, accesses
from cosynth.workload.passes.derivative import derivative

_EXACT = {"ceil", "floor", "round", "quantize", "sign", "not", "less", "equal"}


def value(text: str, x: float, w: float) -> float:
    net = Builder("one")
    net.input("x", (1,))
    net.input("w", (1,))
    net.output(net.einsum(text, shape=(1,)))
    return float(run(net.build(), {"x": np.array([x]), "w": np.array([w])})["y"][0])


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - _EXACT))
@pytest.mark.parametrize("x", [0.31, 1.7, 3.3])
def test_every_function_has_the_slope_that_differences_show(function: str, x: float) -> None:
    others = {1: "", 2: ", w[m] * x[m]", 3: ", square(x[m]), w[m]"}[FUNCTIONS[function]]
    text = f"y[m] = w[m] * {function}(x[m]{others}) / (x[m] - 0.1) - x[m]"
    net = Builder("slope")
    net.input("x", (1,))
    net.input("w", (1,))
    name = net.einsum(text, shape=(1,))
    expression = net.einsums[0].expression
    by = next(a for a in accesses(expression) if a.tensor == "x")
    slope = f"y[m] = {derivative(expression, by)}"
    assert name == "y"
    near = 1e-6
    difference = (value(text, x + near, 0.8) - value(text, x - near, 0.8)) / (2 * near)
    assert value(slope, x, 0.8) == pytest.approx(difference, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("function", sorted(_EXACT))
def test_steps_are_flat_and_rounding_is_passed_through(function: str) -> None:
    second = ", w[m]" if FUNCTIONS[function] == 2 else ""
    net = Builder("slope")
    net.input("x", (1,))
    net.input("w", (1,))
    net.einsum(f"y[m] = {function}(x[m]{second})", shape=(1,))
    expression = net.einsums[0].expression
    passed = function in {"ceil", "floor", "round", "quantize"}
    slope = str(derivative(expression, next(accesses(expression))))
    assert slope == ("1" if passed else "0")
