"""Measure parameters and operations of small models with transformers and torch's flop counter.

    python bench/counts.py            # prints the table
    python bench/counts.py --write    # records it for tests that run without torch

Needs `pip install torch transformers`. Models run on the CPU with random weights, because expert
routing depends on data. Twice the multiply-accumulates is what the counter calls flops.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests/workload/readers/counts.json"
sys.path.insert(0, str(RECORD.parent))


def measured(config: dict[str, object], batch: int, tokens: int) -> dict[str, int]:
    """Parameters, elements of learned buffers, and multiply-accumulates by module kind."""
    import torch
    import transformers
    from torch.utils.flop_counter import FlopCounterMode

    torch.manual_seed(0)
    torch.set_num_threads(1)
    kind = str(config["model_type"])
    settings = transformers.AutoConfig.for_model(**config)
    settings._attn_implementation = "eager"
    settings._experts_implementation = "eager"
    if kind in {"bert", "roberta"}:
        model = transformers.AutoModel.from_config(settings)
    elif kind == "vit":
        model = transformers.AutoModelForImageClassification.from_config(settings)
    elif kind in {"t5", "mt5"}:
        model = transformers.AutoModelForSeq2SeqLM.from_config(settings)
    else:
        model = transformers.AutoModelForCausalLM.from_config(settings)
    model = model.float().eval()
    inputs: dict[str, torch.Tensor] = {}
    if kind == "vit":
        side = settings.image_size
        inputs["pixel_values"] = torch.randn(batch, settings.num_channels, side, side)
    else:
        inputs["input_ids"] = torch.randint(1, 90, (batch, tokens))
        if kind in {"t5", "mt5"}:
            inputs["decoder_input_ids"] = inputs["input_ids"]
        elif kind not in {"bert", "roberta", "mamba", "mamba2"}:
            inputs["use_cache"] = False
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(**inputs)
    by_kind = {str(op): flops for op, flops in counter.get_flop_counts()["Global"].items()}
    convolution = sum(flops for op, flops in by_kind.items() if "conv" in op)
    learned = sum(p.numel() for p in model.parameters())
    corrections = sum(b.numel() for n, b in model.named_buffers() if "correction_bias" in n)
    return {
        "parameters": learned,
        "corrections": corrections,
        "products": (counter.get_total_flops() - convolution) // 2,
        "convolutions": convolution // 2,
    }


def main() -> None:
    """Measure every small architecture."""
    from architectures import BATCH, TINY, TOKENS

    found = {name: measured(config, BATCH, TOKENS) for name, config in TINY.items()}
    for name, counts in found.items():
        print(f"{name:20s}", *(f"{key} {value:,}" for key, value in counts.items()))
    if "--write" in sys.argv:
        RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
