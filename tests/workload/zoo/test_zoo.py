"""Requests, names, and families found by their files."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from cosynth.errors import SpecError
from cosynth.workload import zoo
from cosynth.workload.zoo import Options


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("m", Options()),
        ("m@prefill", Options(phase="prefill")),
        ("m@decode:4096,batch:8", Options(phase="decode", length=4096, batch=8)),
        ("m@train, length:7", Options(phase="train", length=7)),
        ("m@image:96", Options(image=96)),
    ],
)
def test_options_follow_the_name(request_: str, expected: Options) -> None:
    assert zoo.parse_request(request_) == ("m", expected)


HINT = "options: prefill[:N], decode[:N], train[:N], length:N, image:N, batch:N"
WRONG = {
    "m@": "unknown option ''",
    "m@bath:8": "unknown option 'bath'; did you mean 'batch'?",
    "m@batch": "batch needs a number, as in batch:8",
    "m@batch:": "batch: is not a whole number from 1 to 999,999,999",
    "m@batch:0": "batch:0 is not a whole number from 1 to 999,999,999",
    "m@batch:-1": "batch:-1 is not a whole number from 1 to 999,999,999",
    "m@batch:1.5": "batch:1.5 is not a whole number from 1 to 999,999,999",
    "m@decode:1e9": "decode:1e9 is not a whole number from 1 to 999,999,999",
    "m@decode:9,length:8": "length is given twice",
    "m@decode,train": "phase is given twice",
}


@pytest.mark.parametrize("request_", WRONG)
def test_options_that_mean_nothing_are_refused_wrong(request_: str) -> None:
    with pytest.raises(SpecError) as caught:
        zoo.parse_request(request_)
    assert str(caught.value) == f"{request_}: {WRONG[request_]}; {HINT}"


def test_every_file_of_the_zoo_is_found() -> None:
    families = [m.name for m in pkgutil.iter_modules(zoo.__path__) if not m.name.startswith("_")]
    models = [importlib.import_module(f"{zoo.__name__}.{name}").MODELS for name in families]
    assert all(models)
    assert sorted(name for family in models for name in family) == list(zoo.names())


@pytest.mark.parametrize("name", ["resnet18", "ds-cnn", "dlrm", "gpt2", "vit-b-16"])
def test_a_model_carries_its_name_and_has_work(name: str) -> None:
    model = zoo.load(name)
    assert model.name.startswith(name)
    assert model.operations > 0


def test_an_unknown_name_is_named_wrong() -> None:
    with pytest.raises(SpecError, match="'resnet80' is no model of the zoo; did you mean"):
        zoo.load("resnet80")


def test_without_a_near_name_all_are_listed_wrong() -> None:
    with pytest.raises(SpecError, match="'zzzzzz' is no model of the zoo; known: alexnet, "):
        zoo.load("zzzzzz")
