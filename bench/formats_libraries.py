"""Our rounding against that of libraries, value by value: `python -m bench.formats --libraries`.

They run in an environment of their own. A departure counts as explained only where one of the
rules in `REASONS`, each checked on the value at hand, says why.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosynth.format import Format, encode, known, quantised, table
from cosynth.testing import tensors

SEED, ROWS, VALUES = 4, 400, 20_000
_OVER = ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz")
FORMATS = {
    "ml_dtypes": (
        "bf16", "e8m0-overflow", "fp4_e2m1", "fp6_e2m3", "fp6_e3m2", "fp8_e3m4-overflow",
        "fp8_e4m3-overflow", "fp8_e4m3b11fnuz-overflow", *(f"fp8_{n}-overflow" for n in _OVER),
    ),
    "gfloat": (
        "bf16", "fp16", "fp4_e2m1", "fp6_e2m3", "fp6_e3m2", "fp8_e4m3fn", "fp8_e5m2",
        "fp8_e4m3fn-overflow", "fp8_e5m2-overflow",
    ),
    "torchao": (
        "fp4_e2m1", "fp6_e2m3", "fp6_e3m2",
        *(f"{n}{rule}" for n in ("mxfp4", "mxfp8", "mxfp8_e5m2")
          for rule in ("", "-even", "-ceil", "-rceil")),
        "nvfp4",
    ),
    "qonnx": (
        "int2", "int4", "int8", "int4-full", "int8-full", "uint4", "uint8", "fp4_e2m1",
        "fp6_e2m3", "fp6_e3m2", "fp8_e4m3", "fp8_e4m3fn", "fp8_e5m2",
    ),
    "onnx.reference": (
        "bf16", "fp16", "fp4_e2m1", *(f"fp8_{n}" for n in _OVER),
        "int4-full", "int8-full", "int16-full", "uint4", "uint8", "uint16",
    ),
}  # fmt: skip
Floats = NDArray[np.float32]


Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """Values, what we and a library make of them, our scales of their blocks and tensor."""

    format: Format
    library: str
    x: Floats
    ours: Floats
    theirs: Floats
    scale: Floats
    tensor: Floats | None


def _tiny(c: Case) -> Bools:
    zero = np.float32(2.0**-127) if c.format.element.kind == "exponent" else np.float32(0)
    return (np.abs(c.x) < 2.0**-126) & (c.ours == zero)


def _no_nan(c: Case) -> Bools:
    return np.isnan(c.x) & (c.format.element.nan is None) & (c.format.scale is None)


def _negative_power(c: Case) -> Bools:
    return (c.format.element.kind == "exponent") & (c.x <= 0) & np.isnan(c.theirs)


def _infinite(c: Case) -> Bools:
    return np.isinf(c.x) & (np.abs(c.ours) == c.format.largest) & np.isnan(c.theirs)


def _infinite_in_block(c: Case) -> Bools:
    scaled = c.format.scale is not None
    return scaled & np.isinf(c.x) & (c.theirs == c.x) & np.isfinite(c.ours)


def _beyond(c: Case) -> Bools:
    return np.isfinite(c.x) & np.isinf(c.theirs) & (np.abs(c.ours) == np.finfo(np.float32).max)


def _through_int32(c: Case) -> Bools:
    whole = c.library == "onnx.reference" and c.format.kind == "integer"
    return whole & ~(np.abs(c.x) < 2.0**31) & (c.theirs == c.format.element.lowest)


def _least_power(c: Case) -> Bools:
    """Their values, if blocks with a scale of 2^-127 are divided by 2^-126."""
    if not c.format.power:
        return np.zeros(c.x.shape, dtype=bool)
    element = replace(c.format, scale=None, rule="amax", block=1)
    halved = quantised(np.nan_to_num(c.x) * np.float32(2.0**126), element) * np.float32(2.0**-127)
    return (c.scale == np.float32(2.0**-127)) & (c.theirs == halved)


def _no_reciprocal(c: Case) -> Bools:
    """Their zeros, if the reciprocal of 2^-127 is not found."""
    least = c.scale == np.float32(2.0**-127)
    return (c.format.power and c.format.rule == "rceil") & least & (c.theirs == 0)


def _by_reciprocal(c: Case, scale: Floats) -> Bools:
    """Whether theirs is x times a reciprocal, rounded, times the scales; 2 units for the end."""
    if c.tensor is None:
        return np.zeros(c.x.shape, dtype=bool)
    inside = c.x * ((np.float32(1) / c.tensor) / scale)
    right = quantised(inside, known("fp4_e2m1")) * scale * c.tensor
    return np.abs(c.theirs - right) <= np.abs(right) * np.float32(2.0**-22)


def _floor(c: Case) -> Bools:
    low = np.float32(2.0**-6)
    return (c.scale < low) & _by_reciprocal(c, np.maximum(c.scale, low))


def _reciprocal(c: Case) -> Bools:
    return _by_reciprocal(c, c.scale)


REASONS: dict[str, Callable[[Case], Bools]] = {
    "NaN has no code and is refused here, becomes a number there": _no_nan,
    "zero and below have no power: NaN there, the least one here": _negative_power,
    "scale below 2^-126: divides by 2^-126, stores 2^-127, so values are halved": _least_power,
    "scale below 2^-126: the reciprocal is lost, so values are zero": _no_reciprocal,
    "inputs below 2^-126 are zero here": _tiny,
    "infinity saturates here, is NaN there": _infinite,
    "infinity stays there, counts as the largest float32 here": _infinite_in_block,
    "a product above the largest float32 becomes infinite, here that largest": _beyond,
    "goes through int32, which overflows from 2^31": _through_int32,
    "block scales end at 2^-6 there, at 2^-9 here": _floor,
    "multiplies by a reciprocal, we divide": _reciprocal,
}


def inputs(format: Format, rng: np.random.Generator) -> Floats:
    """Values at every boundary and random ones, or rows of adversarial and usual blocks."""
    if format.scale is None:
        usual = rng.standard_normal(VALUES) * np.exp2(rng.integers(-9, 9, VALUES))
        return np.concatenate([
            tensors.boundaries(format.element), tensors.SPECIAL, tensors.NANS,
            tensors.patterns(rng, VALUES), usual.astype(np.float32),
        ])  # fmt: skip
    width = 32
    usual = rng.standard_normal((ROWS, width)) * np.exp2(rng.integers(-9, 9, (ROWS, 1)))
    if format.tensor:  # one bad value would be all of it
        return np.concatenate([usual, np.zeros((1, width))]).astype(np.float32)
    patterns = tensors.patterns(rng, ROWS * width).reshape(-1, width)
    rows = [tensors.adversarial(rng, width), patterns, usual.astype(np.float32)]
    return np.concatenate(rows)


def ours(x: Floats, format: Format) -> Floats:
    """Our values; NaN where we refuse it."""
    if format.scale is not None or format.element.nan is not None:
        return np.asarray(quantised(x, format))
    bad = np.isnan(x)
    found = np.asarray(quantised(np.where(bad, np.float32(0), x), format))
    return np.where(bad, np.float32(np.nan), found)


def _scales(x: Floats, format: Format) -> tuple[Floats, Floats | None]:
    """Our scale of each value's block, [*x], and that of the tensor."""
    if format.scale is None:
        return np.ones_like(x), None
    codes = encode(x, format)
    values = table(format.scale)[codes.scale]
    return np.repeat(values, format.block, axis=-1)[..., : x.shape[-1]], codes.tensor


