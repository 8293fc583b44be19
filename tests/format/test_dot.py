"""Dot products equal rational arithmetic, bit by bit, for formats, accumulators and bad numbers."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.format import oracle

from cosynth.errors import SpecError
from cosynth.format import ACCUMULATORS, accumulator, decode, dot, encode, known

SEED = 20240
PAIRS = (
    ("fp8_e4m3fn", "fp8_e4m3fn"), ("fp8_e5m2", "fp8_e4m3fn"), ("bf16", "bf16"), ("fp16", "fp16"),
    ("fp32", "fp32"), ("tf32", "bf16"), ("int8", "int4"), ("int16", "uint8"), ("mxfp4", "mxfp4"),
    ("nvfp4", "nvfp4"), ("mxfp8", "mxfp4-g64"), ("nvfp4", "mxfp4"), ("int8", "int4_g128"),
    ("mxint8", "mxint8"), ("bfp8", "nvint4"), ("int8_tensor", "uint8_tensor"),
    ("uint4_g128", "int8_g128"), ("olive4", "olive4"), ("olive4-g32", "mxfp4"), ("nf4", "bf16"),
    ("fp8_tensor", "fp8_tensor"), ("ternary", "int8"), ("binary", "binary"),
    ("mxfp8_e5m2", "mxfp6"),
)  # fmt: skip


def tensor(rng: np.random.Generator, length: int, scale: float, sign: int) -> np.ndarray:
    """Rows: zeros; plain; huge beside small; halves that cancel with the other sign's; sparse."""
    x = rng.standard_normal((5, length)) * scale
    x[0] = 0
    x[2] *= np.exp2(rng.integers(-14, 15, length))
    half = length // 2
    x[3, half : 2 * half] = sign * x[3, :half]
    x[4, rng.random(length) < 0.8] = 0
    return x.astype(np.float32)


def same(found: object, right: oracle.Value) -> bool:
    value = float(found)  # type: ignore[arg-type]
    if isinstance(right, Fraction):
        plus = value != 0 or not np.signbit(value)
        return bool(np.isfinite(value)) and Fraction(value) == right and plus
    return value == right or (value != value and right != right)


def check(a, b, kind) -> None:
    found = dot(a, b, kind)
    rows, columns = len(a.code), len(b.code)
    left = [oracle.Side(a, i) for i in range(rows)]
    right = [oracle.Side(b, j) for j in range(columns)]
    for i, j in itertools.product(range(rows), range(columns)):
        value, overflow = oracle.dot(left[i], right[j], kind)
        where = f"{kind.name}, {a.format.name} x {b.format.name}, {a.shape}, row {i}, {j}"
        assert same(found.value[i, j], value), f"{where}: {found.value[i, j]!r}, should be {value}"
        if kind.kind == "integer":
            assert bool(found.overflow[i, j]) == overflow, f"{where}: overflow {not overflow}"
        else:
            assert found.overflow is None


def fits(kind, *names: str) -> bool:
    wide = {"bf16", "fp16", "fp32", "tf32", "fp8_e5m2", "mxfp8_e5m2", "nf4"}
    if kind.kind == "integer":
        return not wide & set(names)
    return kind.inner == 1 or all(known(name).element_bits <= 4 for name in names)


# integers of other widths differ in nothing but the width; planted sums below try them all
@pytest.mark.parametrize("name", [n for n in ACCUMULATORS if n not in {"int20", "int24", "int48"}])
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_bit_is_that_of_rational_arithmetic(name, first, second):
    kind = accumulator(name)
    if not fits(kind, first, second):
        a, b = (encode(np.ones((1, 32)), known(one)) for one in (first, second))
        with pytest.raises(SpecError, match=f"{name!r}"):
            dot(a, b, kind)
        return
    rng = np.random.default_rng(SEED)
    for length in (1, 70):
        scales = [30.0 if known(one).scale is None and "int" in one else 1.0
                  for one in (first, second)]  # fmt: skip
        a, b = (
            encode(tensor(rng, length, scale, sign)[sign + 1 : sign + 5], known(one), axis=-1)
            for one, scale, sign in zip((first, second), scales, (-1, 1), strict=True)
        )
        check(a, b, kind)


