"""Scales of blocks as circuits have them: constant powers of two, and sums shifted by them.

A block is `Format.block` channels: of an activation, at all its positions; of a weight, of one
output channel, at all places of its kernel. Both exponents are known before the network runs, so
one shift serves for both, and a sum still has one unit for each output channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.format import Format
from cosynth.format.rounding import FLOAT_BIAS, HIDDEN, LARGEST
from cosynth.format.scale import powers
from cosynth.rtl.grid import to_grid
from cosynth.rtl.post import Fused
from cosynth.workload import Access, Workload

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
SHIFT_BITS = 4
MOST_SHIFT = (1 << SHIFT_BITS) - 1
# bits by which the multipliers of channels may differ: 15 less one
SPREAD = 14
MOST_BIAS = 30


def blocked(format: Format) -> bool:
    """Whether blocks of a format have scales that are powers of two."""
    return format.power and format.block > 0


def exponents(peaks: Floats, format: Format) -> Whole:
    """Exponents of what a whole number counts, from the largest magnitudes of blocks."""
    bits = peaks.astype(np.float32).view(np.int32)
    kept = np.where(bits < HIDDEN, 0, np.minimum(bits, LARGEST))
    return np.asarray(powers(kept, format, np), dtype=np.int64) - FLOAT_BIAS + format.element.step


def block_peaks(size: Floats, block: int) -> Floats:
    """Largest magnitudes of the blocks along the last axis, one for each of their elements."""
    starts = np.arange(0, size.shape[-1], block)
    found = np.maximum.reduceat(size, starts, axis=-1)
    return np.repeat(found, block, axis=-1)[..., : size.shape[-1]]


def activation_unit(values: Floats, dim: int | None, format: Format) -> Floats:
    """What whole numbers of a tensor count: by channel of `dim`, or one number for all of it."""
    size = np.abs(values)
    if dim is None:
        return np.asarray(np.exp2(exponents(np.maximum(size.max(keepdims=True), 1e-12), format))
                          ).reshape(())  # fmt: skip
    axes = tuple(at for at in range(values.ndim) if at != dim)
    found = exponents(block_peaks(np.maximum(size.max(axis=axes), 1e-12), format.block), format)
    shape = [1] * values.ndim
    shape[dim] = -1
    return np.asarray(np.exp2(np.maximum(found, found.max() - MOST_SHIFT))).reshape(shape)


def summed_rank(one: Fused) -> str | None:
    """The reduced rank along which blocks of both factors lie: the longest that both have alone."""
    head = one.head
    within = set(head.output.ranks)
    plain = [{i.name for i in a.indices if i.plain} for a in (one.data, one.weight)]
    shared = [rank for rank in head.ranks if rank in plain[0] & plain[1] and rank not in within]
    return max(shared, key=lambda rank: head.sizes[rank], default=None)


def dimension(access: Access, rank: str | None) -> int | None:
    """Which dimension a rank walks alone."""
    return next((d for d, i in enumerate(access.indices) if i.plain and i.name == rank), None)


def channel_dims(graph: Workload, layers: Iterable[Fused], block: int) -> dict[str, int]:
    """The dimension of channels of each tensor that may have exponents by block.

    All that read or write it must agree on it. One exponent serves a tensor that is seen under
    another shape, added to another, or limited by anything but zero.
    """
    found: dict[str, set[int | None]] = {}
    for one in layers:
        rank = summed_rank(one)
        own = dimension(one.weight, one.channel) is not None
        along = dimension(one.data, rank if rank is not None else one.channel)
        along = along if own else None
        found.setdefault(one.data.tensor, set()).add(along)
        for access in (one.data, one.weight):
            sources = graph.sources(access.tensor)
            for name in sources:
                if name != access.tensor:
                    found.setdefault(name, set()).add(None)
        limited = any(limit for limit in (one.low, one.high))
        written = dimension(one.head.output, one.channel)
        plain = own and not limited and one.residual is None
        found.setdefault(one.out, set()).add(written if plain else None)
        if one.residual is not None:
            found.setdefault(one.residual.tensor, set()).add(None)
    shapes = {tensor.name: tensor.shape for tensor in graph.tensors}
    return {
        name: dim
        for name, dims in found.items()
        if len(dims) == 1 and (dim := next(iter(dims))) is not None and shapes[name][dim] > block
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scaled:
    """Weights under scales of blocks: whole numbers, the shift in each, a sum's unit by channel."""

    whole: Whole
    shifts: Whole
    unit: Floats

    @property
    def shifted(self) -> bool:
        """Whether any block is shifted."""
        return bool(self.shifts.any())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """What a channel's sum must fit: `most` of a datum, bits of the sum, bias and unit of output.

    Biases and units are by channel, in what the network computes with.
    """

    most: int
    accumulator: int
    bias: Floats
    out: Floats


