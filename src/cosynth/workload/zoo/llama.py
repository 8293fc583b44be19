"""Llama 2 and 3, and Mistral 7B (arXiv 2307.09288, 2407.21783, 2310.06825)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _config(layers: int, width: int, inner: int, heads: int, groups: int) -> dict[str, object]:
    return {
        "model_type": "llama",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "vocab_size": 32_000,
        "max_position_embeddings": 4096,
    }


_THIRD = {"vocab_size": 128_256, "max_position_embeddings": 131_072}
_SMALL = _THIRD | {"tie_word_embeddings": True}
CONFIGS: Mapping[str, Mapping[str, object]] = {
    "llama-2-7b": _config(32, 4096, 11_008, 32, 32),
    "llama-2-13b": _config(40, 5120, 13_824, 40, 40),
    "llama-2-70b": _config(80, 8192, 28_672, 64, 8),
    "llama-3.1-8b": _config(32, 4096, 14_336, 32, 8) | _THIRD,
    "llama-3.1-70b": _config(80, 8192, 28_672, 64, 8) | _THIRD,
    "llama-3.1-405b": _config(126, 16_384, 53_248, 128, 8) | _THIRD,
    "llama-3.2-1b": _config(16, 2048, 8192, 32, 8) | _SMALL,
    "llama-3.2-3b": _config(28, 3072, 8192, 24, 8) | _SMALL,
    "mistral-7b": _config(32, 4096, 14_336, 32, 8)
    | {"model_type": "mistral", "max_position_embeddings": 32_768, "sliding_window": 4096},
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
