"""Mixture of experts: a router, the chosen experts on each token, shared experts beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosynth.workload.layers.linear import FORMULAS, FeedForward, feed_forward, linear
from cosynth.workload.layers.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """`count` gated feed-forward networks, `chosen` a token, and a shared one on every token.

    `correction` is a learned bias of the choice alone; `shared_gate` scales the shared expert.
    """

    width: int
    inner: int
    count: int
    chosen: int
    activation: str = "silu"
    bias: bool = False
    router_bias: bool = False
    correction: bool = False
    sigmoid: bool = False
    shared: int = 0
    shared_gate: bool = False


def experts(scope: Scope, x: str, spec: Experts) -> str:
    """Route rows to experts; slot `s` serves token `s//k` and stands in for its j-th expert.

    Slots are spread evenly over as many experts as can be busy, so that work is exact and the
    weights read are those of a balanced step.
    """
    rows, width = scope.net.shape(x)
    slots = rows * spec.chosen
    each = math.ceil(slots / min(spec.count, slots))
    shares = _routed(scope, x, spec)
    token = f"s//{spec.chosen}" if spec.chosen > 1 else "s"
    expert = f"s//{each}" if each > 1 else "s"

    def product(name: str, read: str, index: str, made: int, inner: int) -> str:
        weight = scope.weight(f"{name}.weight", spec.count, made, inner)
        text = f"[s,n] += {{0}}[{index},k] * {{1}}[{expert},n,k]"
        y = scope.make(
            f"{name}.sum" if spec.bias else name, text, read, weight,
            shape=(slots, made), bounds={"s": slots}, operator="Experts",
        )  # fmt: skip
        if not spec.bias:
            return y
        bias = scope.weight(f"{name}.bias", spec.count, made)
        text = f"[s,n] = {{0}}[s,n] + {{1}}[{expert},n]"
        return scope.make(name, text, y, bias, shape=(slots, made), operator="Experts")

    gate = product("gate", x, token, spec.inner, width)
    up = product("up", x, token, spec.inner, width)
    formula = FORMULAS[spec.activation].format("{0}[s,n]")
    hidden = scope.make(
        "hidden", f"[s,n] = {formula} * {{1}}[s,n]", gate, up,
        shape=(slots, spec.inner), operator="Activation",
    )  # fmt: skip
    down = product("down", hidden, "s", width, spec.inner)
    weighed = scope.make(
        "weighed", "[s,n] = {0}[s,n] * {1}[s]", down, shares, shape=(slots, width),
        operator="Experts",
    )  # fmt: skip
    if spec.chosen > 1:
        weighed = scope.make(
            "combined", f"[m,n] += {{0}}[m*{spec.chosen}+j,n]", weighed,
            shape=(rows, width), bounds={"m": rows, "j": spec.chosen}, operator="Experts",
        )  # fmt: skip
    if not spec.shared:
        return weighed
    inside = scope.below("shared")
    beside = feed_forward(
        inside,
        x,
        FeedForward(width=width, inner=spec.shared, activation=spec.activation),
    )
    if spec.shared_gate:
        gate = linear(inside, "share", x, 1)
        beside = inside.make(
            "gated", "[m,n] = {0}[m,n] * sigmoid({1}[m,0])", beside, gate,
            shape=(rows, width), operator="Experts",
        )  # fmt: skip
    return scope.make(
        "both", "[m,n] = {0}[m,n] + {1}[m,n]", weighed, beside,
        shape=(rows, width), operator="Experts",
    )  # fmt: skip


def _routed(scope: Scope, x: str, spec: Experts) -> str:
    """Scores of all experts, and of the best by token the share in the result: [s]."""
    rows = scope.net.shape(x)[0]
    scores = linear(scope, "router", x, spec.count, bias=spec.router_bias)
    if spec.sigmoid:
        scores = scope.make(
            "router.scores", "[m,x] = sigmoid({0}[m,x])", scores,
            shape=(rows, spec.count), operator="Router",
        )  # fmt: skip
    if spec.correction:
        correction = scope.weight("router.correction", spec.count)
        scores = scope.make(
            "router.corrected", "[m,x] = {0}[m,x] + {1}[x]", scores, correction,
            shape=(rows, spec.count), operator="Router",
        )  # fmt: skip
    # the best k of a row: one pass over the row for each
    best = scope.make(
        "router.best", "[m,j] = max(x) {0}[m,x]", scores,
        shape=(rows, spec.chosen), bounds={"j": spec.chosen}, operator="Router",
    )  # fmt: skip
    powers = scope.make(
        "router.powers", "[m,j] = exp({0}[m,j])", best, shape=(rows, spec.chosen),
        operator="Router",
    )  # fmt: skip
    total = scope.make("router.total", "[m] += {0}[m,j]", powers, shape=(rows,), operator="Router")
    shares = scope.make(
        "router.shares", "[m,j] = {0}[m,j] / {1}[m]", powers, total,
        shape=(rows, spec.chosen), operator="Router",
    )  # fmt: skip
    return scope.view("router.slots", shares, rows * spec.chosen)
