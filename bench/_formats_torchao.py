"""Run in torchao's environment: its times on a tensor, and how many values differ from ours."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torchao.prototype.mx_formats.mx_tensor import MXTensor
from torchao.prototype.mx_formats.nvfp4_tensor import NVFP4Tensor, per_tensor_amax_to_scale


def mx(kind):
    return lambda x: MXTensor.to_mx(x, kind, 32).dequantize(torch.float32)


def nvfp4(x):
    scale = per_tensor_amax_to_scale(x.abs().max())
    return NVFP4Tensor.to_nvfp4(x, per_tensor_scale=scale).dequantize(torch.float32)


FUNCTIONS = {"mxfp4": mx(torch.float4_e2m1fn_x2), "mxfp8": mx(torch.float8_e4m3fn), "nvfp4": nvfp4}


def main():
    folder, runs = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(int(sys.argv[3]))
    x = torch.from_numpy(np.load(folder / "x.npy"))
    for name, function in FUNCTIONS.items():
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            y = function(x)
            times.append(time.perf_counter() - start)
        ours = np.load(folder / f"{name}.npy")
        differ = int((y.numpy() != ours).sum())
        print("@@" + json.dumps({"name": name, "seconds": min(times), "differ": differ}))


main()
