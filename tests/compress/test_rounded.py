"""Activations are rounded by standard nodes as our codec rounds them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from tests.compress.spelt import computed, hard, same_bits

from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.compress.rounded import rounded
from cosynth.compress.spelling import spelling
from cosynth.compress.storage import scaled, stored
from cosynth.errors import SpecError
from cosynth.format import known

PLACES = {"image": ((2, 70, 4, 3), 1), "rows": ((5, 70), -1), "words": ((2, 3, 64), -1),
          "keys": ((2, 40, 5), -2)}  # fmt: skip
NAMES = (
    "bf16", "fp16", "int8", "int8_tensor", "int4", "int5", "int12", "int16", "uint8", "uint12",
    "ternary", "fp8_e4m3fn", "fp8_e5m2", "fp8_tensor", "fp6_e2m3", "fp4_e2m1", "mxfp4", "mxfp6",
    "mxfp8", "mxfp8_e5m2", "mxint8", "mxint6", "mxint4", "bfp4", "nvfp4", "nvint4", "int4_g128",
    "int8_g128", "mxfp4-ceil", "mxint8-g16",
)  # fmt: skip


def dims(x):
    return helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape).type.tensor_type.shape.dim


@pytest.mark.parametrize("name", NAMES)
def test_what_is_rounded_has_the_bits_of_the_codec(name):
    format = known(name)
    for place, (shape, axis) in PLACES.items():
        x = hard(shape, seed=1)
        if name == "mxfp4-ceil":
            x = np.clip(x, -1e38, 1e38)  # our values end at the largest float32, ONNX's do not
        if place == "words":
            x = np.clip(x, -4, 4)
            x[0, 0] = 0
        operand = Operand(tensor="x", at=0, axis=axis, constant=False)
        nodes = Nodes(taken={"x"})
        held = rounded(operand, format, dims(x), "site", nodes)
        version = max(spelling(scaled(format, operand)).version, 21)
        found = computed(nodes, held, shape, version, x)
        assert same_bits(found, stored(x, format, operand)), f"{name}, {place}"


@pytest.mark.parametrize("name", ["int8", "int4", "fp8_e4m3fn"])
def test_a_scale_that_was_found_beforehand_is_a_constant(name):
    # beyond 2^31 steps the evaluator makes any integer; steps clip before
    x = np.clip(hard((5, 70), seed=2), -1e7, 1e7)
    operand = Operand(tensor="x", at=0, axis=-1, constant=False)
    nodes = Nodes(taken={"x"})
    held = rounded(operand, known(name), dims(x), "site", nodes, scale=0.037)
    assert {node.op_type for node in nodes.nodes} <= {"QuantizeLinear", "Clip", "DequantizeLinear"}
    found = computed(nodes, held, x.shape, 21, x)
    assert same_bits(found, stored(x, known(name), operand, scale=0.037))


def test_open_shapes_wrong():
    operand = Operand(tensor="x", at=0, axis=1, constant=False)
    open_ = helper.make_tensor_value_info(
        "x", TensorProto.FLOAT, (1, "c")
    ).type.tensor_type.shape.dim
    for given, said in ((None, "the shape of 'x' is open"), (open_, "axis 1 of 'x' has no fixed")):
        with pytest.raises(SpecError, match=f"activations in 'mxfp4': {said}"):
            rounded(operand, known("mxfp4"), given, "site", Nodes(taken=set()))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nf4", "it is looked up"), ("uint4_g128", "it has zero points"),
        ("mxfp4-even", "it has the rule 'even'"), ("int8-full", "it keeps the most negative"),
    ],
)  # fmt: skip
def test_what_cannot_be_rounded_while_a_model_runs_wrong(name, said):
    x = hard((5, 70))
    operand = Operand(tensor="x", at=0, axis=1, constant=False)
    with pytest.raises(SpecError, match=said):
        rounded(operand, known(name), dims(x), "site", Nodes(taken=set()))
