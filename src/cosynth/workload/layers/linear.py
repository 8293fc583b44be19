"""Fully connected layers over rows, and the feed-forward pairs made of them."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.workload.layers.scope import Scope

# formulas of `{0}`; approximations of gelu count as gelu
FORMULAS = {
    "gelu": "gelu({0})", "gelu_new": "gelu({0})", "gelu_pytorch_tanh": "gelu({0})",
    "gelu_fast": "gelu({0})", "gelu_python": "gelu({0})", "relu": "relu({0})",
    "quick_gelu": "{0} * sigmoid({0} * 1.702)", "silu": "silu({0})", "swish": "silu({0})",
    "tanh": "tanh({0})", "relu2": "square(relu({0}))",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForward:
    """Two products with a function between; three when a gate multiplies it."""

    width: int
    inner: int
    gated: bool = True
    activation: str = "silu"
    bias: bool = False


def linear(scope: Scope, name: str, x: str, made: int, *, bias: bool = False) -> str:
    """`y[m,n] += x[m,k] * w[n,k]`, plus a bias by column."""
    rows, inner = scope.net.shape(x)
    weight = scope.weight(f"{name}.weight", made, inner)
    y = scope.make(
        f"{name}.sum" if bias else name, "[m,n] += {0}[m,k] * {1}[n,k]", x, weight,
        shape=(rows, made), operator="Linear",
    )  # fmt: skip
    if not bias:
        return y
    shift = scope.weight(f"{name}.bias", made)
    return scope.make(
        name, "[m,n] = {0}[m,n] + {1}[n]", y, shift, shape=(rows, made), operator="Linear"
    )


def feed_forward(scope: Scope, x: str, spec: FeedForward) -> str:
    """`down(activation(gate(x)) * up(x))`, or without the gate `down(activation(up(x)))`."""
    shape = (scope.net.shape(x)[0], spec.inner)
    formula = FORMULAS[spec.activation].format("{0}[m,n]")
    if spec.gated:
        gate = linear(scope, "gate", x, spec.inner, bias=spec.bias)
        up = linear(scope, "up", x, spec.inner, bias=spec.bias)
        text = f"[m,n] = {formula} * {{1}}[m,n]"
        hidden = scope.make("hidden", text, gate, up, shape=shape, operator="Activation")
    else:
        up = linear(scope, "up", x, spec.inner, bias=spec.bias)
        hidden = scope.make("hidden", f"[m,n] = {formula}", up, shape=shape, operator="Activation")
    return linear(scope, "down", hidden, spec.width, bias=spec.bias)
