"""GPT-2 in its four sizes, and OpenAI's open-weight gpt-oss."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _second(layers: int, width: int, heads: int) -> dict[str, object]:
    return {
        "model_type": "gpt2",
        "n_layer": layers,
        "n_embd": width,
        "n_head": heads,
        "n_positions": 1024,
        "vocab_size": 50_257,
    }


def _open(layers: int, experts: int) -> dict[str, object]:
    return {
        "model_type": "gpt_oss",
        "num_hidden_layers": layers,
        "hidden_size": 2880,
        "intermediate_size": 2880,
        "head_dim": 64,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "vocab_size": 201_088,
        "num_local_experts": experts,
        "num_experts_per_tok": 4,
        "sliding_window": 128,
        "max_position_embeddings": 131_072,
    }


CONFIGS: Mapping[str, Mapping[str, object]] = {
    "gpt2": _second(12, 768, 12),
    "gpt2-medium": _second(24, 1024, 16),
    "gpt2-large": _second(36, 1280, 20),
    "gpt2-xl": _second(48, 1600, 25),
    "gpt-oss-20b": _open(24, 32),
    "gpt-oss-120b": _open(36, 128),
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
