"""Attention: grouped heads, windows, caches, sinks; and its latent form with a small cache.

Positions that a causal mask hides are counted, as in a product of whole matrices; positions
outside a sliding window or a chunk are not. The factor 1/√e lives in the query's weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.workload.layers.linear import linear
from cosynth.workload.layers.normalisation import rms_norm
from cosynth.workload.layers.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Heads of `size` features, keys shared by groups of heads, seen through a window or chunk.

    `rotary` features of each head turn with position. `norm` normalises queries and keys: by
    `head` (one scale for all heads), over the `whole` row, or `plain` by head without a scale.
    """

    width: int
    heads: int
    groups: int
    size: int
    bias: bool = False
    out_bias: bool = False
    rotary: int = 0
    norm: str = ""
    window: int = 0
    chunk: int = 0
    sinks: bool = False
    cap: float = 0.0
    relative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentAttention:
    """Keys and values rebuilt from `rank` features a position, `rotary` more shared by all heads.

    With many new positions they are rebuilt; with one, the queries are brought into the latent
    space instead, so that the cache is all that is read (DeepSeek-V2, arXiv 2405.04434, §2.1).
    """

    width: int
    heads: int
    rank: int
    query_rank: int
    plain: int
    rotary: int
    value: int
    bias: bool = False


def attention(scope: Scope, x: str, spec: Attention, bias: str | None = None) -> str:
    """Attend within the sequence; `bias` names scores added by position, [h,m,p]."""
    b, t, e = scope.batch, scope.tokens, spec.size
    q = _heads(scope, "query", x, spec.heads, spec)
    k = _heads(scope, "key", x, spec.groups, spec)
    v = linear(scope, "value", x, spec.groups * e, bias=spec.bias)
    q = scope.view("query.heads", q, b, t, spec.heads, e)
    if spec.rotary:
        q = rotated(scope, "query.turned", q, spec.rotary)
        k = rotated(scope, "key.turned", k, spec.rotary)
    limit = spec.window or spec.chunk or scope.reach
    k = cached(scope, "key", k, limit, spec.groups, e)
    v = cached(scope, "value", v, limit, spec.groups, e)
    return _output(scope, _attend(scope, q, k, v, spec, bias), spec)


def cross_attention(scope: Scope, x: str, spec: Attention, memory: str | None, length: int) -> str:
    """Attend to another sequence, `memory`; without it, to keys and values kept from before."""
    b, e = scope.batch, spec.size
    q = linear(scope, "query", x, spec.heads * e, bias=spec.bias)
    q = scope.view("query.heads", q, b, scope.tokens, spec.heads, e)
    seen: list[str] = []
    for part in ("key", "value"):
        shape = (b, length, spec.groups, e)
        if memory is None:
            # projected when the other sequence was read; the weights stay part of the model
            scope.weight(f"{part}.weight", spec.groups * e, spec.width)
            seen.append(scope.state(f"{part}.cache", *shape))
        else:
            made = linear(scope, part, memory, spec.groups * e, bias=spec.bias)
            seen.append(scope.view(f"{part}.heads", scope.keep(made), *shape))
    return _output(scope, _attend(scope, q, seen[0], seen[1], spec, None), spec)


