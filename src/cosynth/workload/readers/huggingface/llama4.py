"""Llama 4: experts on some layers, attention in chunks on those with rotary positions.

Of a model that also sees images, the language model is read.
"""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.experts import Experts
from cosynth.workload.layers.linear import FeedForward
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    Build,
    attention_of,
    feed_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("llama4", "llama4_text")


def read(config: Config) -> Build:
    """Layers differ in two ways: dense or with experts, turned by position or not."""
    if config.table.get("model_type") == "llama4":
        config = config.part("text_config")
    width, layers = config.size("hidden_size"), layer_count(config)
    feed = feed_of(config, width)
    dense = replace(feed, inner=config.size("intermediate_size_mlp"))
    count, chosen = config.size("num_local_experts"), config.size("num_experts_per_tok", 1)
    config.check(chosen <= count, "num_experts_per_tok", f"{chosen} of {count} experts")
    mixture = Experts(
        width=width,
        inner=feed.inner,
        count=count,
        chosen=chosen,
        activation=feed.activation,
        sigmoid=True,
        shared=feed.inner,
    )
    step = config.size("interleave_moe_layer_step", 1)
    sparse = set(config.numbers("moe_layers") or range(step - 1, layers, step))
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=tuple(
            _block(mixer, mixture if at in sparse else dense)
            for at, mixer in enumerate(_attentions(config, width, layers))
        ),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 131_072))


def _block(mixer: Attention, feed: FeedForward | Experts) -> Block:
    return Block(mixers=(mixer,), feed=feed)


def _attentions(config: Config, width: int, layers: int) -> list[Attention]:
    bias = config.flag("attention_bias", False)
    still = attention_of(config, width, bias=bias, out_bias=bias)
    turned = replace(
        still,
        norm="plain" if config.flag("use_qk_norm", True) else "",
        chunk=config.size("attention_chunk_size", 0),
    )
    still = replace(still, rotary=0)
    interval = config.size("no_rope_layer_interval", 4)
    turns = config.numbers("no_rope_layers", layers) or tuple(
        int((at + 1) % interval != 0) for at in range(layers)
    )
    return [turned if turn else still for turn in turns]
