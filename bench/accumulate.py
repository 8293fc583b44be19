"""What accumulators keep of a dot product, and what their arithmetic takes: `bench.accumulate`.

`python -m bench.accumulate` prints signal to noise beside figures measured elsewhere, and the time
of each accumulator as a multiple of NumPy's float32 matrix product in the same run. With
`--mmasim` every bit is compared with MMA-Sim (`pip install mmasim==2.1.1 torch`), which was itself
compared with the circuits.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cosynth.format import ACCUMULATORS, Codes, decode, dot, encode, known

SEED = 0
SHOWN = ("hopper", "ada", "ampere", "blackwell", "align14", "align25", "fp32", "exact")
# measured elsewhere with a program of its own, E4M3 Gaussian: (K, accumulator) -> dB
PUBLISHED = {(128, "hopper"): 77.6, (128, "blackwell"): 164.6, (4096, "hopper"): 58.2,
             (4096, "blackwell"): 136.9}  # fmt: skip
DEVIATIONS = (1.0, 5.0)
OUTPUTS = {128: 512, 4096: 128}  # rows of either operand
SIZE = 512  # of the matrices that are timed
TIMED = (("fp8_e4m3fn", SHOWN), ("mxfp4", ("blackwell_fp4", "exact")),
         ("nvfp4", ("blackwell_fp4", "exact")), ("bf16", ("blackwell", "fp32", "exact")),
         ("int8", ("int32",)))  # fmt: skip


def decibels(found: np.ndarray, right: np.ndarray) -> float:
    """Power of all exact sums over the power of all errors."""
    error = ((found - right) ** 2).sum()
    return 10 * math.log10((right**2).sum() / error) if error else math.inf


def encoded(format: str, rows: int, length: int, deviation: float = 1.0) -> list[Codes]:
    """Two Gaussian tensors in a format."""
    rng = np.random.default_rng(SEED)
    shape = rows, length
    return [encode(rng.standard_normal(shape) * deviation, known(format)) for _ in "ab"]


def noise() -> None:
    """Signal to noise of E4M3 products: power of the exact sums over power of the errors."""
    print("signal to noise, dB, E4M3, Gaussian; in brackets: measured elsewhere")
    print(f"{'K':>5} {'deviation':>9} " + " ".join(f"{name:>15}" for name in SHOWN))
    for length, rows in OUTPUTS.items():
        for deviation in DEVIATIONS:
            a, b = encoded("fp8_e4m3fn", rows, length, deviation)
            right = decode(a).astype(float) @ decode(b).astype(float).T
            cells = []
            for name in SHOWN:
                cell = f"{decibels(dot(a, b, name).value, right):.1f}"
                if (length, name) in PUBLISHED:
                    cell += f" [{PUBLISHED[length, name]}]"
                cells.append(f"{cell:>15}")
            print(f"{length:5} {deviation:9g} " + " ".join(cells))


def fastest(function: Callable[[], object], runs: int) -> float:
    """Seconds of the fastest run, after one that does not count."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def speed() -> None:
    """Time of a square product, also as a multiple of float32 in NumPy."""
    x = np.random.default_rng(SEED).standard_normal((SIZE, SIZE)).astype(np.float32)
    base = fastest(lambda: x @ x.T, 9)
    print(f"\n{SIZE} x {SIZE} x {SIZE}; NumPy float32 is 1")
    for format, names in TIMED:
        a, b = encoded(format, SIZE, SIZE)
        for name in names:
            seconds = fastest(lambda a=a, b=b, name=name: dot(a, b, name), 2)
            each = seconds / SIZE**3 * 1e9
            print(f"{format:>11} {name:14} {each:6.2f} ns a product {seconds / base:8.0f} x")


# -- bit by bit against MMA-Sim: (accumulator, format, architecture, instruction) --

CASES = (
    ("hopper", "fp8_e4m3fn", "Hopper", "m64n8k32.f32.e4m3.e4m3"),
    ("hopper", "fp8_e5m2", "Hopper", "m64n8k32.f32.e5m2.e5m2"),
    ("blackwell", "bf16", "Hopper", "m64n8k16.f32.bf16.bf16"),
    ("blackwell", "fp16", "Hopper", "m64n8k16.f32.f16.f16"),
    ("ada", "fp8_e4m3fn", "Ada Lovelace", "m16n8k32.f32.e4m3.e4m3.f32"),
    ("ada", "fp8_e5m2", "Ada Lovelace", "m16n8k32.f32.e5m2.e5m2.f32"),
    ("ampere", "fp16", "Ampere", "m16n8k16.f32.f16.f16.f32"),
    ("ampere", "bf16", "Ampere", "m16n8k16.f32.bf16.bf16.f32"),
    ("ampere", "tf32", "Ampere", "m16n8k8.f32.tf32.tf32.f32"),
    ("volta", "fp16", "Volta", "m8n8k4.f32.f16.f16.f32"),
)
# the same with block scales: products of an architecture's own step
SCALED = (("blackwell", "mxfp8", 32), ("blackwell", "mxfp8_e5m2", 32),
          ("blackwell_fp4", "mxfp4", 64), ("blackwell_fp4", "nvfp4", 64))  # fmt: skip


