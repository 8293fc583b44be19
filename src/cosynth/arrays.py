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


def either(flag: Array, yes: Array, no: Array) -> Array:
    """Return `yes` where a flag holds, else `no`: of plain numbers, without the way through arrays.

    >>> either(True, 2, 3)
    2
    """
    if isinstance(flag, bool):
        return yes if flag else no
    return namespace(flag, yes, no).where(flag, yes, no)
