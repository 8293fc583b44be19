"""Hugging Face configs against transformers' own models, closed forms, and damage."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from pathlib import Path

import pytest
from architectures import BATCH, TINY, TOKENS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosynth import format as formats
from cosynth.errors import CosynthError, SpecError
from cosynth.workload import Workload
from cosynth.workload.passes import groups, merge, with_batch
from cosynth.workload.readers import huggingface
from cosynth.workload.readers.huggingface.quantisation import METHODS, WIDTHS
from cosynth.workload.zoo import Options

COUNTS = json.loads((Path(__file__).parent / "counts.json").read_text(encoding="utf-8"))
CAUSAL = sorted(set(TINY) - {"bert", "roberta", "vit", "t5", "t5-gated"})


def built(name: str, phase: str | None = None, length: int = TOKENS, **changes: object) -> Workload:
    options = Options(batch=BATCH, phase=phase, length=None if name == "vit" else length)
    return huggingface.build(TINY[name] | changes, options, name=name)


def convolutions(workload: Workload) -> int:
    return sum(e.operations for e in workload.einsums if e.operator == "Conv")


def scan_difference(
    layers: int, heads: int, size: int, groups: int, state: int, chunk: int = 8
) -> int:
    """What transformers' reference of the state-space scan does more than the chunked algorithm.

    It copies each group to all of its heads before scoring, and passes states between chunks by a
    product of all pairs of chunks, zero state included, instead of one multiplication and one sum.
    """
    chunks = math.ceil(TOKENS / chunk)
    scores = chunks * chunk * chunk * state * (heads - groups)
    passing = (chunks + 1) ** 2 * heads * size * state
    return BATCH * layers * (scores + passing)


# Where our convention differs from what transformers 5.23 runs: ours less theirs, term by term.
WINDOW = BATCH * 4 * 8 * TOKENS * (TOKENS - 16) * 2  # one layer; it masks, we leave out
DIFFERENT_PRODUCTS = {
    "gemma2": -3 * WINDOW,  # three of six layers slide
    "gemma3": -5 * WINDOW,  # five of six
    # every expert works on every token there, with zeros where it was not chosen: 3 of 4 idle
    "llama4": -2 * 3 * (BATCH * TOKENS) * 3 * 32 * 48,
    "mamba2": -scan_difference(2, heads=8, size=8, groups=2, state=8),
    "falcon-h1": -scan_difference(2, heads=6, size=8, groups=2, state=8),
    "falcon-h1-normed": -scan_difference(2, heads=8, size=8, groups=2, state=8),
}
# A causal convolution is run there with padding on both ends; the end is thrown away.
KERNEL = 4 * 3 * BATCH
DIFFERENT_CONVOLUTIONS = {
    "mamba": -KERNEL * 2 * 64,
    "mamba2": -KERNEL * 2 * (64 + 2 * 2 * 8),
    "jamba": -KERNEL * 6 * 64,
    "falcon-h1": -KERNEL * 2 * (48 + 2 * 2 * 8),
    "falcon-h1-normed": -KERNEL * 2 * (64 + 2 * 2 * 8),
}
# T5 v1.1's published weights have a head of their own, as its config says; transformers ties it.
DIFFERENT_PARAMETERS = {"t5-gated": 96 * 32}


@pytest.mark.parametrize("name", TINY)
def test_parameters_are_those_of_the_model_in_transformers(name: str) -> None:
    # the correction of DeepSeek-V3's router is learned, but held there as a buffer
    expected = COUNTS[name]["parameters"] + COUNTS[name]["corrections"]
    assert built(name).parameters == expected + DIFFERENT_PARAMETERS.get(name, 0)


@pytest.mark.parametrize("name", TINY)
def test_operations_are_those_that_torch_counts(name: str) -> None:
    workload = built(name)
    inside = convolutions(workload)
    expected = COUNTS[name]["convolutions"] + DIFFERENT_CONVOLUTIONS.get(name, 0)
    assert inside == expected
    expected = COUNTS[name]["products"] + DIFFERENT_PRODUCTS.get(name, 0)
    assert workload.operations - inside == expected


def test_every_model_type_is_measured() -> None:
    measured = {str(config["model_type"]) for config in TINY.values()}
    # these are others of the list under another wrapping
    assert set(huggingface.model_types()) - measured == {"gemma3", "llama4", "mt5"}


@pytest.mark.slow  # about a minute: importing transformers and running 27 models
def test_the_recorded_counts_are_still_what_transformers_gives() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    path = Path(__file__).parents[3] / "bench/counts.py"
    spec = importlib.util.spec_from_file_location("counts", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["counts"] = module
    spec.loader.exec_module(module)
    for name, config in TINY.items():
        assert module.measured(config, BATCH, TOKENS, "cpu") == COUNTS[name], name


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("length", [1, 24, 40])
def test_prefill_and_decode_leave_the_same_state(name: str, length: int) -> None:
    kept = built(name, "prefill", length).elements("state")
    assert built(name, "decode", length).elements("state") == kept
    assert built(name, None, length).elements("state") == 0


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_parameters_are_the_same_in_every_phase(name: str, phase: str) -> None:
    if phase == "decode" and name in {"bert", "roberta", "vit"}:
        return
    assert built(name, phase).parameters == built(name).parameters


@pytest.mark.parametrize("name", TINY)
def test_a_training_step_is_three_forward_passes_less_what_no_weight_needs(name: str) -> None:
    forward, step = built(name), built(name, "train")
    # pixels have no gradient; everything else starts from learned embeddings
    first = sum(e.operations for e in forward.einsums if "pixels" in {a.tensor for a in e.inputs})
    assert step.operations == 3 * forward.operations - first
    assert step.parameters == forward.parameters


@pytest.mark.parametrize(
    ("name", "phase"),
    [*((name, None) for name in TINY), *((name, "decode") for name in CAUSAL),
     *((name, "train") for name in ("deepseek-v3", "jamba", "gpt-oss", "t5", "vit"))],
)  # fmt: skip
def test_groups_and_classes_keep_every_operation(name: str, phase: str | None) -> None:
    workload = built(name, phase)
    order = groups(workload)
    place = {at: turn for turn, group in enumerate(order) for at in group}
    assert all(place[a] <= place[b] for a, b in workload.edges())
    total = sum(
        count * workload.einsums[at].operations for group, count in merge(workload) for at in group
    )
    assert total == workload.operations


@pytest.mark.parametrize("name", ["llama", "gemma3", "deepseek-v3", "gpt2", "t5", "mamba", "vit"])
@pytest.mark.parametrize("phase", [None, "decode"])
def test_the_batch_can_be_changed_afterwards(name: str, phase: str | None) -> None:
    if (name, phase) == ("vit", "decode"):
        return
    config = dict(TINY[name]) | ({"n_routed_experts": 1, "num_experts_per_tok": 1, "n_group": 1}
                                 if name == "deepseek-v3" else {})  # fmt: skip
    if name == "deepseek-v3":
        config["first_k_dense_replace"] = 3  # experts are shared out anew for another batch
    length = None if name == "vit" else TOKENS
    small, large = (
        huggingface.build(config, Options(batch=b, phase=phase, length=length), name=name)
        for b in (1, 3)
    )
    changed = with_batch(small, 3)
    assert (changed.operations, changed.parameters) == (large.operations, large.parameters)
    assert changed.elements("state") == large.elements("state")


def llama_cache(length: int) -> int:
    return 2 * BATCH * length * 2 * (2 * 8)  # keys and values, layers, groups of 8


@pytest.mark.parametrize("length", [1, 7, 24])
def test_a_cache_holds_keys_and_values_of_every_position(length: int) -> None:
    assert built("llama", "decode", length).elements("state") == llama_cache(length)


def test_decoding_reads_one_position_and_attends_to_all() -> None:
    linear = BATCH * (COUNTS["llama"]["parameters"] - 96 * 32 - 5 * 32)  # no embedding, no norms
    attention = 2 * BATCH * 2 * 32 * 50
    assert built("llama", "decode", 50).operations == linear + attention


def test_prefill_scores_the_last_position_alone() -> None:
    saved = BATCH * (TOKENS - 1) * 32 * 96
    assert built("llama", "prefill").operations == built("llama").operations - saved


@pytest.mark.parametrize(("length", "seen"), [(10, 10), (32, 32), (33, 32), (500, 32)])
def test_a_sliding_window_bounds_cache_and_scores(length: int, seen: int) -> None:
    step = built("mistral", "decode", length)
    assert step.elements("state") == llama_cache(seen)
    scores = next(e for e in step.einsums if e.name.endswith("scores"))
    assert scores.sizes["p"] == seen
    whole = built("mistral", "prefill", length)
    assert next(e for e in whole.einsums if e.name.endswith("scores")).sizes["p"] == seen
    assert whole.elements("state") == llama_cache(seen)


def test_attention_in_chunks_stays_inside_them() -> None:
    whole = built("llama4", length=80)
    chunked = [e for e in whole.einsums if e.name.endswith("attention.scores")]
    assert {e.sizes["p"] for e in chunked} == {32, 80}
    assert any("m//32*32+p" in str(e) for e in chunked)


def test_latent_attention_keeps_the_latent_alone() -> None:
    each = 3 * BATCH * (16 + 4)
    assert built("deepseek-v3", "decode", 50).elements("state") == 50 * each
    step = built("deepseek-v3", "decode", 50)
    assert not any(e.sizes.get("p") == 50 and e.operator == "Linear" for e in step.einsums)


@pytest.mark.parametrize(("tokens", "busy"), [(1, 2), (2, 4), (4, 4), (5, 4)])
def test_experts_work_evenly_and_all_slots_are_counted(tokens: int, busy: int) -> None:
    options = Options(length=tokens)
    workload = huggingface.build(TINY["mixtral"], options, name="mixtral")
    gate = next(e for e in workload.einsums if e.name.endswith("feed.gate"))
    assert gate.operations == 2 * tokens * 2 * 32 * 48
    weights = next(a for a in gate.inputs if a.tensor.endswith("weight"))
    (term,) = weights.indices[0].terms
    assert (gate.sizes["s"] - 1) // term.divisor + 1 == math.ceil(2 * tokens / term.divisor) <= busy


def test_equal_layers_are_one_einsum_however_many() -> None:
    few, many = built("llama"), built("llama", num_hidden_layers=126)
    assert len(few.einsums) == len(many.einsums) == 26
    head = BATCH * TOKENS * 32 * 96
    assert many.operations - head == 63 * (few.operations - head)


@pytest.mark.parametrize(("inner", "outer"), [("gemma3", "gemma3"), ("llama4", "llama4")])
def test_the_language_model_of_one_that_sees_is_read(inner: str, outer: str) -> None:
    config = {"model_type": outer, "text_config": TINY[inner], "vision_config": {}}
    whole = huggingface.build(config, Options(length=TOKENS, batch=BATCH), name=inner)
    assert whole == built(inner)


@pytest.mark.parametrize(
    ("name", "method", "stored"),
    [
        ("gpt-oss", {"quant_method": "mxfp4"}, "mxfp4"),
        ("deepseek-v3", {"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8_e4m3fn"),
        ("llama", {"quant_method": "gptq", "bits": 4, "group_size": 128}, "int4_g128"),
        ("llama", {"quant_method": "awq", "bits": 8}, "int8"),
        ("llama", {"quant_method": "bitnet"}, "ternary"),
    ],
)
@pytest.mark.parametrize("phase", ["decode", "train"])
def test_quantised_weights_have_their_format(
    name: str, method: dict[str, object], stored: str, phase: str
) -> None:
    workload = built(name, phase, quantization_config=method)
    weights = {t.name: t.format for t in workload.tensors if t.role == "weight" and not t.view_of}
    quantised = {n for n, f in weights.items() if f == stored}
    assert set(weights.values()) == {stored, None}
    experts = {n for n in weights if n.endswith(("gate.weight", "up.weight", "down.weight"))}
    assert quantised == experts if stored == "mxfp4" else quantised > experts
    assert not quantised.intersection({"embedding.weight", "scores.weight"})
    assert not any("router" in n or "scale" in n or "bias" in n for n in quantised)
    assert workload.operations == built(name, phase).operations


def test_the_formats_of_quantised_models_are_known() -> None:
    widths = {f"int{bits}" for bits in WIDTHS} | {"int4_g128"}
    assert widths | (set(METHODS.values()) - {"int"}) <= set(formats.names())


def test_a_file_is_named_after_its_folder_or_itself(tmp_path: Path) -> None:
    path = tmp_path / "tiny-llama" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(TINY["llama"]), encoding="utf-8")
    workload = huggingface.read(path, Options(length=8))
    assert (workload.name, workload.source) == ("tiny-llama", str(path))
    path.write_text(json.dumps(TINY["llama"] | {"_name_or_path": "own/name"}), encoding="utf-8")
    assert huggingface.read(path, Options(length=8)).name == "own/name"


def mistakes(name: str, **changes: object) -> str:
    with pytest.raises(SpecError) as caught:
        huggingface.build(TINY[name] | changes, Options(), name="m", source="config.json")
    return str(caught.value)


def test_all_mistakes_are_told_at_once_wrong() -> None:
    config = dict(TINY["llama"]) | {"num_hidden_layers": -2, "attention_bias": "yes"}
    config["hidden_sise"] = config.pop("hidden_size")
    with pytest.raises(SpecError) as caught:
        huggingface.build(config, Options(), name="m", source="config.json")
    assert caught.value.problems == (
        "config.json: hidden_size: required, absent (a whole number); did you mean 'hidden_sise'?",
        "config.json: attention_bias: 'yes' is not true or false",
        "config.json: num_hidden_layers: -2 is not a number from 1 to 10,000",
    )


@pytest.mark.parametrize(
    ("name", "changes", "text"),
    [
        ("llama", {"num_attention_heads": 5}, "num_attention_heads: 5 heads do not divide 32"),
        ("llama", {"num_key_value_heads": 3}, "num_key_value_heads: 3 groups do not divide 4"),
        ("llama", {"head_dim": 7}, "head_dim: rotates 7 of 7 features of a head: an even number"),
        ("llama", {"vocab_size": 10**40}, "vocab_size: 1.000e+40 is not a number from 1 to 100,"),
        ("llama", {"vocab_size": float("nan")}, "vocab_size: nan is not a whole number"),
        ("llama", {"vocab_size": None}, "vocab_size: is null (a whole number)"),
        ("llama", {"hidden_act": "silo"}, "hidden_act: 'silo' is not one of"),
        ("gemma3", {"layer_types": ["full_attention"]}, "layer_types: has 1 entries for 6 layers"),
        ("gemma3", {"layer_types": ["sliding"] * 6}, "layer_types[0]: 'sliding' is not one of"),
        ("mixtral", {"num_experts_per_tok": 9}, "num_experts_per_tok: 9 of 4 experts"),
        ("mamba2", {"num_heads": 9}, "num_heads: 9 heads of 8 are 72 features, not the 64 that"),
        ("jamba", {"attn_layer_offset": 4}, "attn_layer_offset: 4 is not below the period 4"),
        ("gemma3", {"text_config": 3, "model_type": "gemma3"}, "text_config: 3 is not a table"),
        ("llama", {"quantization_config": {"quant_method": "fp9"}}, "'fp9' cannot be read; did"),
        (
            "llama",
            {"quantization_config": {"quant_method": "awq", "bits": 5}},
            "bits: 5 is not one",
        ),
        ("vit", {"patch_size": 48}, "patch_size: 48 is more than the image's 24"),
    ],
)
def test_mistakes_name_their_key_wrong(name: str, changes: dict[str, object], text: str) -> None:
    assert text in mistakes(name, **changes)


def test_a_format_that_no_weight_can_have_wrong() -> None:
    problem = mistakes("llama", quantization_config={"quant_method": "mxfp4"})
    assert problem == "m: quantization_config: no weight of this model can be mxfp4"


def test_an_unknown_architecture_lists_the_near_ones_wrong() -> None:
    assert mistakes("llama", model_type="qwen4_moe") == (
        "config.json: model_type: unknown architecture 'qwen4_moe'; the nearest that can be read: "
        "qwen3_moe, qwen2_moe"
        ", qwen3, qwen2"
    )
    assert "unknown architecture 'zzz'; known: bert, deepseek_v2" in mistakes(
        "gpt2", model_type="zzz"
    )
    assert "model_type: required, absent (one of bert" in mistakes("gpt2", model_type=None)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("bert", Options(phase="decode"), "an encoder reads everything at once and has no decode"),
        ("vit", Options(phase="decode"), "an encoder reads everything at once and has no decode"),
        ("vit", Options(image=99), "its 10 positions are learned for images of 24"),
        ("gpt2", Options(length=65), "65 tokens do not fit: it has 64 learned positions"),
        ("llama", Options(image=224), "reads no images; leave out image:224"),
    ],
)
def test_requests_that_do_not_fit_wrong(name: str, options: Options, text: str) -> None:
    with pytest.raises(SpecError) as caught:
        huggingface.build(TINY[name], options, name=name)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"model_type": "llama", ', "not valid JSON: line 1, column 25"),
        (b"[1, 2]", "expected a table of keys, found a list"),
        (b"", "not valid JSON: line 1, column 1"),
        (b"\xff\xfe{}", "not a text in UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number is too long"),
    ],
)
def test_damaged_files_wrong(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        huggingface.read(path, Options())
    assert str(caught.value).startswith(str(path))
    assert text in str(caught.value)


def test_an_absent_file_wrong(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        huggingface.read(tmp_path / "config.json", Options())


KEYS = sorted({key for config in TINY.values() for key in config})
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 70), st.sampled_from([10**6, 10**8, 10**30]),
    st.floats(), st.text(max_size=8), st.lists(st.integers(-1, 5), max_size=8),
    st.sampled_from(["auto", "gelu", "sliding_attention", {}, {"a": 1}, ["full_attention"] * 6]),
)  # fmt: skip
CONFIGS = st.builds(
    lambda base, changes, gone: {k: v for k, v in (base | changes).items() if k not in gone},
    st.sampled_from(list(TINY.values())),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    st.sets(st.sampled_from(KEYS), max_size=1),
)
OPTIONS = st.builds(
    Options,
    batch=st.integers(1, 3),
    phase=st.sampled_from([None, "prefill", "decode", "train"]),
    length=st.sampled_from([None, 1, 5, 33, 10**8]),
    image=st.sampled_from([None, None, None, 24]),
)


@given(CONFIGS, OPTIONS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_tables_give_a_workload_or_our_error(
    config: dict[str, object], options: Options
) -> None:
    try:
        workload = huggingface.build(config, options, name="fuzz")
    except CosynthError:
        return
    assert workload.parameters > 0


@given(st.sampled_from(sorted(TINY)), st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_bytes_give_a_workload_or_our_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = bytearray(json.dumps(TINY[name]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "repeat", "put"])):
            case "flip":
                content[at] = data.draw(st.integers(0, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 30))]
            case "repeat":
                content[at:at] = content[at : at + data.draw(st.integers(1, 30))]
            case "put":
                content[at:at] = data.draw(
                    st.sampled_from([b"9", b"-", b"1e", b"null", b"{", b'"'])
                )
        if not content:
            break
    path = tmp_path_factory.mktemp("fuzz") / "config.json"
    path.write_bytes(bytes(content))
    try:
        workload = huggingface.read(path, Options(length=5 if name != "vit" else None))
    except CosynthError:
        return
    assert workload.parameters > 0
