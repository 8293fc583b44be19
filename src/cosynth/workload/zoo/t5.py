"""T5 in its three smaller sizes (arXiv 1910.10683)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cosynth.workload.readers.huggingface import build
from cosynth.workload.zoo import Build


def _config(layers: int, width: int, inner: int, heads: int) -> dict[str, object]:
    return {
        "model_type": "t5",
        "num_layers": layers,
        "d_model": width,
        "d_ff": inner,
        "d_kv": 64,
        "num_heads": heads,
        "vocab_size": 32_128,
    }


CONFIGS: Mapping[str, Mapping[str, object]] = {
    "t5-small": _config(6, 512, 2048, 8),
    "t5-base": _config(12, 768, 3072, 12),
    "t5-large": _config(24, 1024, 4096, 16),
}
MODELS: Mapping[str, Build] = {
    name: partial(build, config, name=name) for name, config in CONFIGS.items()
}
