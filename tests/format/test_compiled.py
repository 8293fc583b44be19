"""JAX compiles once for a format, and knows its own values from those still to come."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from cosynth.format import compiled


def test_values_to_come_are_told_from_values():
    seen = []
    jax.jit(lambda x: seen.append(compiled.is_traced(x)) or x)(jnp.ones(2))
    assert seen == [True]
    assert not compiled.is_traced(jnp.ones(2))


def test_a_function_is_compiled_once_for_a_format_and_shape():
    traced = []

    def double(x, *, format, axis):
        traced.append((format, axis))
        return x * 2

    for _ in range(3):
        compiled.call(double, jnp.ones(3), format="one", axis=0)
    assert traced == [("one", 0)]
