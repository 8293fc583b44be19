"""Measure parameters and operations of models with transformers and torch's flop counter.

    python bench/counts.py            # prints the tables
    python bench/counts.py --write    # records them for tests that run without torch

Needs `pip install torch==2.13.0 transformers==5.23.0`. Small models of every architecture run on
the CPU with random weights, because expert routing depends on data; the zoo's run on the meta
device, without weights, those with experts only to count parameters. The counter's flops are twice
the multiply-accumulates.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests/workload/readers/counts.json"
ZOO = ROOT / "tests/workload/zoo/counts.json"
sys.path.insert(0, str(RECORD.parent))


def measured(config: dict[str, object], batch: int, tokens: int, device: str) -> dict[str, int]:
    """Parameters, elements of learned buffers, and multiply-accumulates by kind of operator."""
    import torch
    import transformers
    from torch.utils.flop_counter import FlopCounterMode

    transformers.logging.set_verbosity_error()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    kind = str(config["model_type"])
    settings = transformers.AutoConfig.for_model(**config)
    settings._attn_implementation = "eager"
    settings._experts_implementation = "eager"
    special = {
        "bert": transformers.AutoModel,
        "roberta": transformers.AutoModel,
        "vit": transformers.AutoModelForImageClassification,
        "t5": transformers.AutoModelForSeq2SeqLM,
    }
    with torch.device(device):
        model = special.get(kind, transformers.AutoModelForCausalLM).from_config(settings)
        model = model.float().eval()
        inputs: dict[str, torch.Tensor] = {}
        if kind == "vit":
            side = settings.image_size
            inputs["pixel_values"] = torch.zeros(batch, 3, side, side)
        else:
            inputs["input_ids"] = torch.randint(1, 90, (batch, tokens))
        if kind == "t5":
            inputs["decoder_input_ids"] = inputs["input_ids"]
        elif device == "cpu" and kind not in {"vit", "bert", "roberta", "mamba", "mamba2"}:
            inputs["use_cache"] = False
        counts = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "corrections": sum(
                b.numel() for n, b in model.named_buffers() if "correction_bias" in n
            ),
        }
        if device == "meta" and any("experts" in name for name, _ in model.named_modules()):
            return counts
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(**inputs)
    by_kind = {str(op): flops for op, flops in counter.get_flop_counts()["Global"].items()}
    inside = sum(flops for op, flops in by_kind.items() if "conv" in op)
    return counts | {
        "products": (counter.get_total_flops() - inside) // 2,
        "convolutions": inside // 2,
    }


def zoo_configs() -> dict[str, dict[str, object]]:
    """Configs of the zoo's transformers."""
    import importlib

    families = ("bert", "deepseek", "gpt", "llama", "mamba", "mixtral", "t5", "vit")
    modules = [importlib.import_module(f"cosynth.workload.zoo.{name}") for name in families]
    return {name: dict(config) for m in modules for name, config in m.CONFIGS.items()}


def main() -> None:
    """Measure every small architecture, and the zoo."""
    from architectures import BATCH, TINY, TOKENS

    small = {name: measured(config, BATCH, TOKENS, "cpu") for name, config in TINY.items()}
    large = {name: measured(config, 1, 512, "meta") for name, config in zoo_configs().items()}
    for path, found in {RECORD: small, ZOO: large}.items():
        for name, counts in found.items():
            print(f"{name:20s}", *(f"{key} {value:,}" for key, value in counts.items()))
        if "--write" in sys.argv:
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