@pytest.mark.parametrize("name", [n for n, one in ACCUMULATORS.items() if one.kind != "integer"])
@pytest.mark.parametrize("format", ["bf16", "fp32", "fp16", "fp8_e5m2", "fp8_e4m3fn", "mxfp8"])
def test_infinities_nan_and_ends_of_the_range(name, format):
    """Random bits have every exponent; NaN in a block makes it NaN."""
    if not fits(accumulator(name), format):
        return
    rng = np.random.default_rng(SEED)
    f = known(format)
    empty = encode(np.zeros((4, 45), dtype=np.float32), f)
    codes = rng.integers(0, 2**f.element.width, (2, 4, 45)).astype(empty.code.dtype)
    codes[0, :3] = np.where(rng.random((3, 45)) < 0.1, codes[0, :3], 0)
    odd = f.element.infinity
    if odd is not None:  # rows of finite numbers and one infinity, then its opposite too
        top = (codes >> f.element.mantissa) & (2**f.element.exponent - 1)
        codes[top == 2**f.element.exponent - 1] = 0
        codes[0, 1, 7], codes[0, 2, 7], codes[1, 2, 9] = odd, odd, odd
        codes[0, 2, 9] = odd | 1 << (f.element.width - 1)
    a, b = (replace(empty, code=part) for part in codes)
    if a.scale is not None:
        scales = rng.integers(0, 256, (2, *a.scale.shape)).astype(np.uint8)
        a, b = replace(a, scale=scales[0]), replace(b, scale=scales[1])
    check(a, b, accumulator(name))


