"""Encode and decode: from float32 to codes and scales and back, every bit by a stated rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.errors import SpecError
from cosynth.format import blocks, compiled, kernel
from cosynth.format.number import Format
from cosynth.format.pack import code_type
from cosynth.format.rounding import INFINITY, MAGNITUDE
from cosynth.format.scale import least_tensor, peaks, tensor_scale

# elements that a step of NumPy works on: their temporaries stay in a core's own cache
CHUNK = 1 << 15
WIDEST_INTEGER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """An encoded tensor: unsigned integers only, but for the float32 `tensor` scale.

    `code` has the tensor's shape; `scale` and `zero` have it with the blocks of `axis` in place
    of its elements (a single one if the tensor is the block). All are codes of their types.
    """

    format: Format
    axis: int
    code: Array
    scale: Array | None = None
    zero: Array | None = None
    tensor: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return tuple(self.code.shape)


def encode(
    x: Array,
    format: Format,
    *,
    axis: int | None = None,
    tensor: Array | None = None,
    random: Array | np.random.Generator | None = None,
) -> Codes:
    """Return the codes and scales of `x`, read as float32, in blocks along `axis`.

    `tensor` is a scale for the whole tensor in place of the one from its largest magnitude.
    `random` rounds up and down with the right probability: a generator, or 32 bits an element
    (uint32 [*x]; from `jax.random.bits` for JAX). SpecError where NaN has no code.

    >>> from cosynth.format import known
    >>> encode(np.float32([1, -3, 0.26]), known("fp4_e2m1")).code.tolist()
    [2, 13, 1]
    """
    x, format, at, arrays = _given(x, format, axis, tensor, random)
    code, scale, zero, whole = _call(x)(_encoded, x, *arrays, format=format, axis=at)
    return Codes(format=format, axis=at, code=code, scale=scale, zero=zero, tensor=whole)


def quantised(
    x: Array,
    format: Format,
    *,
    axis: int | None = None,
    tensor: Array | None = None,
    random: Array | np.random.Generator | None = None,
) -> Array:
    """Return `decode(encode(x, ...))` in one pass, float32 [*x], equal in every bit.

    The gradient of a JAX array passes straight through.

    >>> from cosynth.format import known
    >>> quantised(np.float32([1, -3.4, 0.26]), known("fp4_e2m1")).tolist()
    [1.0, -3.0, 0.5]
    """
    x, format, at, arrays = _given(x, format, axis, tensor, random)
    run = _plainly if namespace(x) is np else compiled.straight
    return run(_quantised, x, *arrays, format=format, axis=at)


def decode(codes: Codes) -> Array:
    """Return the float32 values of codes, [*shape]; never infinity from a finite code.

    >>> from cosynth.format import known
    >>> decode(encode(np.float32([1, -3, 0.26]), known("mxfp4"))).tolist()
    [1.0, -3.0, 0.25]
    """
    arrays = (codes.scale, codes.zero, codes.tensor)
    run = _call(codes.code)
    return run(_decoded, codes.code, *arrays, format=codes.format, axis=codes.axis)


def _plainly(function: Callable[..., Any], *arrays: Any, format: Format, axis: int) -> Any:
    return function(*arrays, format=format, axis=axis)


def _call(x: Array) -> Callable[..., Any]:
    """How to run a function on an array: as it is, or compiled if it is JAX's."""
    if namespace(x) is np:
        return _plainly
    _register()
    return compiled.call


@cache
def _register() -> None:
    values = ["code", "scale", "zero", "tensor"]
    compiled.register(Codes, values, ["format", "axis"])


def _encoded(
    x: Array, tensor: Array | None, noise: Array | None, *, format: Format, axis: int
) -> tuple[Array | None, ...]:
    xp, shape, block = namespace(x), tuple(x.shape), _row(format, x.shape)
    found, scale = _on_rows(kernel.encode_rows, x, tensor, noise, format, axis)
    code = blocks.tensor(found[0], shape, block, axis, xp)
    widths = (format.scale.width if format.scale else 0, format.element.width)
    others = [
        None
        if values is None
        else blocks.per_block(values, shape, block, axis, xp).astype(code_type(width, xp))
        for values, width in zip(found[1:], widths, strict=True)
    ]
    whole = None if scale is None else scale.view(xp.float32).reshape(())
    return code.astype(code_type(format.element.width, xp)), *others, whole


def _quantised(
    x: Array, tensor: Array | None, noise: Array | None, *, format: Format, axis: int
) -> Array:
    (found,), _ = _on_rows(kernel.quantise_rows, x, tensor, noise, format, axis)
    return blocks.tensor(found, tuple(x.shape), _row(format, x.shape), axis, namespace(x))


def _decoded(
    code: Array,
    scale: Array | None,
    zero: Array | None,
    tensor: Array | None,
    *,
    format: Format,
    axis: int,
) -> Array:
    xp, shape, block = namespace(code), tuple(code.shape), _row(format, code.shape)
    inputs = [
        blocks.rows(code, block, axis, xp, even=format.pairs),
        *(None if one is None else blocks.flat(one, axis, xp) for one in (scale, zero)),
    ]
    whole = None
    if tensor is not None:
        whole = xp.asarray(tensor, dtype=xp.float32).reshape(1, 1).view(xp.int32)
    (found,) = _run(kernel.decode_rows, inputs, whole, format, xp)
    return blocks.tensor(found, shape, block, axis, xp)


