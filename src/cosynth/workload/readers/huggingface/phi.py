"""Phi-3: as Llama, with an optional window and partly rotated heads."""

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

MODEL_TYPES = ("phi3",)


def read(config: Config) -> Build:
    """Its fused projections are the same work as separate ones."""
    width = config.size("hidden_size")
    attention = attention_of(config, width, bias=False, out_bias=False)
    attention = replace(attention, window=config.size("sliding_window", 0))
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=(Block(mixers=(attention,), feed=feed_of(config, width)),) * layer_count(config),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 4096))
