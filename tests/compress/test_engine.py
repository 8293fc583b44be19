"""Which engine takes a model."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress.engine import opened, sentence
from cosynth.errors import WorkloadError


def doubled(kind: str = "Add", domain: str = ""):
    made = nets.model([helper.make_node("Add", ["x", "x"], ["y"])], (2,), (2,), {})
    made.graph.node[0].op_type, made.graph.node[0].domain = kind, domain
    if domain:
        made.opset_import.append(helper.make_opsetid(domain, 1))
    return made


def test_onnx_runtime_comes_first_and_prints_nothing(capfd):
    session, engine = opened(doubled(), "net")
    assert engine.startswith("onnxruntime ")
    assert session.run(["y"], {"x": np.float32([1, 2])})[0].tolist() == [2, 4]
    with pytest.raises(Exception, match="Invalid"):
        session.run(["y"], {"x": np.float32([[1, 2]])})
    assert capfd.readouterr() == ("", "")


def test_what_it_refuses_the_evaluator_takes():
    made = doubled()
    made.ir_version = 99  # newer than any that ONNX Runtime knows
    _, engine = opened(made, "net")
    assert engine.startswith("onnx.reference ")


def test_an_operator_that_neither_knows_wrong(monkeypatch):
    with pytest.raises(
        WorkloadError, match=r"net: cannot be run: onnxruntime: .*; onnx.reference: "
    ):
        opened(doubled("Strange", "mine"), "net")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(WorkloadError, match="net: cannot be run: onnxruntime is not installed; "):
        opened(doubled("Strange", "mine"), "net")


def test_what_an_engine_says_becomes_one_line():
    assert sentence(ValueError("a\n  b")) == "a b"
    assert sentence(ValueError()) == "ValueError"
    assert len(sentence(ValueError("x" * 1000))) < 400