def main(python: Path) -> int:
    """Compare in the libraries' environment and print a row for each; 1 if any is unexplained."""
    rng = np.random.default_rng(SEED)
    jobs = [(library, name, f"{at}-{i}") for at, library in enumerate(FORMATS)
            for i, name in enumerate(FORMATS[library])]  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "jobs.json").write_text(json.dumps(jobs))
        given = {}
        for _, name, file in jobs:
            given[file] = inputs(known(name), rng)
            np.save(folder / f"{file}.npy", given[file])
        worker = Path(__file__).with_name("_formats_libraries.py")
        subprocess.run([str(python), str(worker), place], check=True, stdout=subprocess.DEVNULL)
        found = {file: np.load(folder / f"{file}.out.npy") for _, _, file in jobs}
    print(f"{'library':15} {'format':25} {'values':>7} {'differ':>7} {'unexplained':>12}  why")
    unexplained = 0
    for library, name, file in jobs:
        unexplained += _row(library, name, given[file], found[file])
    print(f"unexplained: {unexplained}; seed {SEED}")
    return int(unexplained > 0)


def _row(library: str, name: str, x: Floats, theirs: Floats) -> int:
    """Print what one library does with one format; return how many values nothing explains."""
    format = known(name)
    mine = ours(x, format)
    differ = ~((mine == theirs) | (np.isnan(mine) & np.isnan(theirs)))
    scale, tensor = _scales(x, format)
    case = Case(format, library, x[differ], mine[differ], theirs[differ], scale[differ], tensor)
    why: Counter[str] = Counter()
    left = np.ones(case.x.shape, dtype=bool)
    with np.errstate(all="ignore"):
        for reason, holds in REASONS.items():
            hit = left & holds(case)
            why[reason] += int(hit.sum())
            left &= ~hit
    said = "; ".join(f"{reason} ({count})" for reason, count in why.items() if count)
    print(f"{library:15} {name:25} {x.size:7} {differ.sum():7} {left.sum():12}  {said}", flush=True)
    for at in np.flatnonzero(left)[:3]:
        print(f"    {case.x[at]!r} in {case.scale[at]!r}: ours {case.ours[at]!r},"
              f" theirs {case.theirs[at]!r}")  # fmt: skip
    return int(left.sum())
