"""Counts of the image, keyword and recommendation networks against torch and published numbers.

`image_counts.json` holds what torch's flop counter found on transformers' networks and on networks
written in torch from their papers (`bench/counts_images.py` measures it again).
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path

import pytest

from cosynth.errors import SpecError
from cosynth.workload import zoo

ROOT = Path(__file__).resolve().parents[3]
COUNTS = json.loads((Path(__file__).parent / "image_counts.json").read_text(encoding="utf-8"))
TINY = {"ds-cnn", "resnet8", "mobilenetv1-025-96", "deep-autoencoder"}
# multiply-accumulates and parameters by shape arithmetic, as published tables agree
PUBLISHED = {
    "alexnet": (714_188_480, 61_100_840),
    "alexnet-caffe": (665_784_864 + 58_621_952, 60_965_224),
    "vgg16": (15_470_264_320, 138_357_544),
    "resnet18": (1_814_073_344, 11_689_512),
    "resnet50": (4_089_184_256, 25_557_032),
    "resnet50-v1": (3_857_973_248, 25_557_032),
    "mobilenetv1": (568_740_352, 4_231_976),
    "mobilenetv2": (300_774_272, 3_504_872),
    "ds-cnn": (2_656_768, 24_908),
    "resnet8": (12_501_632, 78_666),
    "mobilenetv1-025-96": (7_489_664, 221_794),
    "deep-autoencoder": (264_192, 269_992),
}


@pytest.mark.parametrize("name", COUNTS)
def test_operations_and_parameters_equal_torch(name: str) -> None:
    model, found = zoo.load(f"{name}@batch:2"), COUNTS[name]
    # only the MLPerf Tiny models count means and variances as parameters, as their cards do
    statistics = found["statistics"] if name in TINY else 0
    assert model.operations == found["operations"]
    assert model.parameters == found["parameters"] + statistics


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_equal_the_published_ones(name: str) -> None:
    model = zoo.load(name)
    assert (model.operations, model.parameters) == PUBLISHED[name]


def test_convolutions_of_alexnet_and_vgg_are_those_of_the_eyeriss_papers() -> None:
    for name, expected in (("alexnet-caffe", 665_784_864), ("vgg16", 15_346_630_656)):
        model = zoo.load(name)
        assert sum(e.operations for e in model.einsums if e.operator == "Conv") == expected


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_operations_grow_with_the_batch_and_parameters_do_not(name: str) -> None:
    one, three = zoo.load(name), zoo.load(f"{name}@batch:3")
    assert three.operations == 3 * one.operations
    assert three.vector_operations == 3 * one.vector_operations
    assert three.parameters == one.parameters


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv2", "vgg16"])
def test_a_larger_image_costs_more_and_a_smaller_one_less(name: str) -> None:
    if name == "vgg16":  # its first dense layer grows as well
        assert zoo.load(f"{name}@image:256").parameters > zoo.load(name).parameters
    small, usual, large = (zoo.load(f"{name}@image:{n}").operations for n in (128, 224, 320))
    assert small < usual < large


def test_training_does_about_three_times_the_work() -> None:
    forward, step = zoo.load("resnet18").operations, zoo.load("resnet18@train").operations
    assert 2.8 * forward < step <= 3 * forward


@pytest.mark.parametrize("name", ["resnet18", "dlrm", "deep-autoencoder"])
def test_a_sequence_length_is_refused_wrong(name: str) -> None:
    with pytest.raises(SpecError, match=f"{name}: takes batch:N"):
        zoo.load(f"{name}@decode:8")


def test_resnet18_is_built_in_milliseconds() -> None:
    zoo.load("resnet18")
    start = time.process_time()
    zoo.load("resnet18")
    assert time.process_time() - start < 0.1  # usually 0.015; the bound is for busy machines


@pytest.mark.slow
def test_recorded_counts_are_what_torch_finds_now() -> None:
    """About 8 CPU seconds, where torch and transformers are installed."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    place = ROOT / "bench/counts_images.py"
    spec = importlib.util.spec_from_file_location("counts_images", place)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["counts_images"] = module
    spec.loader.exec_module(module)
    assert module.measured() == COUNTS
