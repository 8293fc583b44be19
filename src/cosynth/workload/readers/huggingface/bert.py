"""BERT and RoBERTa: the encoder with its pooler; heads for a task are left out."""

from __future__ import annotations

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.linear import FeedForward, linear
from cosynth.workload.layers.normalisation import layer_norm
from cosynth.workload.layers.scope import Scope
from cosynth.workload.layers.transformer import Block, embedded, stacked
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    ACTIVATIONS,
    Build,
    Request,
    encoder_only,
    layer_count,
    length_of,
)

MODEL_TYPES = ("bert", "roberta")


def read(config: Config) -> Build:
    """Embeddings of token, position and segment; norms after each sum."""
    block = encoder_block(config, placed="after")
    layers = layer_count(config)
    vocabulary, width = config.size("vocab_size"), config.size("hidden_size")
    positions = config.size("max_position_embeddings", 512)
    segments = config.size("type_vocab_size", 2)
    # RoBERTa numbers its positions from the padding token's number on
    usable = positions - 2 if config.table.get("model_type") == "roberta" else positions

    def build(request: Request) -> Workload:
        encoder_only(request)
        tokens = length_of(request, usable, hard=True)
        net = Builder(request.name, source=request.source)
        scope = Scope(net=net, batch=request.batch, tokens=tokens, reach=tokens)
        x = embedded(scope, vocabulary, width, positions)
        seen = scope.view("rows.placed", x, request.batch, tokens, width)
        kinds = net.input("segments", (request.batch, tokens))
        table = scope.weight("segment.weight", segments, width)
        x = scope.make(
            "segment", "[b,t,d] = {0}[b,t,d] + {1}[{2}[b,t],d]", seen, table, kinds,
            shape=(request.batch, tokens, width), operator="Embedding",
        )  # fmt: skip
        x = layer_norm(scope, "norm", scope.view("rows.all", x, scope.rows, width))
        x = stacked(scope.below("layers"), x, [block] * layers)
        net.output(x)
        first = scope.view("first.seen", x, request.batch, tokens, width)
        text = "[b,d] = {0}[b,0,d]"
        shape = (request.batch, width)
        first = scope.make("first", text, first, shape=shape, operator="Slice")
        y = linear(scope, "pooler", first, width, bias=True)
        pooled = scope.make("pooled", "[m,d] = tanh({0}[m,d])", y, shape=shape)
        net.output(pooled)
        return net.build()

    return build


def encoder_block(config: Config, *, placed: str) -> Block:
    """A block with biases and layer norms, as encoders of text and of images have."""
    width, heads = config.size("hidden_size"), config.size("num_attention_heads")
    config.check(width % heads == 0, "num_attention_heads", f"{heads} heads do not divide {width}")
    bias = config.flag("qkv_bias", True)
    attention = Attention(
        width=width, heads=heads, groups=heads, size=max(1, width // heads), bias=bias,
        out_bias=True,
    )  # fmt: skip
    feed = FeedForward(
        width=width,
        inner=config.size("intermediate_size"),
        gated=False,
        activation=config.text("hidden_act", ACTIVATIONS, "gelu"),
        bias=True,
    )
    return Block(mixers=(attention,), feed=feed, norm="layer", placed=placed)
