"""Mamba-2 language models (arXiv 2405.21060), by their published sizes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _config(layers: int, width: int) -> dict[str, object]:
    return {
        "model_type": "mamba2",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_heads": width // 32,  # expand 2, heads of 64
        "head_dim": 64,
        "n_groups": 1,
        "state_size": 128,
        "vocab_size": 50_288,
        "tie_word_embeddings": True,
    }


CONFIGS: Mapping[str, Mapping[str, object]] = {
    "mamba-2-130m": _config(24, 768),
    "mamba-2-370m": _config(48, 1024),
    "mamba-2-780m": _config(48, 1536),
    "mamba-2-1.3b": _config(48, 2048),
    "mamba-2-2.7b": _config(64, 2560),
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