def samples(format: str, rng: np.random.Generator, length: int) -> list[tuple[Codes, Codes]]:
    """Gaussian, spread over the range, cancelling, and random codes that are finite."""
    f, shape = known(format), (2, 16, length)
    half = length // 2
    found = []
    # small: products below the exponent that a zero counts with
    small = 2.0**-68 if f.power or f.exponent == 8 else 1.0
    for spread, scale in ((0, 1.0), (6, 1.0), (14, 1.0), (6, small)):
        x = rng.standard_normal(shape) * np.exp2(rng.integers(-spread, spread + 1, shape)) * scale
        x[0, :4, half:] = -x[0, :4, :half]
        x[1, :, half:] = x[1, :, :half]
        x[:, :, ::7] = 0
        # a scale of the whole tensor is applied after the circuit
        ones = [encode(one, f, tensor=np.float32(1) if f.tensor else None) for one in x]
        found.append((ones[0], ones[1]))
    codes = rng.integers(0, 1 << f.element.width, shape).astype(found[0][0].code.dtype)
    plain = encode(np.zeros(shape), known(f.element.name))
    bad = ~np.isfinite(decode(replace(plain, code=codes)))
    codes[bad] = 0
    ones = [replace(found[0][0], code=one) for one in codes]
    if f.scale is not None:
        blocks = (2, *np.shape(ones[0].scale))
        low, high = (0, 255) if f.power else (1, 127)
        scales = rng.integers(low, high, blocks).astype(np.uint8)
        ones = [replace(one, scale=scale) for one, scale in zip(ones, scales, strict=True)]
    return [*found, (ones[0], ones[1])]


def peer() -> int:
    """Compare with MMA-Sim; the number of results that differ."""
    import torch
    from mmasim.nv_ptx import sim

    rng, wrong, total = np.random.default_rng(SEED), 0, 0
    kinds = {"fp8_e4m3fn": torch.float8_e4m3fn, "fp8_e5m2": torch.float8_e5m2,
             "bf16": torch.bfloat16, "fp16": torch.float16, "tf32": torch.float32}  # fmt: skip

    def tensor(codes: Codes, kind: Any) -> Any:
        return torch.from_numpy(np.asarray(decode(codes))).to(kind)

    for name, format, chip, instruction in CASES:
        make = sim.WGMMA if instruction.startswith("m64") else sim.MMA
        operation = make(chip, instruction).arithmetic_op
        for a, b in samples(format, rng, 256):
            left, right = (tensor(one, kinds[format]) for one in (a, b))
            said = operation(left, right.T, torch.zeros(16, 16)).numpy()
            wrong += differ(dot(a, b, name).value, said, f"{name} {format} ({chip})")
            total += said.size
    for name, format, step in SCALED:
        for a, b in samples(format, rng, 256):
            said = scaled(torch, a, b, format, step)
            wrong += differ(dot(a, b, name).value, said, f"{name} {format} (Blackwell)")
            total += said.size
    print(f"MMA-Sim: {total - wrong} of {total} results equal in every bit")
    return wrong


def scaled(torch: Any, a: Codes, b: Codes, format: str, step: int) -> np.ndarray:
    """What MMA-Sim gives with block scales, one step after the other."""
    from mmasim.arithmetic import fdpa

    f = known(format)
    element = {"fp8_e4m3fn": "e4m3", "fp8_e5m2": "e5m2"}.get(f.element.name)
    if element:
        operation = fdpa.MMA_ST_FDPA(25, "RZ-FP32", 32, -133, element, element)
    else:
        operation = fdpa.MMA_GST_FDPA(16, 35, "RZ-FP32", 64, -139)
    kind = torch.float8_e8m0fnu if f.power else torch.float8_e4m3fn
    kinds = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}
    sides = []
    for one in (a, b):
        plain = Codes(format=known(f.element.name), axis=1, code=one.code)
        values = torch.from_numpy(np.asarray(decode(plain)))
        scale = torch.from_numpy(np.asarray(one.scale)).view(kind)
        sides.append((values.to(kinds[element]) if element else values, scale))
    total, (left, left_scale), (right, right_scale) = torch.zeros(16, 16), *sides
    for start in range(0, left.shape[1], step):
        part = slice(start, start + step)
        blocks = slice(start // f.block, (start + step) // f.block)
        total = operation(left[:, part], right[:, part].T, total, left_scale[:, blocks],
                          right_scale[:, blocks].T)  # fmt: skip
    return total.numpy()


def differ(found: np.ndarray, said: np.ndarray, what: str) -> int:
    """Count and tell results that differ; all NaN are one, and so are both zeros."""
    wrong = ~((found == said) | (np.isnan(found) & np.isnan(said)))
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        print(f"{what}: {wrong.sum()} of {wrong.size} differ, first {found[at]!r}, {said[at]!r}")
    return int(wrong.sum())


def table() -> None:
    """What each accumulator is."""
    for one in ACCUMULATORS.values():
        print(f"{one.name:14} {one.kind:10} {one.width:3} bits  {one.about}")
    print()


def main() -> int:
    """Print all of it; 1 if MMA-Sim was asked and differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mmasim", action="store_true", help="compare every bit with MMA-Sim")
    options = parser.parse_args()
    if options.mmasim:
        return int(peer() > 0)
    table()
    noise()
    speed()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
