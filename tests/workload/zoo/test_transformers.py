"""The zoo's transformers against transformers' own models at full size, and published counts."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cosynth.errors import SpecError
from cosynth.workload import Workload, zoo

COUNTS = json.loads((Path(__file__).parent / "counts.json").read_text(encoding="utf-8"))
TOKENS = 512
FAMILIES = ("bert", "deepseek", "gpt", "llama", "mamba", "mixtral", "t5", "vit")
WITH_OPERATIONS = [name for name, counts in COUNTS.items() if "products" in counts]


def test_every_transformer_of_the_zoo_is_measured() -> None:
    modules = [importlib.import_module(f"cosynth.workload.zoo.{name}") for name in FAMILIES]
    assert {name for module in modules for name in module.MODELS} == set(COUNTS)


def loaded(name: str) -> Workload:
    return zoo.load(name if name.startswith("vit") else f"{name}@length:{TOKENS}")


@pytest.mark.parametrize("name", COUNTS)
def test_parameters_are_those_of_the_model_in_transformers(name: str) -> None:
    # DeepSeek-V3's correction of the router is learned, but held there as a buffer
    assert loaded(name).parameters == COUNTS[name]["parameters"] + COUNTS[name]["corrections"]


@pytest.mark.parametrize("name", [n for n in WITH_OPERATIONS if not n.startswith("mamba")])
def test_operations_are_those_that_torch_counts(name: str) -> None:
    counts = COUNTS[name]
    assert loaded(name).operations == counts["products"] + counts["convolutions"]


@pytest.mark.parametrize("name", [n for n in WITH_OPERATIONS if n.startswith("mamba")])
def test_operations_of_mamba_are_those_that_torch_counts_less_its_detours(name: str) -> None:
    workload, counts = loaded(name), COUNTS[name]
    convolution = next(e for e in workload.einsums if e.operator == "Conv")
    layers, channels = convolution.repeat, convolution.sizes["c"]
    heads = next(e.sizes["h"] for e in workload.einsums if e.name.endswith("near"))
    # its convolution runs three positions past the end, which are thrown away
    assert convolution.operations == counts["convolutions"] - layers * channels * 4 * 3
    # its scan scores each head although all share one group, and passes states by a product of
    # all pairs of the two chunks and the zero state where one product and one sum do
    scores = 2 * 256 * 256 * 128 * (heads - 1)
    passing = 3**2 * heads * 64 * 128
    products = workload.operations - convolution.operations
    assert products == counts["products"] - layers * (scores + passing)


PUBLISHED = {
    "vit-b-16": (86_567_656, 17_563_828_224),
    "bert-base@length:128": (109_482_240, 11_173_625_856 + 768 * 768),  # with the pooler
    "bert-base@length:384": (109_482_240, 35_332_816_896 + 768 * 768),
    "bert-base@length:512": (109_482_240, 48_318_382_080 + 768 * 768),
}


@pytest.mark.parametrize("request_", PUBLISHED)
def test_counts_are_the_published_ones(request_: str) -> None:
    workload = zoo.load(request_)
    assert (workload.parameters, workload.operations) == PUBLISHED[request_]


@pytest.mark.parametrize(
    ("name", "linear"),
    [("gpt2", 123_532_032), ("llama-2-7b", 6_607_077_376), ("llama-3.1-8b", 7_504_658_432)],
)
def test_products_with_weights_are_the_published_ones_a_token(name: str, linear: int) -> None:
    workload = zoo.load(f"{name}@decode:1")
    work = sum(e.operations for e in workload.einsums if e.operator == "Linear")
    assert work == linear
    # one position attends to itself: two products a head, layer by layer
    assert workload.operations - work == sum(
        e.operations for e in workload.einsums if e.operator == "Attention"
    )


@pytest.mark.parametrize(
    ("name", "active"), [("mixtral-8x7b", 12_879_925_248), ("deepseek-v3", 37_552_297_472)]
)
def test_parameters_active_for_a_token_are_the_published_ones(name: str, active: int) -> None:
    workload = zoo.load(f"{name}@decode:1")
    experts = [e for e in workload.einsums if e.operator == "Experts" and e.contraction]
    held = {a.tensor for e in experts for a in e.inputs if a.tensor.endswith(".weight")}
    idle = sum(
        workload.tensor(t).size * workload.tensor(t).repeat for t in held
    ) - sum(e.operations for e in experts)  # fmt: skip
    assert workload.parameters - idle == active


@pytest.mark.parametrize(
    ("name", "each"),
    [("deepseek-v3", 70_272), ("llama-3.1-8b", 131_072), ("llama-2-7b", 524_288)],
)
def test_a_cached_token_takes_the_published_bytes_in_bf16(name: str, each: int) -> None:
    for phase in ("prefill", "decode"):
        assert 2 * zoo.load(f"{name}@{phase}:1000").elements("state") == 1000 * each


def test_a_window_bounds_the_cache_of_mistral() -> None:
    full, more = (zoo.load(f"mistral-7b@decode:{n}").elements("state") for n in (4096, 30_000))
    assert full == more == 32 * 2 * 4096 * 8 * 128


def test_a_state_space_does_not_grow_with_length() -> None:
    short, long = (zoo.load(f"mamba-2-2.7b@decode:{n}") for n in (10, 100_000))
    assert short.elements("state") == long.elements("state")
    assert short.operations == long.operations


def test_a_training_step_has_three_times_the_operations_and_two_states_a_weight() -> None:
    forward, step = zoo.load("llama-3.1-8b@length:256"), zoo.load("llama-3.1-8b@train:256")
    assert step.operations == 3 * forward.operations
    adam = [t for t in step.tensors if t.name.endswith((".m", ".v"))]
    assert sum(t.size * t.repeat for t in adam) == 2 * forward.parameters


def test_large_models_are_built_in_a_moment() -> None:
    zoo.load("llama-3.1-8b")
    start = time.process_time()
    zoo.load("llama-3.1-70b@decode:131072,batch:64")
    assert time.process_time() - start < 0.05


def test_building_one_loads_no_heavy_library() -> None:
    code = (
        "import sys; from cosynth.workload import zoo; zoo.load('deepseek-v3@train:64'); "
        "print([m for m in ('torch', 'transformers', 'onnx', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_other_image_sizes_wrong() -> None:
    with pytest.raises(
        SpecError, match="vit-b-16: its 197 positions are learned for images of 224"
    ):
        zoo.load("vit-b-16@image:384")


@pytest.mark.slow  # about fifteen seconds: 31 models on the meta device
def test_the_recorded_counts_are_still_what_transformers_gives() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    path = Path(__file__).parents[3] / "bench/counts.py"
    spec = importlib.util.spec_from_file_location("counts", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, config in module.zoo_configs().items():
        assert module.measured(config, 1, TOKENS, "meta") == COUNTS[name], name
