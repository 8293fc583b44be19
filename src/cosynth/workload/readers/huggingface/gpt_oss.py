"""gpt-oss: windows on every other layer, a sink a head, experts with biases."""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload.layers.experts import Experts
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    Build,
    attention_of,
    by_kind,
    kinds_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("gpt_oss",)


def read(config: Config) -> Build:
    """Its bounded gate counts as a gated gelu: `gate * sigmoid(1.702 * gate)`."""
    width, layers = config.size("hidden_size"), layer_count(config)
    bias = config.flag("attention_bias", True)
    attention = replace(attention_of(config, width, bias=bias, out_bias=bias), sinks=True)
    window = config.size("sliding_window", 128)
    kinds = kinds_of(config, layers, lambda at: at % 2 == 0)
    count = config.size("num_local_experts")
    chosen = config.size("num_experts_per_tok", config.size("experts_per_token", 4))
    config.check(chosen <= count, "num_experts_per_tok", f"{chosen} of {count} experts")
    mixture = Experts(
        width=width,
        inner=config.size("intermediate_size"),
        count=count,
        chosen=chosen,
        activation="quick_gelu",
        bias=True,
        router_bias=True,
    )
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=tuple(
            Block(mixers=(mixer,), feed=mixture) for mixer in by_kind(attention, kinds, window)
        ),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 131_072))
