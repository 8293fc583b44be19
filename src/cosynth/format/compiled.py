"""JAX, where the caller brought it: compiled once per format, gradients straight through."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from cosynth.arrays import Array

Function = Callable[..., Any]


def call(function: Function, *arrays: Array | None, format: object, axis: int) -> Any:
    """Return `function(*arrays, format=..., axis=...)`, compiled for this format and axis."""
    return _compiled()(*arrays, function=function, format=format, axis=axis)


def straight(function: Function, x: Array, *arrays: Array | None, format: object, axis: int) -> Any:
    """As `call`, with the gradient of the result passed to `x` as it is."""
    return _straight()((function, format, axis), x, *arrays)


def is_traced(x: Array) -> bool:
    """Whether a value is not known yet, because JAX is compiling."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(x, jax.core.Tracer)


def register(kind: type, values: list[str], fixed: list[str]) -> None:
    """Let JAX pass a dataclass through its transformations."""
    sys.modules["jax"].tree_util.register_dataclass(kind, values, fixed)


@cache
def _compiled() -> Any:
    def run(*arrays: Array, function: Function, format: object, axis: int) -> Any:
        return function(*arrays, format=format, axis=axis)

    return sys.modules["jax"].jit(run, static_argnames=("function", "format", "axis"))


@cache
def _straight() -> Any:
    def run(how: tuple[Function, object, int], x: Array, *arrays: Array | None) -> Any:
        function, format, axis = how
        return call(function, x, *arrays, format=format, axis=axis)

    def forward(how: Any, x: Array, *arrays: Array | None) -> Any:
        return run(how, x, *arrays), len(arrays)

    def backward(how: Any, others: int, slope: Array) -> Any:  # noqa: ARG001 as JAX calls it
        return slope, *[None] * others

    passing = sys.modules["jax"].custom_vjp(run, nondiff_argnums=(0,))
    passing.defvjp(forward, backward)
    return passing
