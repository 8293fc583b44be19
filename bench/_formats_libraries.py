"""Run in the libraries' environment: `python _formats_libraries.py FOLDER` rounds what lies there.

FOLDER/jobs.json lists [library, format, file]; the values of FOLDER/file.npy that the library
makes of it are written to FOLDER/file.out.npy.
"""

import json
import sys
from pathlib import Path

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from qonnx.custom_op.general.floatquant import float_quant
from qonnx.custom_op.general.quant import quant
from torchao.prototype.mx_formats import kernels
from torchao.prototype.mx_formats.mx_tensor import MXTensor, ScaleCalculationMode
from torchao.prototype.mx_formats.nvfp4_tensor import NVFP4Tensor, per_tensor_amax_to_scale

ML_DTYPES = {
    "bf16": "bfloat16", "e8m0-overflow": "float8_e8m0fnu", "fp4_e2m1": "float4_e2m1fn",
    "fp6_e2m3": "float6_e2m3fn", "fp6_e3m2": "float6_e3m2fn", "fp8_e3m4-overflow": "float8_e3m4",
    "fp8_e4m3-overflow": "float8_e4m3", "fp8_e4m3fn-overflow": "float8_e4m3fn",
    "fp8_e4m3fnuz-overflow": "float8_e4m3fnuz", "fp8_e5m2-overflow": "float8_e5m2",
    "fp8_e4m3b11fnuz-overflow": "float8_e4m3b11fnuz", "fp8_e5m2fnuz-overflow": "float8_e5m2fnuz",
}  # fmt: skip
GFLOAT = {
    "bf16": "bfloat16", "fp16": "binary16", "fp4_e2m1": "ocp_e2m1",
    "fp6_e2m3": "ocp_e2m3", "fp6_e3m2": "ocp_e3m2", "fp8_e4m3fn": "ocp_e4m3",
    "fp8_e5m2": "ocp_e5m2", "fp8_e4m3fn-overflow": "ocp_e4m3", "fp8_e5m2-overflow": "ocp_e5m2",
}  # fmt: skip
ONNX = {
    "bf16": "BFLOAT16", "fp16": "FLOAT16", "fp4_e2m1": "FLOAT4E2M1", "fp8_e4m3fn": "FLOAT8E4M3FN",
    "fp8_e4m3fnuz": "FLOAT8E4M3FNUZ", "fp8_e5m2": "FLOAT8E5M2", "fp8_e5m2fnuz": "FLOAT8E5M2FNUZ",
}  # fmt: skip
ONNX_INTEGERS = {
    f"{kind}{bits}-full" if kind == "int" else f"{kind}{bits}": f"{kind.upper()}{bits}"
    for kind in ("int", "uint") for bits in (4, 8, 16)
}  # fmt: skip
TORCHAO_ELEMENTS = {
    "fp4_e2m1": (kernels.f32_to_f4_unpacked, kernels.f4_unpacked_to_f32),
    "fp6_e2m3": (kernels.f32_to_f6_e2m3_unpacked, kernels.f6_e2m3_unpacked_to_f32),
    "fp6_e3m2": (kernels.f32_to_f6_e3m2_unpacked, kernels.f6_e3m2_unpacked_to_f32),
}
TORCHAO_BLOCKS = {"mxfp4": torch.float4_e2m1fn_x2, "mxfp8": torch.float8_e4m3fn,
                  "mxfp8_e5m2": torch.float8_e5m2}  # fmt: skip
# exponent and mantissa bits, bias, largest value
QONNX = {"fp4_e2m1": (2, 1, 1, 6.0), "fp6_e2m3": (2, 3, 1, 7.5), "fp6_e3m2": (3, 2, 3, 28.0),
         "fp8_e4m3fn": (4, 3, 7, 448.0), "fp8_e5m2": (5, 2, 15, 57344.0),
         "fp8_e4m3": (4, 3, 7, 240.0)}  # fmt: skip


def by_ml_dtypes(name, x):
    return x.astype(getattr(ml_dtypes, ML_DTYPES[name])).astype(np.float32)


def by_gfloat(name, x):
    info = getattr(gfloat.formats, f"format_info_{GFLOAT[name]}")
    plain = name in {"bf16", "fp16"} or name.endswith("overflow")
    found = gfloat.round_ndarray(info, x.astype(np.float64), sat=not plain)
    return found.astype(np.float32)


def by_onnx(name, x):
    wanted = ONNX_INTEGERS.get(name)
    kind = getattr(TensorProto, wanted or ONNX[name])
    if wanted:
        scale = helper.make_tensor("s", TensorProto.FLOAT, [], [1.0])
        zero = helper.make_tensor("z", kind, [], [0])
        nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
                 helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])]  # fmt: skip
        given = [scale, zero]
    else:
        nodes = [helper.make_node("Cast", ["x"], ["q"], to=kind),
                 helper.make_node("Cast", ["q"], ["y"], to=TensorProto.FLOAT)]  # fmt: skip
        given = []
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None]) for n in "xy"]
    graph = helper.make_graph(nodes, "round", ends[:1], ends[1:], given)
    opset = [helper.make_opsetid("", 23)]
    model = helper.make_model(graph, opset_imports=opset)
    return ReferenceEvaluator(model).run(None, {"x": x})[0]


def by_torchao(name, x):
    if name in TORCHAO_ELEMENTS:
        down, up = TORCHAO_ELEMENTS[name]
        return up(down(torch.from_numpy(x))).numpy()
    x = torch.from_numpy(x)
    if name == "nvfp4":
        scale = per_tensor_amax_to_scale(x.abs().max())
        return NVFP4Tensor.to_nvfp4(x, per_tensor_scale=scale).dequantize(torch.float32).numpy()
    base, _, rule = name.partition("-")
    mode = ScaleCalculationMode(rule or "floor")
    kind = TORCHAO_BLOCKS[base]
    return MXTensor.to_mx(x, kind, 32, scaling_mode=mode).dequantize(torch.float32).numpy()


def by_qonnx(name, x):
    one = np.float32(1)
    if "int" in name:
        bits = np.float32(name.removeprefix("u").removeprefix("int").removesuffix("-full"))
        signed = not name.startswith("u")
        narrow = signed and not name.endswith("-full")
        return quant(x, one, np.float32(0), bits, signed, narrow, "ROUND")
    exponent, mantissa, bias, top = QONNX[name]
    return float_quant(x, one, exponent, mantissa, exponent_bias=bias, signed=True, max_val=top,
                       rounding_mode="ROUND")  # fmt: skip


FUNCTIONS = {"ml_dtypes": by_ml_dtypes, "gfloat": by_gfloat, "onnx.reference": by_onnx,
             "torchao": by_torchao, "qonnx": by_qonnx}  # fmt: skip


def main():
    folder = Path(sys.argv[1])
    for library, name, file in json.loads((folder / "jobs.json").read_text()):
        x = np.load(folder / f"{file}.npy")
        with np.errstate(all="ignore"):
            found = FUNCTIONS[library](name, x)
        np.save(folder / f"{file}.out.npy", np.asarray(found, dtype=np.float32).reshape(x.shape))
    print("versions", ml_dtypes.__version__, onnx.__version__, torch.__version__)


main()
