"""DeepSeek-V2 and V3: latent attention, many small experts beside shared ones.

The extra layers that predict further tokens (`num_nextn_predict_layers`) are left out.
"""

from __future__ import annotations

from cosynth.workload.layers.attention import LatentAttention
from cosynth.workload.layers.experts import Experts
from cosynth.workload.layers.transformer import Block, Decoder
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import (
    Build,
    feed_of,
    language_model,
    layer_count,
)

MODEL_TYPES = ("deepseek_v2", "deepseek_v3")


def read(config: Config) -> Build:
    """The first layers are dense; V3 corrects the choice of experts by a learned bias."""
    third = config.table.get("model_type") == "deepseek_v3"
    width, layers = config.size("hidden_size"), layer_count(config)
    attention = LatentAttention(
        width=width,
        heads=config.size("num_attention_heads"),
        rank=config.size("kv_lora_rank"),
        # `null` says that queries have no latent form, as in the Lite model
        query_rank=config.size("q_lora_rank", 0 if "q_lora_rank" in config.table else 1536),
        plain=config.size("qk_nope_head_dim"),
        rotary=config.size("qk_rope_head_dim"),
        value=config.size("v_head_dim"),
        bias=config.flag("attention_bias", False),
    )
    config.check(attention.rotary % 2 == 0, "qk_rope_head_dim", "is odd; features turn in pairs")
    dense = feed_of(config, width)
    count, chosen = config.size("n_routed_experts"), config.size("num_experts_per_tok")
    config.check(chosen <= count, "num_experts_per_tok", f"{chosen} of {count} experts")
    inner = config.size("moe_intermediate_size")
    mixture = Experts(
        width=width,
        inner=inner,
        count=count,
        chosen=chosen,
        activation=dense.activation,
        correction=third,
        sigmoid=third,
        shared=inner * config.size("n_shared_experts", 0),
    )
    first = config.size("first_k_dense_replace", 0)
    step = config.size("moe_layer_freq", 1)
    spec = Decoder(
        vocabulary=config.size("vocab_size"),
        width=width,
        blocks=tuple(
            Block(mixers=(attention,), feed=dense if at < first or at % step else mixture)
            for at in range(layers)
        ),
        tied=config.flag("tie_word_embeddings", False),
    )
    return language_model(spec, config.size("max_position_embeddings", 4096))
