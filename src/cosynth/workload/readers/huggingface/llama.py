"""Llama 1 to 3 and Mistral: grouped attention, gated feed-forward, root-mean-square norms."""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    Build,
    attention_of,
    feed_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("llama", "mistral")


def read(config: Config) -> Build:
    """A stack of equal blocks; Mistral's may see a window of positions."""
    width = config.size("hidden_size")
    bias = config.flag("attention_bias", False)
    attention = attention_of(config, width, bias=bias, out_bias=bias)
    if config.table.get("model_type") == "mistral":
        attention = replace(attention, window=config.size("sliding_window", 0))
    feed = feed_of(config, width, bias=config.flag("mlp_bias", False))
    block = Block(mixers=(attention,), feed=feed)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=(block,) * layer_count(config),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 2048))
