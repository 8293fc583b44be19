"""GPT-2: learned positions, layer norms, biases everywhere."""

from __future__ import annotations

from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.linear import FeedForward
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    ACTIVATIONS,
    Build,
    language_model,
    layer_count,
)

MODEL_TYPES = ("gpt2",)


def read(config: Config) -> Build:
    """The head shares the embedding's weights."""
    width, heads = config.size("n_embd"), config.size("n_head")
    config.check(width % heads == 0, "n_head", f"{heads} heads do not divide {width}")
    attention = Attention(
        width=width, heads=heads, groups=heads, size=max(1, width // heads), bias=True,
        out_bias=True,
    )  # fmt: skip
    feed = FeedForward(
        width=width,
        inner=config.size("n_inner", 4 * width),
        gated=False,
        activation=config.text("activation_function", ACTIVATIONS, "gelu_new"),
        bias=True,
    )
    positions = config.size("n_positions", 1024)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=(Block(mixers=(attention,), feed=feed, norm="layer"),)
        * layer_count(config, "n_layer"),
        tied=config.flag("tie_word_embeddings", True),
        norm="layer",
        positions=positions,
    )
    return language_model(spec, positions)
