"""The models by which ONNX tests its own operators: shapes of every output, and no tracebacks."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx_models import saved

from cosynth.errors import CosynthError
from cosynth.workload.readers import onnx as reader


def with_known_shapes(case) -> onnx.ModelProto:
    """The model, its small vectors of numbers stored in it, as exporters would."""
    made = onnx.ModelProto()
    made.CopyFrom(case.model)
    given, _ = case.data_sets[0]
    for value, array in zip(made.graph.input, given, strict=False):
        known = isinstance(array, (np.ndarray, np.generic)) and np.ndim(array) <= 1
        data = value.name.lower() == "x" and np.asarray(array).dtype.kind == "f"
        if known and not data and len(made.graph.input) > 1:
            made.graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    return made


@pytest.mark.slow
def test_outputs_have_the_shapes_that_onnx_computes(tmp_path: Path) -> None:
    """About 12 CPU seconds, half of them for ONNX to make its models."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = [case for case in collect_testcases(None) if case.model and case.data_sets]
    readable, wrong = 0, []
    for case in cases:
        if any(isinstance(a, (list, type(None))) for a in case.data_sets[0][0]):
            continue  # sequences and optional values
        try:
            workload = reader.read(saved(tmp_path, with_known_shapes(case)))
        except CosynthError:
            continue
        readable += 1
        names = {tensor.name for tensor in workload.tensors}
        for value, array in zip(case.model.graph.output, case.data_sets[0][1], strict=False):
            if not isinstance(array, (np.ndarray, np.generic)) or value.name not in names:
                continue
            if workload.tensor(value.name).shape != np.shape(array):
                wrong.append((case.name, value.name))
    assert not wrong
    assert readable > 1100  # the others are operators on text, sequences, trees and the like
