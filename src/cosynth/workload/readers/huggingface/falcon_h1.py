"""Falcon-H1: attention and a Mamba-2 mixer side by side in every layer."""

from __future__ import annotations

from cosynth.workload.layers.state_space import Mamba2
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    Build,
    attention_of,
    feed_of,
    language_model,
    layer_count,
)
from cosynth.workload.readers.huggingface.mamba import check_groups

MODEL_TYPES = ("falcon_h1",)


def read(config: Config) -> Build:
    """Both mixers read the same normalised rows; their results are added."""
    width = config.size("hidden_size")
    bias = config.flag("attention_bias", False)
    attention = attention_of(config, width, bias=bias, out_bias=bias)
    inner = config.size("mamba_d_ssm", config.size("mamba_expand", 2) * width)
    heads = config.size("mamba_n_heads", 128)
    config.check(
        inner % heads == 0, "mamba_n_heads", f"{heads} heads do not divide {inner} features"
    )
    automatic = config.table.get("mamba_d_head") == "auto"
    size = max(1, inner // heads)
    size = size if automatic else config.size("mamba_d_head", size)
    config.check(
        size * heads == inner, "mamba_d_head", f"{heads} heads of {size} are not {inner} features"
    )
    mixer = Mamba2(
        width=width,
        heads=heads,
        size=size,
        groups=config.size("mamba_n_groups", 1),
        state=config.size("mamba_d_state", 256),
        kernel=config.size("mamba_d_conv", 4),
        chunk=config.size("mamba_chunk_size", 256),
        bias=config.flag("mamba_proj_bias", False),
        out_bias=config.flag("projectors_bias", False),
        kernel_bias=config.flag("mamba_conv_bias", True),
        norm=config.flag("mamba_rms_norm", False),
    )
    check_groups(config, mixer, "mamba_n_groups")
    feed = feed_of(config, width, bias=config.flag("mlp_bias", False))
    block = Block(mixers=(mixer, attention), feed=feed)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=(block,) * layer_count(config),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 8192))
