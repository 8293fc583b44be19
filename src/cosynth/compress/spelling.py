"""How ONNX spells a format: which of its types hold the elements and the scales."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from onnx import TensorProto

from cosynth.errors import SpecError
from cosynth.format import Format, known
from cosynth.format.element import Element

_FLOATS = {
    "fp4_e2m1": TensorProto.FLOAT4E2M1,
    "fp6_e2m3": TensorProto.FLOAT6E2M3,
    "fp6_e3m2": TensorProto.FLOAT6E3M2,
    "fp8_e4m3fn": TensorProto.FLOAT8E4M3FN,
    "fp8_e4m3fnuz": TensorProto.FLOAT8E4M3FNUZ,
    "fp8_e5m2": TensorProto.FLOAT8E5M2,
    "fp8_e5m2fnuz": TensorProto.FLOAT8E5M2FNUZ,
}
_WIDE = {"fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16, "fp32": TensorProto.FLOAT}
_SIGNED = {2: TensorProto.INT2, 4: TensorProto.INT4, 8: TensorProto.INT8, 16: TensorProto.INT16}
_UNSIGNED = {
    2: TensorProto.UINT2, 4: TensorProto.UINT4, 8: TensorProto.UINT8, 16: TensorProto.UINT16,
}  # fmt: skip
# the version of the operators from which on DequantizeLinear takes a type; for all others the
# first that onnx's own evaluator runs
_FIRST, _BLOCKS_SINCE = 19, 21
_SINCE = {
    TensorProto.INT4: 21, TensorProto.UINT4: 21, TensorProto.INT16: 21, TensorProto.UINT16: 21,
    TensorProto.FLOAT4E2M1: 23, TensorProto.INT2: 25, TensorProto.UINT2: 25,
    TensorProto.FLOAT6E2M3: 28, TensorProto.FLOAT6E3M2: 28,
}  # fmt: skip
_POWERS_SINCE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """ONNX's type of the elements, `looked_up` where codes go through a table of values.

    `scale` is the type of the scales, `version` the first of the operators that has them, `wider`
    says that elements take more bits than the format's.
    """

    element: int
    looked_up: bool
    scale: int
    version: int
    wider: bool


def spelling(format: Format) -> Spelling:
    """Return how ONNX spells a format; SpecError for outlier pairs, which it cannot express.

    >>> spelling(known("mxfp4")).version, spelling(known("nf4")).looked_up
    (24, True)
    """
    if format.pairs:
        raise SpecError(f"format {format.name!r}: ONNX has no spelling for outlier pairs")
    if format.element.kind == "exponent":
        raise SpecError(f"format {format.name!r} is one of scales, not of weights")
    element, looked_up, bits = _element(format.element)
    version = _SINCE.get(element, _FIRST)
    scale = TensorProto.FLOAT
    if format.power:
        scale, version = TensorProto.FLOAT8E8M0, max(version, _POWERS_SINCE)
    elif format.scale is not None:
        scale = _scale(format.scale)
        version = max(version, _BLOCKS_SINCE if format.block else _FIRST)
    return Spelling(
        element=element,
        looked_up=looked_up,
        scale=scale,
        version=version,
        wider=bits > format.element_bits,
    )


def _element(element: Element) -> tuple[int, bool, int]:
    """Type, whether its codes are looked up, and bits that one takes."""
    if element.kind in {"integer", "ternary"}:
        bits = next((size for size in _SIGNED if size >= element.bits), 0)
        if bits:
            return (_SIGNED if element.signed else _UNSIGNED)[bits], False, bits
    for table in (_FLOATS, _WIDE):
        for name, kind in table.items():
            if _alike(element, known(name).element):
                return kind, False, element.bits
    if element.bits > 8:
        raise SpecError(f"elements {element.name!r} of {element.bits} bits have no type in ONNX")
    bits = next(size for size in _UNSIGNED if size >= element.width)
    return _UNSIGNED[bits], True, bits


def _scale(element: Element) -> int:
    for name, kind in _WIDE.items():
        if _alike(element, known(name).element):
            return int(kind)
    if _alike(element, known("ue4m3").element):
        return int(TensorProto.FLOAT8E4M3FN)
    return int(TensorProto.FLOAT)


@cache
def _alike(one: Element, other: Element) -> bool:
    """Whether both have the same codes and values; saturation is the encoder's."""
    return replace(one, name="", saturate=True, multiplier=0.0) == replace(
        other, name="", saturate=True, multiplier=0.0
    )