def latent_attention(scope: Scope, x: str, spec: LatentAttention) -> str:
    """Attend through a latent space, rebuilding keys or moving queries, whichever is less."""
    b, t, h = scope.batch, scope.tokens, spec.heads
    whole = spec.plain + spec.rotary
    source = x
    if spec.query_rank:
        low = linear(scope, "query.down", x, spec.query_rank, bias=spec.bias)
        source = rms_norm(scope, "query.norm", low)
    q = linear(scope, "query", source, h * whole)
    q_plain = scope.view("query.plain", q, b, t, h, spec.plain)
    q_turned = rotated(
        scope, "query.turned", scope.view("query.rotary", q, b, t, h, spec.rotary), spec.rotary
    )
    down = linear(scope, "latent.down", x, spec.rank + spec.rotary, bias=spec.bias)
    latent = rms_norm(scope, "latent", scope.view("latent.part", down, b * t, spec.rank))
    shared = scope.view("key.rotary", down, b, t, 1, spec.rotary)
    shared = rotated(scope, "key.turned", shared, spec.rotary)
    latent = cached(scope, "latent", latent, scope.reach, 1, spec.rank)
    shared = cached(scope, "key.turned", shared, scope.reach, 1, spec.rotary)
    up_key = scope.weight("key.weight", h, spec.plain, spec.rank)
    up_value = scope.weight("value.weight", h, spec.value, spec.rank)
    moved = scope.resumes
    p = scope.net.shape(latent)[1]
    scores = (b, h, t, p)
    if moved:
        near = scope.make(
            "query.latent", "[b,m,h,c] += {0}[b,m,h,e] * {1}[h,e,c]", q_plain, up_key,
            shape=(b, t, h, spec.rank), operator="Linear",
        )  # fmt: skip
        part = scope.make(
            "scores.plain", "[b,h,m,p] += {0}[b,m,h,c] * {1}[b,p,0,c]", near, latent,
            shape=scores, operator="Attention",
        )  # fmt: skip
    else:
        keys = scope.make(
            "key", "[b,p,h,e] += {0}[b,p,0,c] * {1}[h,e,c]", latent, up_key,
            shape=(b, p, h, spec.plain), operator="Linear",
        )  # fmt: skip
        part = scope.make(
            "scores.plain", "[b,h,m,p] += {0}[b,m,h,e] * {1}[b,p,h,e]", q_plain, keys,
            shape=scores, operator="Attention",
        )  # fmt: skip
    turned = scope.make(
        "scores.turned", "[b,h,m,p] += {0}[b,m,h,e] * {1}[b,p,0,e]", q_turned, shared,
        shape=scores, operator="Attention",
    )  # fmt: skip
    total = scope.make(
        "scores", "[b,h,m,p] = {0}[b,h,m,p] + {1}[b,h,m,p]", part, turned,
        shape=scores, operator="Attention",
    )  # fmt: skip
    shares = softmax(scope, total)
    made = (b, t, h, spec.value)
    if moved:
        mixed = scope.make(
            "mixed.latent", "[b,m,h,c] += {0}[b,h,m,p] * {1}[b,p,0,c]", shares, latent,
            shape=(b, t, h, spec.rank), operator="Attention",
        )  # fmt: skip
        mixed = scope.make(
            "mixed", "[b,m,h,e] += {0}[b,m,h,c] * {1}[h,e,c]", mixed, up_value,
            shape=made, operator="Linear",
        )  # fmt: skip
    else:
        values = scope.make(
            "value", "[b,p,h,e] += {0}[b,p,0,c] * {1}[h,e,c]", latent, up_value,
            shape=(b, p, h, spec.value), operator="Linear",
        )  # fmt: skip
        mixed = scope.make(
            "mixed", "[b,m,h,e] += {0}[b,h,m,p] * {1}[b,p,h,e]", shares, values,
            shape=made, operator="Attention",
        )  # fmt: skip
    rows = scope.view("mixed.rows", mixed, b * t, h * spec.value)
    return linear(scope, "output", rows, spec.width, bias=spec.bias)


def rotated(scope: Scope, name: str, x: str, turned: int) -> str:
    """Turn pairs of features by an angle that grows with position; features beyond are kept."""
    b, t, h, e = scope.net.shape(x)
    half = turned // 2
    cosine = scope.table(f"cosine.{half}", t, half)
    sine = scope.table(f"sine.{half}", t, half)
    pairs = scope.view(f"{name}.pairs", x, b, t, h, 2, half)
    parts = [
        scope.make(
            f"{name}.part",
            "[b,t,h,i,e] = {0}[b,t,h,i,e] * {1}[t,e] + {0}[b,t,h,-i+1,e] * {2}[t,e]",
            pairs, cosine, sine, shape=(b, t, h, 2, half), operator="Rotary",
        )
    ]  # fmt: skip
    if turned < e:
        parts.append(scope.view(f"{name}.rest", x, b, t, h, e - turned))
    return scope.view(name, parts, b, t, h, e)


