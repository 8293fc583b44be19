"""What a format does to a tensor: noise and crest factor of the whole and of each block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.format import blocks
from cosynth.format.codec import quantised
from cosynth.format.number import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What a format did to a tensor; the blocks lie along the axis as its scales do.

    `qsnr` is signal over quantisation noise of the whole tensor in dB, `blocks` that of each
    block, `crest` its peak over the root of its mean square. Infinity where nothing was lost;
    the crest factor of a block of zeros is NaN.
    """

    qsnr: Array
    blocks: Array
    crest: Array


def noise(x: Array, format: Format, *, axis: int | None = None) -> Noise:
    """Return what the codec does to a tensor, block by block along `axis` (the format's own).

    Without a scale, or with one for all, the tensor is one block. SpecError as `encode` has it.

    >>> from cosynth.format import known
    >>> found = noise(np.float32([[1, -3, 0.3], [8, 8, 8]]), known("mxfp4"))
    >>> found.blocks.round(1).tolist(), found.crest.round(2).tolist()
    ([[36.1], [inf]], [[1.64], [1.0]])
    """
    at = format.axis if axis is None else axis
    kept = quantised(x, format, axis=at)
    block = format.block if format.scale is not None else 0
    return Noise(
        qsnr=decibels(x, kept),
        blocks=_ratio(_squares(x, block, at), _squares(_lost(x, kept), block, at)),
        crest=crest(x, block, at),
    )


def decibels(x: Array, kept: Array) -> Array:
    """Return 10 log10 of the energy of `x` over that of what `kept` differs by; of any shape.

    >>> round(float(decibels(np.array([3.0, 4.0]), np.array([3.0, 4.5]))), 2)
    20.0
    """
    xp = namespace(x, kept)
    return _ratio((_wide(x) ** 2).sum(), (_lost(xp.asarray(x), xp.asarray(kept)) ** 2).sum())


def crest(x: Array, block: int, axis: int = -1) -> Array:
    """Return peak over root of the mean square of each block along an axis; of all if 0.

    A last block that is not full counts the elements it has. NaN for a block of zeros.

    >>> crest(np.array([1.0, -1.0, 0.0, 2.0, 5.0]), 2).round(3).tolist()
    [1.0, 1.414, 1.0]
    """
    xp = namespace(x)
    x = xp.asarray(x)
    count = _squares(xp.ones(x.shape), block, axis)
    rows = blocks.rows(xp.abs(_wide(x)), block, axis, xp).max(axis=-1, keepdims=True)
    peak = blocks.per_block(rows, tuple(x.shape), block, axis, xp)
    mean = _squares(x, block, axis) / count
    return xp.where(mean > 0, peak / xp.where(mean > 0, mean, 1) ** 0.5, xp.nan)


def _wide(x: Array) -> Array:
    """As floats of the namespace's full width: sums of squares need it."""
    xp = namespace(x)
    return xp.asarray(x).astype(xp.result_type(float))


def _lost(x: Array, kept: Array) -> Array:
    return _wide(x) - _wide(kept)


def _squares(x: Array, block: int, axis: int) -> Array:
    """Sum of squares of each block."""
    xp = namespace(x)
    sums = (blocks.rows(_wide(x), block, axis, xp) ** 2).sum(axis=-1, keepdims=True)
    return blocks.per_block(sums, tuple(x.shape), block, axis, xp)


def _ratio(signal: Array, lost: Array) -> Array:
    """Signal over noise in dB; infinity where there is no noise, with or without a signal."""
    xp = namespace(signal, lost)
    with np.errstate(divide="ignore"):
        found = 10 * (xp.log10(signal) - xp.log10(xp.where(lost == 0, 1, lost)))
    return xp.where(lost == 0, xp.inf, found)
