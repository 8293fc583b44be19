"""One alias for array-or-number, and the namespace that array code runs in."""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np

# A Python number, a NumPy array or a JAX array: cost code treats them alike. There is no common
# static type for the three, so this is the one place where Any stands for them.
Array: TypeAlias = Any


def namespace(*values: object) -> Any:
    """Return `jax.numpy` if any value is a JAX array or tracer, else `numpy`.

    JAX is never imported here: a JAX value can only exist if the caller has imported it.

    >>> namespace(1.0, 2).__name__
    'numpy'
    """
    jax = sys.modules.get("jax")
    if jax is not None and any(isinstance(value, jax.Array) for value in values):
        return jax.numpy
    return np
