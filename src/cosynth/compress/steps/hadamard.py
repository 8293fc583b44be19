"""Rotation by blocks of a Hadamard matrix: what stands out is spread over its block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.change import Change, Turn
from cosynth.compress.nodes import Nodes
from cosynth.compress.step import Factors, Step


class Hadamard(Step):
    """Turns blocks of `option` places, or of the largest power of two that divides the axis.

    With a seed, signs are drawn first, so that no pattern in the data meets one in the matrix.
    Ashkboos and others, "QuaRot", NeurIPS 2024, have the idea for whole networks.
    """

    default = 128
    least = 2
    most = 65536

    def change(self, factors: Factors) -> Change | None:
        """Turn both factors; nothing where the summed axis is odd."""
        size = factors.length & -factors.length
        size = min(size, 1 << (int(self.option).bit_length() - 1))
        if size < 2:
            return None
        signs = np.ones(size)
        if self.seed is not None:
            signs = np.random.default_rng(self.seed).choice([-1.0, 1.0], size)
        return Rotation(length=factors.length, matrix=signs[:, None] * _matrix(size))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rotation(Turn):
    """A block-diagonal matrix, `matrix` [size, size] all along."""

    matrix: Array

    def along(self, values: Array) -> Array:
        """Return values [..., length] times the matrix, block by block."""
        size = len(self.matrix)
        parts = values.reshape(*values.shape[:-1], -1, size)
        return (parts @ self.matrix.astype(values.dtype)).reshape(values.shape)

    def spelt_along(self, x: str, nodes: Nodes) -> str:
        """Cut the axis into blocks, multiply, and join them."""
        size = len(self.matrix)
        rest = nodes.add("Shape", [x], f"{x}.shape")
        blocks = nodes.constant(f"{x}.blocks", np.array([-1, size], dtype=np.int64))
        cut = nodes.add("Reshape", [x, blocks], f"{x}.cut")
        matrix = nodes.constant(f"{x}.hadamard", self.matrix.astype(np.float32))
        turned = nodes.add("MatMul", [cut, matrix], f"{x}.turned")
        return nodes.add("Reshape", [turned, rest], f"{x}.joined")


@cache
def _matrix(size: int) -> Array:
    """Sylvester's matrix over the root of its size, float64 [size, size]: orthogonal."""
    found = np.ones((1, 1))
    while len(found) < size:
        found = np.block([[found, found], [found, -found]])
    return found / np.sqrt(size)
