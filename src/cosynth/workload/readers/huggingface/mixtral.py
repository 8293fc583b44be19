"""Mixtral: Llama's attention with a mixture of experts in every layer."""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload.layers.experts import Experts
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    ACTIVATIONS,
    Build,
    attention_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("mixtral",)


def read(config: Config) -> Build:
    """Two of eight experts a token, in the model that was published."""
    width = config.size("hidden_size")
    attention = attention_of(config, width, bias=False, out_bias=False)
    attention = replace(attention, window=config.size("sliding_window", 0))
    count, chosen = config.size("num_local_experts"), config.size("num_experts_per_tok")
    config.check(chosen <= count, "num_experts_per_tok", f"{chosen} of {count} experts")
    mixture = Experts(
        width=width,
        inner=config.size("intermediate_size"),
        count=count,
        chosen=chosen,
        activation=config.text("hidden_act", ACTIVATIONS, "silu"),
    )
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=(Block(mixers=(attention,), feed=mixture),) * layer_count(config),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 32768))
