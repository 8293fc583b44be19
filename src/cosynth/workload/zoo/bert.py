"""BERT (arXiv 1810.04805), uncased."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _config(layers: int, width: int) -> dict[str, object]:
    return {
        "model_type": "bert",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_attention_heads": width // 64,
        "vocab_size": 30_522,
        "max_position_embeddings": 512,
    }


CONFIGS: Mapping[str, Mapping[str, object]] = {
    "bert-base": _config(12, 768),
    "bert-large": _config(24, 1024),
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
