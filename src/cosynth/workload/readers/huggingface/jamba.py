"""Jamba: a few attention layers among Mamba ones, experts on every other layer."""

from __future__ import annotations

from dataclasses import replace

from cosynth.workload.layers.experts import Experts
from cosynth.workload.layers.state_space import Mamba
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    Build,
    attention_of,
    feed_of,
    language_model,
    layer_count,
)
from cosynth.workload.readers.huggingface.mamba import rank_of

MODEL_TYPES = ("jamba",)


def read(config: Config) -> Build:
    """Attention knows no positions; the scan around it does."""
    width, layers = config.size("hidden_size"), layer_count(config)
    attention = replace(attention_of(config, width, bias=False, out_bias=False), rotary=0)
    mixer = Mamba(
        width=width,
        inner=config.size("mamba_expand", 2) * width,
        state=config.size("mamba_d_state", 16),
        kernel=config.size("mamba_d_conv", 4),
        rank=rank_of(config, "mamba_dt_rank", width),
        bias=config.flag("mamba_proj_bias", False),
        kernel_bias=config.flag("mamba_conv_bias", True),
        norms=True,
    )
    dense = feed_of(config, width)
    count, chosen = config.size("num_experts", 16), config.size("num_experts_per_tok", 2)
    config.check(
        chosen <= count or count == 1, "num_experts_per_tok", f"{chosen} of {count} experts"
    )
    mixture = Experts(
        width=width, inner=dense.inner, count=count, chosen=min(chosen, count),
        activation=dense.activation,
    )  # fmt: skip
    attends = _every(config, "attn_layer", 8, 4)
    mixes = _every(config, "expert_layer", 2, 1)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=tuple(
            Block(
                mixers=(attention if at % attends[0] == attends[1] else mixer,),
                feed=mixture if count > 1 and at % mixes[0] == mixes[1] else dense,
            )
            for at in range(layers)
        ),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 262_144))


def _every(config: Config, name: str, period: int, offset: int) -> tuple[int, int]:
    period = config.size(f"{name}_period", period)
    key = f"{name}_offset"
    offset = 0 if config.table.get(key) == 0 else config.size(key, offset)
    config.check(offset < period, key, f"{offset} is not below the period {period}")
    return period, offset
