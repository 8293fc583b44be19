"""One small config of each architecture: every branch of a family, nothing large."""

from __future__ import annotations

_LLAMA = {
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip
_EXPERTS = {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 12}
_LATENT = _LLAMA | {
    "num_key_value_heads": 4, "kv_lora_rank": 16, "q_lora_rank": 20, "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4, "v_head_dim": 6, "n_routed_experts": 8, "n_shared_experts": 2,
    "num_experts_per_tok": 2, "moe_intermediate_size": 12, "first_k_dense_replace": 1, "n_group": 2,
    "topk_group": 1, "num_hidden_layers": 3, "head_dim": 4,
}  # fmt: skip
_GEMMA = _LLAMA | {"head_dim": 8, "num_hidden_layers": 6, "sliding_window": 16}
_BERT = {
    "vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 64,
}  # fmt: skip
_T5 = {
    "vocab_size": 96, "d_model": 32, "d_kv": 6, "d_ff": 48, "num_layers": 2, "num_heads": 4,
    "num_decoder_layers": 3,
}  # fmt: skip
_FALCON = _LLAMA | {
    "mamba_d_ssm": 48, "mamba_n_heads": 6, "mamba_d_head": 8, "mamba_n_groups": 2,
    "mamba_d_state": 8, "mamba_chunk_size": 8,
}  # fmt: skip
_JAMBA = _LLAMA | {
    "num_hidden_layers": 8, "num_experts": 4, "num_experts_per_tok": 2, "mamba_d_state": 4,
    "mamba_dt_rank": 5, "attn_layer_period": 4, "attn_layer_offset": 2,
}  # fmt: skip

TINY: dict[str, dict[str, object]] = {
    "llama": {"model_type": "llama", **_LLAMA},
    "llama-biased": {"model_type": "llama", **_LLAMA, "attention_bias": True, "mlp_bias": True,
                     "head_dim": 12, "tie_word_embeddings": True},
    "mistral": {"model_type": "mistral", **_LLAMA, "sliding_window": 32},
    "qwen2": {"model_type": "qwen2", **_LLAMA},
    "qwen3": {"model_type": "qwen3", **_LLAMA, "head_dim": 16, "tie_word_embeddings": True},
    "qwen2-moe": {"model_type": "qwen2_moe", **_LLAMA, **_EXPERTS, "num_hidden_layers": 4,
                  "shared_expert_intermediate_size": 20, "mlp_only_layers": [1]},
    "qwen3-moe": {"model_type": "qwen3_moe", **_LLAMA, **_EXPERTS, "head_dim": 8,
                  "decoder_sparse_step": 2, "num_hidden_layers": 4},
    "phi3": {"model_type": "phi3", **_LLAMA, "pad_token_id": 0},
    "gemma": {"model_type": "gemma", **_GEMMA},
    "gemma2": {"model_type": "gemma2", **_GEMMA},
    "gemma3": {"model_type": "gemma3_text", **_GEMMA},
    "mixtral": {"model_type": "mixtral", **_LLAMA, "num_local_experts": 4,
                "num_experts_per_tok": 2},
    "llama4": {"model_type": "llama4_text", **_LLAMA, "num_hidden_layers": 4, "head_dim": 8,
               "num_local_experts": 4, "intermediate_size_mlp": 64, "interleave_moe_layer_step": 2,
               "attention_chunk_size": 32},
    "deepseek-v2": {"model_type": "deepseek_v2", **_LATENT, "q_lora_rank": None},
    "deepseek-v3": {"model_type": "deepseek_v3", **_LATENT},
    "gpt-oss": {"model_type": "gpt_oss", **_LLAMA, "head_dim": 8, "num_local_experts": 4,
                "num_experts_per_tok": 2, "sliding_window": 32},
    "mamba": {"model_type": "mamba", "vocab_size": 96, "hidden_size": 32, "state_size": 8,
              "num_hidden_layers": 2},
    "mamba2": {"model_type": "mamba2", "vocab_size": 96, "hidden_size": 32, "state_size": 8,
               "num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 8,
               "num_hidden_layers": 2},
    "jamba": {"model_type": "jamba", **_JAMBA},
    "falcon-h1": {"model_type": "falcon_h1", **_FALCON},
    "falcon-h1-normed": {"model_type": "falcon_h1", **_FALCON, "mamba_rms_norm": True,
                         "projectors_bias": True, "mamba_d_ssm": None, "mamba_d_head": "auto",
                         "mamba_n_heads": 8},
    "gpt2": {"model_type": "gpt2", "vocab_size": 96, "n_embd": 32, "n_layer": 2, "n_head": 4,
             "n_positions": 64},
    "bert": {"model_type": "bert", **_BERT},
    "roberta": {"model_type": "roberta", **_BERT, "type_vocab_size": 1},
    "vit": {"model_type": "vit", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 4, "image_size": 24, "patch_size": 8,
            "id2label": {str(at): str(at) for at in range(7)}},
    "t5": {"model_type": "t5", **_T5},
    "t5-gated": {"model_type": "t5", **_T5, "feed_forward_proj": "gated-gelu",
                 "tie_word_embeddings": False},
}  # fmt: skip
TOKENS = 24
BATCH = 2