@pytest.mark.parametrize("width", [16, 20, 24, 32, 48])
def test_planted_overflows_are_found_and_wrap(width):
    rng = np.random.default_rng(SEED)
    f = known("int16")
    half = 1 << (width - 1)
    for _ in range(20):
        x, y = (rng.integers(-30000, 30000, (5, 300)) for _ in "ab")
        # one row that ends at the limit exactly, and one a unit beyond, in both directions
        length = min(-(-half // 2**28) + 2, 40)
        if half - 1 <= length * 32767 * 32767:
            x[0], y[0] = limit(half - 1)
            x[1], y[1] = limit(half)
        a, b = (encode(one.astype(np.float32), f) for one in (x, y))
        exactly = [[sum(int(p) * int(q) for p, q in zip(r, s, strict=True)) for s in y] for r in x]
        found = dot(a, b, f"int{width}")
        bad = [[not -half <= one < half for one in row] for row in exactly]
        wrapped = [[(one + half) % (2 * half) - half for one in row] for row in exactly]
        assert found.overflow.tolist() == bad
        assert found.value.tolist() == wrapped
        places = [(i, j) for i, j in itertools.product(range(5), range(5)) if bad[i][j]]
        assert found.overflows(3) == tuple(places[:3])
    assert (exactly[0][0], exactly[1][1]) == (half - 1, half) or width == 48


def limit(total: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors of 300 products that sum to a number."""
    x, y = np.zeros(300, dtype=int), np.zeros(300, dtype=int)
    for at in range(299):
        if total <= 32767:
            break
        y[at] = min(total // 32767, 32767)
        x[at] = 32767
        total -= 32767 * int(y[at])
    x[299], y[299] = total, 1
    return x, y


def test_sums_of_many_axes_are_those_of_their_rows():
    rng = np.random.default_rng(SEED)
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((2, 3, 40), (4, 40)))
    a, b = (encode(one, known("mxfp8")) for one in (x, y))
    whole = dot(a, b, "blackwell").value
    assert whole.shape == (2, 3, 4)
    line = encode(x[1, 2], known("mxfp8"))
    assert np.array_equal(whole[1, 2], dot(line, b, "blackwell").value)
    assert dot(line, line, "exact").value.shape == ()


def test_rows_cut_into_chunks_give_the_same(monkeypatch):
    from cosynth.format import exact as exact_module
    from cosynth.format import fused as fused_module
    from cosynth.format import sequential as sequential_module

    modules = exact_module, fused_module, sequential_module
    rng = np.random.default_rng(SEED)
    x, y = (rng.standard_normal((9, 96)).astype(np.float32) for _ in "ab")
    for name, format in itertools.product(
        ("exact", "fp32", "hopper", "blackwell_fp4"), ("nvfp4", "mxfp4")
    ):
        a, b = (encode(one, known(format)) for one in (x, y))
        whole = dot(a, b, name).value
        with monkeypatch.context() as patch:
            for module in modules:
                patch.setattr(importlib_module(module), "CHUNK", 20)
            assert np.array_equal(whole, dot(a, b, name).value)


def importlib_module(found):
    """The module, where a function of the room took its name."""
    import sys

    return found if hasattr(found, "CHUNK") else sys.modules[f"cosynth.format.{found.__name__}"]


def test_exact_sums_equal_float64_where_that_is_exact():
    rng = np.random.default_rng(SEED)
    a, b = (encode(rng.standard_normal((20, 64)), known("fp8_e4m3fn")) for _ in "ab")
    right = decode(a).astype(float) @ decode(b).astype(float).T
    assert np.array_equal(dot(a, b, "exact").value, right.astype(np.float32))


def test_a_truncating_accumulator_loses_what_a_wider_one_keeps():
    rng = np.random.default_rng(SEED)
    a, b = (encode(rng.standard_normal((40, 512)), known("fp8_e4m3fn")) for _ in "ab")
    right = decode(a).astype(float) @ decode(b).astype(float).T
    errors = [np.abs(dot(a, b, name).value - right).mean() for name in ("hopper", "ampere", "fp32")]
    assert errors[0] > 1000 * errors[1]
    assert np.abs(dot(a, b, "hopper").value).mean() < np.abs(right).mean()  # toward zero


def test_axes_that_do_not_match_wrong():
    f = known("mxfp4")
    a, b = encode(np.ones((2, 32)), f), encode(np.ones((2, 33)), f)
    with pytest.raises(
        SpecError, match=r"a \(2, 32\) and b \(2, 33\): their last axes must be equ"
    ):
        dot(a, b, "exact")
    with pytest.raises(
        SpecError, match=r"b: blocks of 'mxfp4' lie along axis 0; they must lie alo"
    ):
        dot(a, encode(np.ones((2, 32)), f, axis=0), "exact")
    with pytest.raises(
        SpecError, match="a: a dot product needs at least one axis, and this is a sc"
    ):
        dot(encode(np.float32(1), known("int8")), a, "exact")


def test_blocks_that_do_not_divide_wrong():
    a, b = (encode(np.ones((1, 96)), known(name)) for name in ("mxfp4-g48", "mxfp4-g32"))
    with pytest.raises(
        SpecError, match=r"blocks of 'mxfp4-g48' \(48\) and 'mxfp4' \(32\) must div"
    ):
        dot(a, b, "exact")
    small = encode(np.ones((1, 96)), known("mxfp4-g8"))
    with pytest.raises(
        SpecError, match="'blackwell_fp4' takes blocks of a multiple of 16; 'mxfp4-g8"
    ):
        dot(small, small, "blackwell_fp4")


def test_integers_of_what_is_none_wrong():
    f = known("fp8_e4m3fn")
    a = encode(np.float32([[1, np.nan]]), f)
    with pytest.raises(
        SpecError, match="format 'fp8_e4m3fn': a tensor with NaN or infinity has no s"
    ):
        dot(a, a, "int32")
    wide = encode(np.ones((1, 4)), known("bf16"))
    with pytest.raises(
        SpecError, match=r"format 'bf16' spans 26\d bits; 'int32' adds whole numbers of"
    ):
        dot(wide, wide, "int32")
    looked = encode(np.ones((1, 64)), known("nf4"))
    with pytest.raises(SpecError, match="format 'nf4' has no whole numbers for 'int32' to add"):
        dot(looked, looked, "int32")
