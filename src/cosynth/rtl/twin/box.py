"""The twin of `dma_load.sv` and `dma_store.sv`: boxes copied between DRAM and a memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Runs of `run` grains in loops, the innermost first; addresses and strides in grains.

    A loop is (count, stride in DRAM, stride in the memory).
    """

    run: int
    dram: int
    local: int
    loops: Sequence[tuple[int, int, int]] = ()

    def grains(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Addresses in DRAM and in the memory [grains], in the order in which they are copied."""
        return self._walk(self.dram, 1), self._walk(self.local, 2)

    def beats(self, grains: int) -> int:
        """How many beats of `grains` grains pass; one that two runs in a row share passes once."""
        first = (self.dram + self._runs()) // grains
        last = (self.dram + self._runs() + self.run - 1) // grains
        return int((last - first + 1).sum() - (first[1:] == last[:-1]).sum())

    def _runs(self) -> NDArray[np.int64]:
        """Where runs begin in DRAM [runs], from `dram` on."""
        return replace(self, run=1, dram=0).grains()[0]

    def _walk(self, base: int, side: int) -> NDArray[np.int64]:
        addresses = base + np.arange(self.run, dtype=np.int64)
        for loop in self.loops:
            turns = np.arange(loop[0], dtype=np.int64) * loop[side]
            addresses = (turns[:, None] + addresses).ravel()
        return addresses


def load(box: Box, dram: NDArray[np.generic], memory: NDArray[np.generic]) -> None:
    """Copy a box of grains [grains, ...] from `dram` into `memory`, which is changed."""
    there, here = box.grains()
    _copy(memory, here, dram, there)


def store(box: Box, memory: NDArray[np.generic], dram: NDArray[np.generic]) -> None:
    """Copy a box of grains [grains, ...] from `memory` into `dram`, which is changed."""
    there, here = box.grains()
    _copy(dram, there, memory, here)


def _copy(
    target: NDArray[np.generic],
    to: NDArray[np.int64],
    source: NDArray[np.generic],
    at: NDArray[np.int64],
) -> None:
    # where a grain is written twice the last write stands, which an indexed assignment leaves open
    last = len(to) - 1 - np.unique(to[::-1], return_index=True)[1]
    target[to[last]] = source[at[last]]
