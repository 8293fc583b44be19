"""Tensors as rows of blocks, and back: any axis, the last block of a line filled with zeros."""

from __future__ import annotations

import math
from typing import Any

from cosynth.arrays import Array
from cosynth.errors import SpecError

Shape = tuple[int, ...]


def counted(shape: Shape, block: int, axis: int) -> Shape:
    """Return the shape of the scales: as the tensor, but for the blocks of its axis; 0: one."""
    if not block or not shape:
        return ()
    at = position(shape, axis)
    return (*shape[:at], -(-shape[at] // block), *shape[at + 1 :])


def position(shape: Shape, axis: int) -> int:
    """Return an axis counted from the front, or SpecError; a scalar is a line of one."""
    rank = max(len(shape), 1)
    if not -rank <= axis < rank:
        raise SpecError(f"axis {axis} of blocks: the tensor has {rank} axes")
    return axis % rank


def rows(x: Array, block: int, axis: int, xp: Any, *, even: bool = False) -> Array:
    """Return a tensor as [blocks, block]; one row if `block` is 0, of `even` length if asked."""
    if not block:
        line = x.reshape(1, -1)
        return xp.pad(line, [(0, 0), (0, 1)]) if even and line.shape[1] % 2 else line
    x = xp.moveaxis(x.reshape(x.shape or (1,)), axis, -1)
    rest = -x.shape[-1] % block
    if rest:
        x = xp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, rest)])
    return x.reshape(-1, block)


def tensor(lines: Array, shape: Shape, block: int, axis: int, xp: Any) -> Array:
    """Return what `rows` made as a tensor of `shape` again."""
    if not block or not shape:
        return lines.reshape(-1)[: math.prod(shape)].reshape(shape)
    at = position(shape, axis)
    length = shape[at]
    moved = (*shape[:at], *shape[at + 1 :], -(-length // block) * block)
    return xp.moveaxis(lines.reshape(moved)[..., :length], -1, at)


def per_block(values: Array, shape: Shape, block: int, axis: int, xp: Any) -> Array:
    """Return one value a block, [blocks, 1], in the shape of `counted`."""
    wanted = counted(shape, block, axis)
    if not wanted:
        return values.reshape(())
    at = position(shape, axis)
    moved = (*wanted[:at], *wanted[at + 1 :], wanted[at])
    return xp.moveaxis(values.reshape(moved), -1, at)


def flat(values: Array, axis: int, xp: Any) -> Array:
    """Return what `per_block` made as [blocks, 1] again."""
    if not values.ndim:
        return values.reshape(1, 1)
    return xp.moveaxis(values, axis, -1).reshape(-1, 1)
