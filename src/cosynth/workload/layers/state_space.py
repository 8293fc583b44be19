"""State-space mixers: Mamba with its step-by-step scan, Mamba-2 in chunks of matrix products.

Running sums and scans read the element before; their first element reads padding, which is zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.workload.layers.linear import linear
from cosynth.workload.layers.normalisation import rms_norm
from cosynth.workload.layers.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba:
    """Selective scan (arXiv 2312.00752): a state of `state` numbers for each inner feature."""

    width: int
    inner: int
    state: int
    kernel: int
    rank: int
    bias: bool = False
    kernel_bias: bool = True
    norms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba2:
    """State-space duality (arXiv 2405.21060): heads of inner features, in chunks of positions."""

    width: int
    heads: int
    size: int
    groups: int
    state: int
    kernel: int
    chunk: int
    bias: bool = False
    out_bias: bool = False
    kernel_bias: bool = True
    norm: bool = True

    @property
    def inner(self) -> int:
        """Features inside the mixer."""
        return self.heads * self.size


def mamba(scope: Scope, x: str, spec: Mamba) -> str:
    """One mixer over rows: the state is updated position by position."""
    b, t, inner, s = scope.batch, scope.tokens, spec.inner, spec.state
    both = linear(scope, "input", x, 2 * inner, bias=spec.bias)
    u = convolved(scope, scope.view("mixed", both, b, t, inner), spec.kernel, spec.kernel_bias)
    gate = scope.view("gate", both, b * t, inner)
    rows = scope.view("convolved.rows", u, b * t, inner)
    selected = linear(scope, "select", rows, spec.rank + 2 * s)
    parts = {"rank": spec.rank, "write": s, "read": s}
    views = {name: scope.view(name, selected, b * t, size) for name, size in parts.items()}
    if spec.norms:
        views = {name: rms_norm(scope, f"{name}.norm", view) for name, view in views.items()}
    step = scope.view("step.rows", linear(scope, "step", views["rank"], inner), b, t, inner)
    write = scope.view("write.rows", views["write"], b, t, s)
    read = scope.view("read.rows", views["read"], b, t, s)
    shift = scope.weight("step.bias", inner)
    step = scope.make(
        "steps", "[b,t,d] = softplus({0}[b,t,d] + {1}[d])", step, shift,
        shape=(b, t, inner), operator="StateSpace",
    )  # fmt: skip
    decay = scope.weight("decay", inner, s)
    fed = scope.make(
        "fed", "[b,t,d] = {0}[b,t,d] * {1}[b,t,d]", step, u, shape=(b, t, inner),
        operator="StateSpace",
    )  # fmt: skip
    if scope.resumes:
        state = scope.state("state", b, inner, s)
        text = "[b,d,s] = exp({0}[b,0,d] * {1}[d,s]) * {2}[b,d,s] + {3}[b,0,d] * {4}[b,0,s]"
        reads = (step, decay, state, fed, write)
        state = scope.write("state.next", text, *reads, into=state, operator="StateSpace")
    else:
        # the same five operations a step as the recurrence, which starts from nothing
        text = "[b,d,s] += exp({0}[b,t,d] * {1}[d,s]) * ({2}[b,t,d] * {3}[b,t,s])"
        state = scope.make(
            "state", text, step, decay, fed, write, shape=(b, inner, s), operator="StateSpace"
        )
        scope.keep(state)
    y = scope.make(
        "read.out", "[b,t,d] += {0}[b,d,s] * {1}[b,t,s]", state, read,
        shape=(b, t, inner), operator="StateSpace",
    )  # fmt: skip
    skip = scope.weight("skip", inner)
    y = scope.make(
        "skipped", "[b,t,d] = {0}[b,t,d] + {1}[b,t,d] * {2}[d]", y, u, skip,
        shape=(b, t, inner), operator="StateSpace",
    )  # fmt: skip
    y = scope.make(
        "gated", "[m,d] = {0}[m,d] * silu({1}[m,d])", scope.view("skipped.rows", y, b * t, inner),
        gate, shape=(b * t, inner), operator="Activation",
    )  # fmt: skip
    return linear(scope, "output", y, spec.width, bias=spec.bias)


def mamba2(scope: Scope, x: str, spec: Mamba2) -> str:
    """One mixer over rows: one step of the recurrence, or chunks of matrix products."""
    b, t, h = scope.batch, scope.tokens, spec.heads
    mixed = spec.inner + 2 * spec.groups * spec.state
    whole = linear(scope, "input", x, spec.inner + mixed + h, bias=spec.bias)
    gate = scope.view("gate", whole, b * t, spec.inner)
    u = scope.view("mixed", whole, b, t, mixed)
    u = convolved(scope, u, spec.kernel, spec.kernel_bias)
    step = scope.make(
        "steps", "[b,t,h] = softplus({0}[b,t,h] + {1}[h])",
        scope.view("step", whole, b, t, h), scope.weight("step.bias", h),
        shape=(b, t, h), operator="StateSpace",
    )  # fmt: skip
    decay, skip = scope.weight("decay", h), scope.weight("skip", h)
    y = (_one_step if scope.resumes else _in_chunks)(scope, u, step, decay, skip, spec)
    y = scope.view("mixed.rows", y, b * t, spec.inner)
    y = scope.make(
        "gated", "[m,d] = {0}[m,d] * silu({1}[m,d])", y, gate,
        shape=(b * t, spec.inner), operator="Activation",
    )  # fmt: skip
    if spec.norm:
        y = rms_norm(scope, "norm", y)
    return linear(scope, "output", y, spec.width, bias=spec.out_bias)


def convolved(scope: Scope, x: str, kernel: int, bias: bool) -> str:
    """Causal convolution of each feature over the last positions, then silu."""
    b, t, c = shape = scope.net.shape(x)
    window = (b, kernel - 1, c)
    old = scope.state("window", *window) if scope.resumes else ""
    seen = scope.view("window.seen", (old, x), b, kernel - 1 + t, c) if old else x
    first = "+k" if old else f"+k-{kernel - 1}"
    y = scope.make(
        "convolution", f"[b,t,c] += {{0}}[b,t{first},c] * {{1}}[c,k]", seen,
        scope.weight("convolution.weight", c, kernel), shape=shape, bounds={"t": t, "k": kernel},
        operator="Conv",
    )  # fmt: skip
    # the window to start from next time: the last positions seen
    if old:
        text = f"[b,k,c] = {{0}}[b,k+{t},c]"
        scope.write("window.next", text, seen, into=old, operator="Cache")
    elif scope.keeps:
        text = f"[b,k,c] = {{0}}[b,k+{t}-{kernel - 1},c]"
        scope.keep(scope.make("window", text, x, shape=window, operator="Cache"))
    if bias:
        shift = scope.weight("convolution.bias", c)
        return scope.make(
            "convolved", "[b,t,c] = silu({0}[b,t,c] + {1}[c])", y, shift, shape=shape,
            operator="Activation",
        )  # fmt: skip
    return scope.make(
        "convolved", "[b,t,c] = silu({0}[b,t,c])", y, shape=shape, operator="Activation"
    )


def _one_step(scope: Scope, u: str, step: str, decay: str, skip: str, spec: Mamba2) -> str:
    b, h, p, s = scope.batch, spec.heads, spec.size, spec.state
    x, write, read = _parts(scope, u, spec, (b, 1))
    group = _group(spec)
    state = scope.state("state", b, h, p, s)
    text = (
        "[b,h,p,s] = {0}[b,h,p,s] * exp({1}[b,0,h] * {2}[h])"
        f" + {{1}}[b,0,h] * {{3}}[b,0,h,p] * {{4}}[b,0,{group},s]"
    )
    reads = (state, step, decay, x, write)
    after = scope.write("state.next", text, *reads, into=state, operator="StateSpace")
    y = scope.make(
        "read.out", f"[b,t,h,p] += {{0}}[b,h,p,s] * {{1}}[b,t,{group},s]", after, read,
        shape=(b, 1, h, p), operator="StateSpace",
    )  # fmt: skip
    return scope.make(
        "skipped", "[b,t,h,p] = {0}[b,t,h,p] + {1}[b,t,h,p] * {2}[h]", y, x, skip,
        shape=(b, 1, h, p), operator="StateSpace",
    )  # fmt: skip


def _in_chunks(scope: Scope, u: str, step: str, decay: str, skip: str, spec: Mamba2) -> str:
    b, h, p, g, s = scope.batch, spec.heads, spec.size, spec.groups, spec.state
    q = min(spec.chunk, scope.tokens)
    c = -(-scope.tokens // q)
    x, write, read = _parts(scope, u, spec, (b, c, q))
    group = _group(spec)
    step = scope.view("steps.chunks", step, b, c, q, h)
    operator = "StateSpace"
    log = scope.make(
        "decay.step", "[b,c,i,h] = {0}[b,c,i,h] * {1}[h]", step, decay, shape=(b, c, q, h),
        operator=operator,
    )  # fmt: skip
    log = scope.make(
        "decay.sum", "[b,c,i,h] = {0}[b,c,i,h] + {0}[b,c,i-1,h]", log, shape=(b, c, q, h),
        operator=operator,
    )  # fmt: skip
    scores = scope.make(
        "scores", "[b,c,g,i,j] += {0}[b,c,i,g,s] * {1}[b,c,j,g,s]", read, write,
        shape=(b, c, g, q, q), operator=operator,
    )  # fmt: skip
    faded = scope.make(
        "scores.faded",
        f"[b,c,h,i,j] = {{0}}[b,c,{group},i,j] * exp({{1}}[b,c,i,h] - {{1}}[b,c,j,h])"
        " * {2}[b,c,j,h]",
        scores, log, step, shape=(b, c, h, q, q), operator=operator,
    )  # fmt: skip
    near = scope.make(
        "near", "[b,c,i,h,p] += {0}[b,c,h,i,j] * {1}[b,c,j,h,p]", faded, x,
        shape=(b, c, q, h, p), operator=operator,
    )  # fmt: skip
    kept = scope.make(
        "kept",
        f"[b,c,j,h,p] = {{0}}[b,c,j,h,p] * exp({{1}}[b,c,{q - 1},h] - {{1}}[b,c,j,h])"
        " * {2}[b,c,j,h]",
        x, log, step, shape=(b, c, q, h, p), operator=operator,
    )  # fmt: skip
    chunks = scope.make(
        "state.chunks", f"[b,c,h,p,s] += {{0}}[b,c,j,h,p] * {{1}}[b,c,j,{group},s]", kept, write,
        shape=(b, c, h, p, s), operator=operator,
    )  # fmt: skip
    states = scope.make(
        "state.passed",
        f"[b,c,h,p,s] = {{0}}[b,c,h,p,s] + exp({{1}}[b,c,{q - 1},h]) * {{0}}[b,c-1,h,p,s]",
        chunks, log, shape=(b, c, h, p, s), operator=operator,
    )  # fmt: skip
    if scope.keeps:
        scope.keep(
            scope.make(
                "state", f"[b,h,p,s] = {{0}}[b,{c - 1},h,p,s]", states, shape=(b, h, p, s),
                operator="Cache",
            )
        )  # fmt: skip
    far = scope.make(
        "far", f"[b,c,i,h,p] += {{0}}[b,c,i,{group},s] * {{1}}[b,c,h,p,s]", read, states,
        shape=(b, c, q, h, p), operator=operator,
    )  # fmt: skip
    return scope.make(
        "skipped",
        "[b,c,i,h,p] = {0}[b,c,i,h,p] + {1}[b,c,i,h,p] * exp({2}[b,c,i,h])"
        " + {3}[b,c,i,h,p] * {4}[h]",
        near, far, log, x, skip, shape=(b, c, q, h, p), operator=operator,
    )  # fmt: skip


def _parts(scope: Scope, u: str, spec: Mamba2, positions: tuple[int, ...]) -> tuple[str, str, str]:
    """Views of the convolved features: values by head, what to write, what to read, by group."""
    return (
        scope.view("values", u, *positions, spec.heads, spec.size),
        scope.view("write", u, *positions, spec.groups, spec.state),
        scope.view("read", u, *positions, spec.groups, spec.state),
    )


def _group(spec: Mamba2) -> str:
    shared = spec.heads // spec.groups
    return f"h//{shared}" if shared > 1 else "h"
