"""Counts of real ONNX graphs against an independent counter, and against the zoo."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx_models import LIGHT, counted

from cosynth.workload import zoo
from cosynth.workload.load import load
from cosynth.workload.readers import onnx as reader


def test_there_are_nine_real_graphs() -> None:
    assert len(LIGHT) == 9


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_operations_and_parameters_equal_the_independent_count(path: Path) -> None:
    model = reader.read(path)
    assert (model.operations, model.parameters) == counted(path)


def test_the_real_resnet50_does_what_the_zoo_says() -> None:
    path = next(path for path in LIGHT if path.stem == "light_resnet50")
    real, built = load(str(path)), zoo.load("resnet50")
    assert real.operations == built.operations
    # the file keeps means and variances, two more numbers per channel
    assert real.parameters == built.parameters + 53_120


def test_no_weight_of_a_file_is_counted_twice_or_lost() -> None:
    for path in LIGHT:
        model = reader.read(path)
        read = {s for e in model.einsums for a in e.inputs for s in model.sources(a.tensor)}
        assert {t.name for t in model.tensors if t.role == "weight" and not t.view_of} <= read
