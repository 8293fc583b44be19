"""What the codec must do with every format: `check_format` holds it to rational arithmetic.

A format of one's own inherits the suite: call `check_format` with it in a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.errors import SpecError
from cosynth.format import Codes, Format, decode, encode, known, pack, quantised, unpack
from cosynth.format.number import problems
from cosynth.testing import rational, tensors

SMALLEST = np.float32(2.0**-126)  # what lies below is read as zero
WITHOUT_BLOCK = 10  # elements of the tensors where the whole tensor is one block


def check_format(format: Format | str | Path, *, seed: int = 0, xp: Any = np) -> None:
    """Raise AssertionError where codes, values or bytes of a format differ from the stated rules.

    `format` is a `Format`, a name, or the path of a TOML file; `xp` the arrays' namespace: NumPy,
    or `jax.numpy`. Boundaries between neighbouring values, random bits, and blocks at the edge of
    a rule are encoded, decoded and packed. SpecError if the description contradicts itself.

    >>> check_format("fp4_e2m1")
    """
    found = format if isinstance(format, Format) else known(str(format))
    mistakes = problems(found)
    if mistakes:
        raise SpecError(*(f"format {found.name!r}: {mistake}" for mistake in mistakes))
    rng = np.random.default_rng(seed)
    where = f"format {found.name!r}, seed {seed}"
    if found.scale is None:
        _check_elements(found, rng, xp, where)
        if rational.width(found.element) <= rational.LISTED:
            _check_codes(found, xp, where)
    else:
        for x in _pieces(found, rng):
            _check_blocks(x, found, xp, where)
        _check_axes(found, rng, xp, where)


def _check_elements(format: Format, rng: np.random.Generator, xp: Any, where: str) -> None:
    """Encode every boundary and random bits."""
    e = format.element
    parts = [tensors.boundaries(e), tensors.SPECIAL, tensors.NANS, tensors.patterns(rng, 1000)]
    x = np.concatenate(parts)
    if rational.nan_code(e) is None:
        x = x[~np.isnan(x)]
    found = encode(xp.asarray(x), format)
    codes = np.asarray(found.code).tolist()
    for one, code in zip(x, codes, strict=True):
        right = rational.plain(one, e)
        assert code == right, f"{where}: {one!r} became code {code}, and should be {right}"
    _check_values(found, [rational.value(code, e) for code in codes], where)
    _check_one_pass(x, found, xp, where)
    _check_bytes(found, where)


def _check_codes(format: Format, xp: Any, where: str) -> None:
    """Decode every code, and encode its value again."""
    e = format.element
    count = len(e.values) or 2 ** rational.width(e)
    empty = encode(xp.zeros(count), format)
    every = replace(empty, code=xp.arange(count).astype(empty.code.dtype))
    _check_values(every, [rational.value(code, e) for code in range(count)], where)
    values, codes = np.asarray(decode(every)), np.arange(count)
    kept = np.isfinite(values) & (np.abs(values) >= SMALLEST)
    if e.kind in {"integer", "ternary"} and e.signed and not e.full:
        kept &= codes != 1 << (e.bits - 1)  # never written
    again = np.asarray(encode(xp.asarray(values[kept]), format).code)
    wrong = codes[kept][again != codes[kept]].tolist()
    assert not wrong, f"{where}: codes {wrong[:5]} change when their values are encoded"


def _pieces(format: Format, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Tensors, [rows, block]: each row of its own where a scale belongs to the whole tensor."""
    block = format.block or WITHOUT_BLOCK
    rows = tensors.adversarial(rng, block)
    usual = rng.standard_normal((20, block)) * np.exp2(rng.integers(-9, 9, (20, 1)))
    patterns = tensors.patterns(rng, 8 * block).reshape(-1, block)
    whole = np.concatenate([rows, patterns, usual.astype(np.float32)])
    if not format.block:
        return [row[None] for row in whole]
    if format.tensor:
        return [whole, *(row[None] for row in whole[::3]), *np.array_split(whole[-20:], 4)]
    return [whole]


