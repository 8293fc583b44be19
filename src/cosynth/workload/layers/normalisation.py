"""Normalisation of each position over its features, as sums and one map."""

from __future__ import annotations

from cosynth.workload.layers.scope import Scope

_LEADING = ("m", "h", "g")


def rms_norm(scope: Scope, name: str, x: str, *, learned: bool = True) -> str:
    """Divide by the root of the mean square of the last dimension; `learned` has a scale."""
    *outer, size = scope.net.shape(x)
    ranks = ",".join(_LEADING[: len(outer)])
    squares = scope.make(
        f"{name}.squares", f"[{ranks}] += square({{0}}[{ranks},d])", x, shape=outer,
        operator="RMSNorm",
    )  # fmt: skip
    text = f"[{ranks},d] = {{0}}[{ranks},d] * rsqrt({{1}}[{ranks}] / {size} + 1e-06)"
    reads = [x, squares]
    if learned:
        reads.append(scope.weight(f"{name}.scale", size))
        text += " * {2}[d]"
    return scope.make(name, text, *reads, shape=(*outer, size), operator="RMSNorm")


def layer_norm(scope: Scope, name: str, x: str) -> str:
    """Subtract the mean, divide by the deviation, scale and shift; over the last dimension."""
    rows, size = scope.net.shape(x)
    total = scope.make(f"{name}.sum", "[m] += {0}[m,d]", x, shape=(rows,), operator="LayerNorm")
    squares = scope.make(
        f"{name}.squares", f"[m] += square({{0}}[m,d] - {{1}}[m] / {size})", x, total,
        shape=(rows,), operator="LayerNorm",
    )  # fmt: skip
    scale, shift = scope.weight(f"{name}.scale", size), scope.weight(f"{name}.shift", size)
    text = (
        f"[m,d] = ({{0}}[m,d] - {{1}}[m] / {size}) * rsqrt({{2}}[m] / {size} + 1e-05)"
        " * {3}[d] + {4}[d]"
    )
    reads = (x, total, squares, scale, shift)
    return scope.make(name, text, *reads, shape=(rows, size), operator="LayerNorm")


NORMS = {"rms": rms_norm, "layer": layer_norm}
