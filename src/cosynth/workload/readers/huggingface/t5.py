"""T5: an encoder, and a decoder that attends to it; positions as biases of the scores.

Encoder and decoder read `length` tokens each. `prefill` encodes and makes the first decoder
token; `decode` makes the next one, with `length` positions in both caches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.attention import Attention, attention, cross_attention
from cosynth.workload.layers.linear import FORMULAS, FeedForward, feed_forward, linear
from cosynth.workload.layers.normalisation import rms_norm
from cosynth.workload.layers.scope import Scope
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import Build, Request, layer_count, length_of

MODEL_TYPES = ("mt5", "t5")
_GATES = tuple(f"gated-{name}" for name in FORMULAS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    vocabulary: int
    attention: Attention
    feed: FeedForward
    buckets: int
    encoder: int
    decoder: int
    tied: bool


def read(config: Config) -> Build:
    """Heads need not add up to the width; there are no biases but those of position."""
    width, heads = config.size("d_model"), config.size("num_heads")
    activation = config.text("feed_forward_proj", (*FORMULAS, *_GATES), "relu")
    gated = activation.startswith("gated-")
    feed = FeedForward(
        width=width,
        inner=config.size("d_ff"),
        gated=gated,
        activation=activation.removeprefix("gated-"),
    )
    layers = layer_count(config, "num_layers")
    later = config.table.get("model_type") == "mt5"
    model = _Model(
        vocabulary=config.size("vocab_size"),
        attention=Attention(width=width, heads=heads, groups=heads, size=config.size("d_kv", 64)),
        feed=feed,
        buckets=config.size("relative_attention_num_buckets", 32),
        encoder=layers,
        decoder=layer_count(config, "num_decoder_layers", layers),
        tied=config.flag("tie_word_embeddings", not later),
    )
    longest = config.size("n_positions", 512)

    def build(request: Request) -> Workload:
        length = length_of(request, longest, hard=False)
        return _built(model, request, length)

    return build


def _built(model: _Model, request: Request, length: int) -> Workload:
    net = Builder(request.name, source=request.source)
    resumes, keeps = request.phase == "decode", request.phase is not None
    whole = Scope(net=net, batch=request.batch, tokens=length, reach=length)
    table = whole.weight("embedding.weight", model.vocabulary, model.attention.width)
    new = 1 if keeps else length
    reach = length if resumes else new
    after = replace(whole, tokens=new, reach=reach, keeps=keeps, resumes=resumes, prefix="decoder")
    before = whole.below("encoder")
    memory = None if resumes else _encoded(before, table, model)
    if resumes:
        _encoder_weights(before, model)
    net.output(_decoded(after, table, model, memory, length))
    return net.build()


def _encoded(scope: Scope, table: str, model: _Model) -> str:
    x = _embedded(scope, table, model)
    bias = _positions(scope, model)
    inside = replace(scope, repeat=model.encoder)
    y = attention(inside.below("attention"), rms_norm(inside, "norm", x), model.attention, bias)
    x = _sum(inside, "attention.sum", x, y)
    return rms_norm(scope, "final", _fed(inside, x, model))


def _decoded(scope: Scope, table: str, model: _Model, memory: str | None, length: int) -> str:
    x = _embedded(scope, table, model)
    bias = _positions(scope, model)
    inside = replace(scope, repeat=model.decoder)
    y = attention(inside.below("attention"), rms_norm(inside, "norm", x), model.attention, bias)
    x = _sum(inside, "attention.sum", x, y)
    normed = rms_norm(inside, "cross.norm", x)
    y = cross_attention(inside.below("cross"), normed, model.attention, memory, length)
    x = _sum(inside, "cross.sum", x, y)
    x = rms_norm(scope, "final", _fed(inside, x, model))
    if not model.tied:
        return linear(scope, "scores", x, model.vocabulary)
    shape = (scope.rows, model.vocabulary)
    text = "[m,n] += {0}[m,k] * {1}[n,k]"
    return scope.make("scores", text, x, table, shape=shape, operator="Linear")


def _embedded(scope: Scope, table: str, model: _Model) -> str:
    ids = scope.net.input(scope.name("tokens"), (scope.batch, scope.tokens))
    width = model.attention.width
    x = scope.make(
        "embedding", "[b,t,d] = {0}[{1}[b,t],d]", table, ids,
        shape=(scope.batch, scope.tokens, width), operator="Embedding",
    )  # fmt: skip
    return scope.view("rows", x, scope.rows, width)


def _positions(scope: Scope, model: _Model) -> str:
    """Scores by head and distance, one table for all layers of a stack: [h,m,p]."""
    heads = model.attention.heads
    near = scope.weight("position.weight", model.buckets, heads)
    where = scope.table(scope.name("distances"), scope.tokens, scope.reach)
    text = "[h,m,p] = {0}[{1}[m,p],h]"
    shape = (heads, scope.tokens, scope.reach)
    return scope.make("position", text, near, where, shape=shape, operator="Embedding")


def _fed(scope: Scope, x: str, model: _Model) -> str:
    y = feed_forward(scope.below("feed"), rms_norm(scope, "feed.norm", x), model.feed)
    return _sum(scope, "feed.sum", x, y)


def _sum(scope: Scope, name: str, a: str, b: str) -> str:
    shape = scope.net.shape(a)
    return scope.make(name, "[m,d] = {0}[m,d] + {1}[m,d]", a, b, shape=shape, operator="Add")


def _encoder_weights(scope: Scope, model: _Model) -> None:
    """The encoder's weights stay part of a model that only decodes."""
    spec, feed = model.attention, model.feed
    scope.weight("position.weight", model.buckets, spec.heads)
    inside = replace(scope, repeat=model.encoder)
    inner = spec.heads * spec.size
    for part in ("query", "key", "value"):
        inside.weight(f"attention.{part}.weight", inner, spec.width)
    inside.weight("attention.output.weight", spec.width, inner)
    for part in ("gate", "up") if feed.gated else ("up",):
        inside.weight(f"feed.{part}.weight", feed.inner, feed.width)
    inside.weight("feed.down.weight", feed.width, feed.inner)
    for norm in ("norm", "feed.norm"):
        inside.weight(f"{norm}.scale", spec.width)
    scope.weight("final.scale", spec.width)
