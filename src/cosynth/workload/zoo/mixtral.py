"""Mixtral 8x7B and 8x22B (arXiv 2401.04088)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _config(layers: int, width: int, inner: int, heads: int, vocabulary: int) -> dict[str, object]:
    return {
        "model_type": "mixtral",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": 8,
        "vocab_size": vocabulary,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
        "max_position_embeddings": 32_768,
    }


CONFIGS: Mapping[str, Mapping[str, object]] = {
    "mixtral-8x7b": _config(32, 4096, 14_336, 32, 32_000),
    "mixtral-8x22b": _config(56, 6144, 16_384, 48, 32_768),
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