def scaled(
    values: Floats,
    axes: tuple[int | None, int | None],
    data: Floats,
    format: Format,
    limits: Bounds,
) -> Scaled:
    """Return weights whose `axes` are output channel and blocked rank, either perhaps none.

    `data` are the units of the data: one, by output channel [channels, 1], or by element of the
    blocked rank [1, length]. Blocks far below the largest of their channel are rounded coarser, so
    that no shift is longer than the circuit's and no sum leaves the accumulator.
    """
    channels = limits.bias.size
    front = [axis for axis in axes if axis is not None]
    rest = [at for at in range(values.ndim) if at not in front]
    moved = values.transpose(*front, *rest)
    length = 1 if axes[1] is None else values.shape[axes[1]]
    wide = channels if axes[0] is not None else 1
    flat = moved.reshape(wide, length, -1)
    of_data = np.log2(np.broadcast_to(data, (channels, length))).astype(np.int64)
    peaks = block_peaks(np.abs(flat).max(axis=-1), format.block)
    wanted = exponents(peaks, format) + of_data
    top = wanted.max(axis=1)
    least = np.log2(np.maximum(np.abs(limits.bias), 2.0**-200)) - MOST_BIAS
    low = np.maximum(wanted.min(axis=1), np.ceil(least)).astype(np.int64)
    window = np.full(channels, MOST_SHIFT)
    while True:
        base = _spread(np.maximum(low, top - window), limits.out)
        if axes[0] is None:  # outputs that share their weights share their shifts
            base = np.full_like(base, base.max())
        units = np.maximum(wanted, base[:, None])
        shifts = units - base[:, None]
        codes = to_grid(flat, np.exp2(units - of_data)[..., None], format)
        reach = (np.abs(codes).sum(axis=-1) * np.exp2(shifts)).sum(axis=1) * limits.most
        over = (reach >= 2.0 ** (limits.accumulator - 1)) & (window > 0)
        if not over.any():
            break
        window = window - over
    inverse = np.argsort([*front, *rest])

    def back(array: Whole) -> Whole:
        full = np.broadcast_to(array[:wide], flat.shape).reshape(moved.shape)
        return np.ascontiguousarray(full.transpose(*inverse))

    spread = back(shifts[..., None])
    return Scaled(whole=back(codes) << spread, shifts=spread, unit=np.exp2(base))


def _spread(base: Whole, out: Floats) -> Whole:
    """Exponents of sums, raised where a channel's multiplier would be too small beside others'."""
    of_out = np.log2(np.broadcast_to(out, base.shape))
    factors = base - of_out
    return np.asarray(np.maximum(base, np.ceil(factors.max() - SPREAD + of_out)).astype(np.int64))


def within_blocks(starts: Sequence[int], lanes: int, block: int) -> bool:
    """Whether neighbours that begin at each start lie in one block."""
    return all(start // block == (start + lanes - 1) // block for start in starts)


def units_of(
    graph: Workload,
    values: Mapping[str, Floats],
    dims: Mapping[str, int],
    format: Format,
) -> dict[str, Floats]:
    """What whole numbers of every activation count, from the values seen."""
    return {
        tensor.name: activation_unit(values[tensor.name], dims.get(tensor.name), format)
        for tensor in graph.tensors
        if tensor.role != "weight" and not tensor.view_of and tensor.name in values
    }
