"""The chip that only copies (`modules/copier.sv`): its registers, and boxes drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tests.rtl.modules import module

from cosynth.rtl.bench import Bench, Powered
from cosynth.rtl.source import sources
from cosynth.rtl.twin.box import Box
from cosynth.rtl.verilate import Trace

GO, DONE, FAILED, GAPS, MISTAKE, EVENTS = 0x00, 0x04, 0x08, 0x20, 0x24, 0x80
LOAD, STORE, LOAD_BESIDE = 1, 2, 4
LOOPS = 4
MOST = 1_000_000


@dataclass(frozen=True)
class Sizes:
    """Bits of a line, a beat, a grain and an address in grains; beats, bursts and runs ahead."""

    W: int
    D: int
    G: int
    AW: int = 12
    MAX_BURST: int = 16
    OUTSTANDING: int = 8
    AHEAD: int = 16

    @property
    def whole(self) -> int:
        """Grains of the least whole number of bytes."""
        return max(1, 8 // self.G)


def copier(sizes: Sizes, trace: Trace = "") -> Bench:
    parts = [*module("copier"), *sources("dma_load", "dma_store", "axi_read_mux", "sram_1r1w")]
    return Bench.open(parts, "copier", vars(sizes), trace)


def start(bench: Powered, box: Box, way: int) -> None:
    loops = [*box.loops, *[(1, 0, 0)] * (LOOPS - len(box.loops))]
    words = {0x10: box.run, 0x14: box.local, 0x18: box.dram, 0x1C: box.dram >> 32}
    for place, (count, there, here) in enumerate(loops):
        words |= {0x40 + 4 * place: count, 0x50 + 4 * place: there, 0x60 + 4 * place: here}
    for address, value in words.items():
        bench.write(address, value)
    bench.write(GO, way)


def events(bench: Powered) -> dict[str, int]:
    names = [f"{way}_{name}" for way in ("load", "store") for name in ("passes", "holds", "waits")]
    return {name: bench.read(EVENTS + 4 * place) for place, name in enumerate(names)}


def grains(memory: np.ndarray, bits: int) -> np.ndarray:
    """Bits of each grain [grains, bits]: a view of nothing, to be written back by `as_bytes`."""
    return np.unpackbits(memory, bitorder="little").reshape(-1, bits)


def as_bytes(values: np.ndarray) -> np.ndarray:
    return np.packbits(values.ravel(), bitorder="little")


def random_box(
    generator: np.random.Generator, dram: int, local: int, whole: int, most: int = 3000
) -> Box:
    """A box inside `dram` and `local` grains; all its places in DRAM are multiples of `whole`."""
    while True:
        kind = generator.integers(0, 4)
        run = int(generator.integers(1, (3, 20, 200, 1000)[kind]))
        run = -(-run // whole) * whole
        counts = [int(generator.choice([1, 1, 2, 3, generator.integers(1, 40)]))
                  for _ in range(generator.integers(0, LOOPS + 1))]  # fmt: skip
        if run * np.prod(counts) > most:
            continue
        loops = []
        inner = run
        for count in counts:
            reach = int(generator.choice([inner, 1, 0, inner + 1, generator.integers(0, 200)]))
            there = reach // whole * whole * int(generator.choice([1, 1, -1]))
            here = int(generator.choice([inner, generator.integers(0, 100), 1]))
            loops.append((count, there, here * int(generator.choice([1, 1, -1]))))
            inner *= count
        box = Box(run=run, dram=0, local=0, loops=loops)
        there, here = box.grains()
        if np.ptp(there) >= dram - whole or np.ptp(here) >= local:
            continue
        first = generator.integers(0, (dram - int(np.ptp(there)) - 1) // whole + 1) * whole
        return Box(
            run=run,
            dram=int(first - there.min()) // whole * whole,
            local=int(generator.integers(0, local - np.ptp(here)) - here.min()),
            loops=loops,
        )
