"""Mamba and Mamba-2: state-space mixers alone, no attention and no feed-forward layers."""

from __future__ import annotations

from cosynth.workload.layers.state_space import Mamba, Mamba2
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import Build, language_model, layer_count

MODEL_TYPES = ("mamba", "mamba2")


def read(config: Config) -> Build:
    """Inner features are `expand` times the width."""
    second = config.table.get("model_type") == "mamba2"
    width = config.size("hidden_size")
    mixer = _second(config, width) if second else _first(config, width)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=(Block(mixers=(mixer,)),) * layer_count(config),
        tied=config.flag("tie_word_embeddings", not second),
    )
    return language_model(spec, 2048)


def rank_of(config: Config, key: str, width: int) -> int:
    """The rank of the step's projection; `auto` is a sixteenth of the width, rounded up."""
    usual = -(-width // 16)
    return usual if config.table.get(key) == "auto" else config.size(key, usual)


def _first(config: Config, width: int) -> Mamba:
    return Mamba(
        width=width,
        inner=int(config.number("expand", 2) * width),
        state=config.size("state_size", 16),
        kernel=config.size("conv_kernel", 4),
        rank=rank_of(config, "time_step_rank", width),
        bias=config.flag("use_bias", False),
        kernel_bias=config.flag("use_conv_bias", True),
    )


def _second(config: Config, width: int) -> Mamba2:
    bias = config.flag("use_bias", False)
    mixer = Mamba2(
        width=width,
        heads=config.size("num_heads"),
        size=config.size("head_dim", 64),
        groups=config.size("n_groups", 8),
        state=config.size("state_size", 128),
        kernel=config.size("conv_kernel", 4),
        chunk=config.size("chunk_size", 256),
        bias=bias,
        out_bias=bias,
        kernel_bias=config.flag("use_conv_bias", True),
    )
    inner = int(config.number("expand", 2) * width)
    config.check(
        mixer.inner == inner,
        "num_heads",
        f"{mixer.heads} heads of {mixer.size} are {mixer.inner} features, not the {inner} that "
        f"expand makes of {width}",
    )
    check_groups(config, mixer, "n_groups")
    return mixer


def check_groups(config: Config, mixer: Mamba2, key: str) -> None:
    """Note groups that do not divide the heads."""
    config.check(
        mixer.heads % mixer.groups == 0,
        key,
        f"{mixer.groups} groups do not divide {mixer.heads} heads",
    )
