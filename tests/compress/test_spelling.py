"""Which types of ONNX a format takes, and from which version of the operators on."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto

from cosynth.compress.spelling import spelling
from cosynth.errors import SpecError
from cosynth.format import known, names

KINDS = {
    "mxfp4": ("FLOAT4E2M1", "FLOAT8E8M0"), "mxint8": ("INT8", "FLOAT8E8M0"),
    "nvfp4": ("FLOAT4E2M1", "FLOAT8E4M3FN"), "int4_g128": ("INT4", "BFLOAT16"),
    "mxfp6": ("FLOAT6E2M3", "FLOAT8E8M0"), "nf4": ("UINT4", "FLOAT"), "int5": ("INT8", "FLOAT"),
    "ternary": ("INT2", "FLOAT"), "bf16": ("BFLOAT16", "FLOAT"),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_types(name):
    found = spelling(known(name))
    kinds = tuple(TensorProto.DataType.Name(each) for each in (found.element, found.scale))
    assert kinds == KINDS[name]
    assert found.wider == (name == "int5")
    assert found.looked_up == (name == "nf4")


def test_operators_of_that_version_take_these_types():
    """Against the schemas of onnx itself; one version earlier something is missing."""
    for name in names():
        try:
            found = spelling(known(name))
        except SpecError:
            continue
        if found.looked_up or known(name).scale is None:
            continue
        wanted = {f"tensor({TensorProto.DataType.Name(found.element).lower()})"}
        scale = TensorProto.FLOAT8E8M0
        wanted |= (
            {f"tensor({TensorProto.DataType.Name(scale).lower()})"}
            if found.scale == scale
            else set()
        )
        assert wanted <= taken(found.version), name
        if found.version > 21:
            assert not wanted <= taken(found.version - 1), name


def taken(version):
    schema = onnx.defs.get_schema("DequantizeLinear", version)
    return {text for each in schema.type_constraints for text in each.allowed_type_strs}


def test_formats_without_a_spelling_wrong():
    with pytest.raises(SpecError, match="ONNX has no spelling for outlier pairs"):
        spelling(known("olive4"))
    with pytest.raises(SpecError, match="'e8m0' is one of scales, not of weights"):
        spelling(known("e8m0"))
    with pytest.raises(SpecError, match="'tf32' of 32 bits have no type in ONNX"):
        spelling(known("tf32"))
