"""Vision transformers with patches of 16 (arXiv 2010.11929), 224 pixels, 1000 classes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _config(layers: int, width: int, patch: int) -> dict[str, object]:
    return {
        "model_type": "vit",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_attention_heads": width // 64,
        "image_size": 224,
        "patch_size": patch,
        "num_labels": 1000,
    }


CONFIGS: Mapping[str, Mapping[str, object]] = {
    "vit-b-16": _config(12, 768, 16),
    "vit-b-32": _config(12, 768, 32),
    "vit-l-16": _config(24, 1024, 16),
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