def cached(scope: Scope, name: str, new: str, limit: int, groups: int, size: int) -> str:
    """Return [b,p,g,e]: what is kept of earlier positions, up to a limit, and the new ones."""
    b, t = scope.batch, scope.tokens
    reach = min(scope.reach, max(limit, t))
    if scope.resumes:
        new = scope.keep(new)
        if reach == t:
            return scope.view(f"{name}.seen", new, b, t, groups, size)
        old = scope.state(f"{name}.cache", b, reach - t, groups, size)
        return scope.view(f"{name}.seen", (old, new), b, reach, groups, size)
    if limit >= t:
        new = scope.keep(new)
    seen = scope.view(f"{name}.seen", new, b, t, groups, size)
    if limit < t and scope.keeps:
        last = scope.make(
            f"{name}.kept", f"[b,p,g,e] = {{0}}[b,p+{t - limit},g,e]", seen,
            shape=(b, limit, groups, size), operator="Cache",
        )  # fmt: skip
        scope.keep(last)
    return seen


def softmax(scope: Scope, scores: str, sinks: str | None = None) -> str:
    """Shares of each position over `p`; a sink is one more score, by head, that gets a share."""
    b, h, m, _ = shape = scope.net.shape(scores)
    top = scope.make(
        "top", "[b,h,m] = max(p) {0}[b,h,m,p]", scores, shape=(b, h, m), operator="Softmax"
    )
    powers = scope.make(
        "powers", "[b,h,m,p] = exp({0}[b,h,m,p] - {1}[b,h,m])", scores, top,
        shape=shape, operator="Softmax",
    )  # fmt: skip
    total = scope.make(
        "total", "[b,h,m] += {0}[b,h,m,p]", powers, shape=(b, h, m), operator="Softmax"
    )
    if sinks:
        total = scope.make(
            "total.sinks", "[b,h,m] = {0}[b,h,m] + exp({1}[h] - {2}[b,h,m])", total, sinks, top,
            shape=(b, h, m), operator="Softmax",
        )  # fmt: skip
    return scope.make(
        "shares", "[b,h,m,p] = {0}[b,h,m,p] / {1}[b,h,m]", powers, total,
        shape=shape, operator="Softmax",
    )  # fmt: skip


def _heads(scope: Scope, name: str, x: str, heads: int, spec: Attention) -> str:
    """Project into heads, normalised as the model wants: [b,t,h,e]."""
    b, t, e = scope.batch, scope.tokens, spec.size
    made = linear(scope, name, x, heads * e, bias=spec.bias)
    if spec.norm == "whole":
        made = rms_norm(scope, f"{name}.norm", made)
    elif spec.norm:
        rows = scope.view(f"{name}.rows", made, b * t, heads, e)
        made = rms_norm(scope, f"{name}.norm", rows, learned=spec.norm == "head")
    return scope.view(f"{name}.split", made, b, t, heads, e)


def _attend(scope: Scope, q: str, k: str, v: str, spec: Attention, bias: str | None) -> str:
    b, t, h, e = scope.net.shape(q)
    p = scope.net.shape(k)[1]
    shared = spec.heads // spec.groups
    group = f"h//{shared}" if shared > 1 else "h"
    position = "p"
    if spec.window and t > spec.window:
        p, position = spec.window, f"m+p-{spec.window - 1}"
    elif spec.chunk and t > spec.chunk:
        p, position = spec.chunk, f"m//{spec.chunk}*{spec.chunk}+p"
    scores = scope.make(
        "scores", f"[b,h,m,p] += {{0}}[b,m,h,e] * {{1}}[b,{position},{group},e]", q, k,
        shape=(b, h, t, p), bounds={"p": p}, operator="Attention",
    )  # fmt: skip
    if spec.cap:
        scores = scope.make(
            "scores.capped", f"[b,h,m,p] = tanh({{0}}[b,h,m,p] / {spec.cap:g}) * {spec.cap:g}",
            scores, shape=(b, h, t, p), operator="Attention",
        )  # fmt: skip
    if bias:
        scores = scope.make(
            "scores.placed", "[b,h,m,p] = {0}[b,h,m,p] + {1}[h,m,p]", scores, bias,
            shape=(b, h, t, p), operator="Attention",
        )  # fmt: skip
    shares = softmax(scope, scores, scope.weight("sinks", h) if spec.sinks else None)
    mixed = scope.make(
        "mixed", f"[b,m,h,e] += {{0}}[b,h,m,p] * {{1}}[b,{position},{group},e]", shares, v,
        shape=(b, t, h, e), bounds={"p": p}, operator="Attention",
    )  # fmt: skip
    return scope.view("mixed.rows", mixed, b * t, h * e)


def _output(scope: Scope, mixed: str, spec: Attention) -> str:
    return linear(scope, "output", mixed, spec.width, bias=spec.out_bias)
