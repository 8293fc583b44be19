"""Qwen 2 and 3, dense and with experts."""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload.layers.experts import Experts
from cosynth.workload.layers.linear import FeedForward
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    ACTIVATIONS,
    Build,
    attention_of,
    by_kind,
    feed_of,
    kinds_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("qwen2", "qwen2_moe", "qwen3", "qwen3_moe")


def read(config: Config) -> Build:
    """Qwen 2 has biases on queries, keys and values; Qwen 3 normalises queries and keys."""
    kind = config.table.get("model_type")
    third = kind in {"qwen3", "qwen3_moe"}
    width, layers = config.size("hidden_size"), layer_count(config)
    bias = config.flag("attention_bias", False) if third else config.flag("qkv_bias", True)
    attention = attention_of(config, width, bias=bias, out_bias=third and bias)
    if third:
        attention = replace(attention, norm="head")
        if not config.has("head_dim"):
            attention = replace(attention, size=128, rotary=128)
    window = config.size("sliding_window", 4096) if config.flag("use_sliding_window", False) else 0
    first = config.size("max_window_layers", 28)
    kinds = kinds_of(config, layers, lambda at: bool(window) and at >= first)
    dense = feed_of(config, width)
    feeds: list[FeedForward | Experts] = [dense] * layers
    if kind in {"qwen2_moe", "qwen3_moe"}:
        feeds = _sparse(config, dense, layers, shared=not third)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=tuple(
            Block(mixers=(mixer,), feed=feed)
            for mixer, feed in zip(by_kind(attention, kinds, window), feeds, strict=True)
        ),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 32768))


def _sparse(
    config: Config, dense: FeedForward, layers: int, *, shared: bool
) -> list[FeedForward | Experts]:
    step = config.size("decoder_sparse_step", 1)
    plain = set(config.numbers("mlp_only_layers") or ())
    count = config.size("num_experts")
    chosen = config.size("num_experts_per_tok")
    config.check(chosen <= count, "num_experts_per_tok", f"{chosen} of {count} experts")
    mixture = Experts(
        width=dense.width,
        inner=config.size("moe_intermediate_size"),
        count=count,
        chosen=chosen,
        activation=config.text("hidden_act", ACTIVATIONS, "silu"),
        shared=config.size("shared_expert_intermediate_size") if shared else 0,
        shared_gate=shared,
    )
    return [dense if at in plain or (at + 1) % step else mixture for at in range(layers)]