def _on_rows(
    function: Callable[..., kernel.Rows],
    x: Array,
    tensor: Array | None,
    noise: Array | None,
    format: Format,
    axis: int,
) -> tuple[list[Array | None], Array | None]:
    """What a function of rows returns for a tensor, and the bits of the tensor's scale."""
    xp, block = namespace(x), _row(format, x.shape)

    def cut(values: Array | None) -> Array | None:
        return None if values is None else blocks.rows(values, block, axis, xp, even=format.pairs)

    values = cut(x)
    assert values is not None
    real = cut(xp.ones(x.shape, dtype=bool)) if format.pairs and values.size != x.size else None
    whole = None
    if format.tensor and tensor is not None:
        whole = xp.maximum(tensor.reshape(1, 1).view(xp.int32), least_tensor(format))
    elif format.tensor:
        (tops,) = _run(_tops, [values], None, format, xp)
        whole = tensor_scale(xp.max(tops, initial=0).reshape(1, 1), format, xp)
    return _run(function, [values, cut(noise), real], whole, format, xp), whole


def _run(
    function: Callable[..., kernel.Rows],
    inputs: list[Array | None],
    tensor: Array | None,
    format: Format,
    xp: Any,
) -> list[Array | None]:
    if xp is np:
        return _chunked(function, inputs, tensor, format)
    return list(function(*inputs, format=format, tensor=tensor, xp=xp))


def _given(
    x: Array,
    format: Format,
    axis: int | None,
    tensor: Array | None,
    random: Array | np.random.Generator | None,
) -> tuple[Array, Format, int, tuple[Array | None, Array | None]]:
    """Arguments as arrays and checked: what cannot be encoded is refused here."""
    _check(format, random)
    xp = namespace(x)
    with np.errstate(over="ignore", invalid="ignore"):
        x = xp.asarray(x).astype(xp.float32)
    shape = tuple(x.shape)
    at = blocks.position(shape, format.axis if axis is None else axis)
    noise = _noise(random, shape, xp)
    if tensor is not None:
        if not format.tensor:
            raise SpecError(f"format {format.name!r} has no scale of the whole tensor to be given")
        tensor = xp.asarray(tensor, dtype=xp.float32).reshape(())
        if not compiled.is_traced(tensor) and not 0 < float(tensor) < np.inf:
            raise SpecError(f"scale of the tensor {float(tensor)!r}: must be finite and above 0")
    if format.scale is None and format.element.nan is None and not compiled.is_traced(x):
        _no_nan(x, format, xp)
    return x, format, at, (tensor, noise)


def _noise(
    random: Array | np.random.Generator | None, shape: tuple[int, ...], xp: Any
) -> Array | None:
    if random is None:
        return None
    if isinstance(random, np.random.Generator):
        return xp.asarray(random.integers(0, 1 << 32, shape, dtype=np.uint32))
    bits = xp.asarray(random)
    if tuple(bits.shape) != shape or bits.dtype != xp.uint32:
        raise SpecError(
            f"random bits are {bits.dtype} {tuple(bits.shape)}; expected uint32 {shape}"
        )
    return bits


def _check(format: Format, random: object) -> None:
    element = format.element
    if element.kind == "integer" and element.bits > WIDEST_INTEGER:
        raise SpecError(
            f"format {format.name!r} has no codec: float32 does not hold its values;"
            f" integers of up to {WIDEST_INTEGER} bits have one"
        )
    if random is not None and (element.values or format.pairs or format.zero):
        raise SpecError(
            f"format {format.name!r}: random rounding is for floats and integers without zero"
            " point or pairs"
        )


def _row(format: Format, shape: tuple[int, ...]) -> int:
    """Length of a row to work on: the block; all in one where there is no scale."""
    return format.block if format.scale is not None and shape else 0


def _no_nan(values: Array, format: Format, xp: Any) -> None:
    if bool(xp.isnan(values).any()):
        raise SpecError(
            f"format {format.name!r} has no code for NaN, and the tensor holds one;"
            " take it out, or choose a format with a scale, which marks its block"
        )


def _tops(x: Array, *, format: Format, tensor: None, xp: Any) -> tuple[Array]:  # noqa: ARG001
    """Return the largest magnitude of each row that is a number, as bits."""
    size = x.view(xp.int32) & MAGNITUDE
    peak, _ = peaks(xp.where(size > INFINITY, 0, size), xp)
    return (peak,)


def _chunked(
    function: Callable[..., tuple[Array | None, ...]],
    inputs: list[Array | None],
    tensor: Array | None,
    format: Format,
) -> list[Array | None]:
    """Run a function of rows on some rows at a time, so that its temporaries stay in the cache."""
    first = inputs[0]
    assert first is not None
    length = first.shape[1]
    free = format.scale is None  # rows mean nothing: cut them anew
    if free:
        inputs = [None if one is None else one.reshape(-1, 1) for one in inputs]
        first, length = inputs[0], 1
        assert first is not None
    count = max(CHUNK // max(length, 1), 1)
    found: list[Array | None] = []
    with np.errstate(all="ignore"):
        for start in range(0, max(first.shape[0], 1), count):
            some = [None if one is None else one[start : start + count] for one in inputs]
            if free:
                some = [None if one is None else one.reshape(1, -1) for one in some]
            parts = function(*some, format=format, tensor=tensor, xp=np)
            if free:
                parts = tuple(None if part is None else part.reshape(-1, 1) for part in parts)
            if not found:
                found = [
                    None
                    if part is None
                    else np.empty((first.shape[0], *part.shape[1:]), dtype=part.dtype)
                    for part in parts
                ]
            for whole, part in zip(found, parts, strict=True):
                if whole is not None and part is not None:
                    whole[start : start + count] = part
    return found