def _check_blocks(x: NDArray[np.float32], format: Format, xp: Any, where: str) -> None:
    """Encode and decode rows, [rows, any], cut into blocks along the last axis."""
    found = encode(xp.asarray(x), format, axis=-1)
    tensor = rational.tensor_scale(x.reshape(-1), format) if format.tensor else None  # type: ignore[arg-type]
    if tensor is not None:
        right = Fraction(float(np.asarray(found.tensor)))
        assert right == tensor, f"{where}: the tensor's scale is {right}, and should be {tensor}"
    codes = np.asarray(found.code)
    scales = np.asarray(found.scale).reshape(len(x), -1)
    zeros = None if found.zero is None else np.asarray(found.zero).reshape(len(x), -1)
    block = format.block or x.shape[1]
    values: list[Fraction | str] = []
    for row in range(len(x)):
        for at, start in enumerate(range(0, x.shape[1], block)):
            some = x[row, start : start + block]
            said = codes[row, start : start + block].tolist()
            zero = None if zeros is None else int(zeros[row, at])
            right = rational.block(some, format, tensor)  # type: ignore[assignment, arg-type]
            _check_block(some, (said, int(scales[row, at]), zero), right, where)  # type: ignore[arg-type]
            values += rational.decoded(said, int(scales[row, at]), zero, format, tensor)
    _check_values(found, values, where)
    _check_one_pass(x, found, xp, where, axis=-1)
    _check_bytes(found, where)


Block = tuple[list[int], int | None, int | None]


def _check_block(x: NDArray[np.float32], said: Block, right: Block, where: str) -> None:
    assert said[1] == right[1], f"{where}: scale {said[1]}, and should be {right[1]}, of {x}"
    if np.isnan(x).any():
        return  # the scale says it
    assert said[2] == right[2], f"{where}: zero point {said[2]}, and should be {right[2]}, of {x}"
    assert said[0] == right[0], f"{where}: codes {said[0]}, and should be {right[0]}, of {x}"


def _check_axes(format: Format, rng: np.random.Generator, xp: Any, where: str) -> None:
    """Cut ragged blocks; an axis in front gives what it gives at the end."""
    if format.pairs:
        return  # neighbours in memory
    length = (format.block or WITHOUT_BLOCK) * 3 // 2 + 1
    x = rng.standard_normal((2, length)).astype(np.float32)
    if format.block:
        _check_blocks(x, format, xp, where)
    last, first = (
        np.asarray(encode(xp.asarray(part), format, axis=axis).code)
        for part, axis in ((x, 1), (np.ascontiguousarray(x.T), 0))
    )
    assert np.array_equal(last, first.T), f"{where}: axis 0 gives other codes than axis 1"


def _check_values(found: Codes, right: Sequence[Fraction | str], where: str) -> None:
    """Decode and compare with numbers, NAN or INF (of either sign)."""
    for code, value, wanted in zip(
        np.asarray(found.code).reshape(-1), np.asarray(decode(found)).reshape(-1), right,
        strict=True,
    ):  # fmt: skip
        if wanted == rational.NAN:
            same = bool(np.isnan(value))
        elif wanted == rational.INF:
            same = bool(np.isinf(value))
        else:
            same = bool(np.isfinite(value)) and Fraction(float(value)) == wanted
        assert same, f"{where}: code {code} decodes to {value!r}, and should to {wanted}"


def _check_one_pass(
    x: NDArray[np.float32], found: Codes, xp: Any, where: str, axis: int | None = None
) -> None:
    """Quantise in one pass: every bit is that of decode after encode."""
    one = _bits(quantised(xp.asarray(x), found.format, axis=axis))
    two = _bits(decode(found))
    assert np.array_equal(one, two), f"{where}: one pass differs from encode and decode"


def _bits(x: Array) -> NDArray[np.int32]:
    return np.asarray(x).view(np.int32)


def _check_bytes(found: Codes, where: str) -> None:
    """Pack codes below a byte: one long number in base 2^bits, little end first."""
    bits = found.format.element_bits
    codes = np.asarray(found.code).reshape(-1)
    long = sum(int(code) << (at * bits) for at, code in enumerate(codes[:999]))
    packed = pack(found.code.reshape(-1)[:999], bits)
    size = -(-len(codes[:999]) * bits // 8)
    assert np.asarray(packed).tobytes() == long.to_bytes(size, "little"), f"{where}: other bytes"
    again = np.asarray(unpack(packed, bits, len(codes[:999])))
    assert np.array_equal(again, codes[:999]), f"{where}: unpacked codes differ"
