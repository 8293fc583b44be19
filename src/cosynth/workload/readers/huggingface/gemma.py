"""Gemma 1 to 3: large heads, windows on most layers, norms around each layer, bounded scores.

Of a Gemma 3 that also sees images, the language model is read.
"""

from __future__ import annotations

from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.linear import FeedForward
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    ACTIVATIONS,
    Build,
    by_kind,
    kinds_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("gemma", "gemma2", "gemma3", "gemma3_text")


def read(config: Config) -> Build:
    """Keys that Gemma's own files leave out have the defaults of its code."""
    kind = str(config.table.get("model_type"))
    tied = config.flag("tie_word_embeddings", True)
    if kind == "gemma3":
        config = config.part("text_config")
    later = kind != "gemma"
    third = kind.startswith("gemma3")
    layers = layer_count(config, default=26 if third else None)
    width = config.size("hidden_size")
    heads = config.size("num_attention_heads", 8 if third else None)
    groups = config.size("num_key_value_heads", 4 if third else heads)
    size = config.size("head_dim", 256)
    config.check(
        heads % groups == 0, "num_key_value_heads", f"{groups} groups do not divide {heads} heads"
    )
    config.check(size % 2 == 0, "head_dim", f"{size} is odd; features turn in pairs")
    bias = config.flag("attention_bias", False)
    attention = Attention(
        width=width,
        heads=heads,
        groups=groups,
        size=size,
        bias=bias,
        out_bias=bias,
        rotary=size,
        norm="head" if third else "",
        cap=config.number("attn_logit_softcapping", 0.0 if third else 50.0) if later else 0.0,
    )
    pattern = config.size("sliding_window_pattern", 6 if third else 2)
    kinds = kinds_of(config, layers, lambda at: later and bool((at + 1) % pattern))
    window = config.size("sliding_window", 4096) if later else 0
    key = "hidden_activation" if later or config.has("hidden_activation") else "hidden_act"
    feed = FeedForward(
        width=width,
        inner=config.size("intermediate_size"),
        activation=config.text(key, ACTIVATIONS, "gelu_pytorch_tanh"),
    )
    spec = Decoder(
        vocabulary=config.size("vocab_size", 262_208 if third else 256_000),
        width=width,
        blocks=tuple(
            Block(mixers=(mixer,), feed=feed, placed="around" if later else "before")
            for mixer in by_kind(attention, kinds, window)
        ),
        tied=config.flag("tie_word_embeddings", tied),
        cap=config.number("final_logit_softcapping", 0.0 if third else 30.0) if later else 0.0,
    )
    return language_model(spec, config.size("max_position_embeddings", 8192))
