"""NVDLA: convolution cores of any size, with the configuration of the open design's seven sizes."""

from __future__ import annotations

from cosynth.arrays import Array
from cosynth.hardware.parts import chain, off_chip, stationary_weights
from cosynth.hardware.tree import (
    Component,
    Compute,
    Dimension,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
)

# output positions that one pass of weights serves before the next is shifted in
STRIPE = 32
SOURCES = (
    "nvdla/hw, spec/defs: atomic sizes, convolution buffer, memory ports",
    "nvdla/doc, doc/primer.rst: 1 GHz, buffer and memory bandwidth of the seven sizes",
)
ASSUMED = (
    "dram.law", "buffer.read_bandwidth", "buffer.write_bandwidth", "bus.length", "sums.size",
    "vector.rates",
)  # fmt: skip
NOTES = (
    "A pass of weights serves a stripe of 32 output positions; the sums hold two such stripes.",
    "int8 only; the vendor's larger configurations also carry int16 and fp16.",
)


def nvdla(  # noqa: PLR0913 - each argument is one number of the chip
    *,
    atomic_c: Array = 64,
    atomic_k: Array = 32,
    buffer: Array = 512 * 1024,
    dram_bandwidth: Array = 20e9,
    frequency: Array = 1e9,
    technology: Array = 16e-9,
    dram: str = "lpddr4",
    vector_rate: Array = 16,
    name: str = "nvdla",
) -> Hardware:
    """Return a core that multiplies `atomic_c` inputs with `atomic_k` kernels every cycle.

    `buffer` B is the convolution buffer: its two ports give one row of `atomic_c` bytes of data
    and one of weights a cycle. `dram_bandwidth` B/s. Every number may be an array of designs.
    """
    row = atomic_c * frequency
    sums = atomic_k * 4 * frequency
    parts: list[Component] = [
        off_chip(dram, dram_bandwidth),
        Memory(
            name="buffer",
            size=buffer,
            read_bandwidth=2 * row,
            write_bandwidth=row,
            width=atomic_c * 8.0,
            keeps=("input", "weight"),
            double_buffered=True,
        ),
        Link(name="bus", length=1e-3),
        Memory(
            name="sums",
            size=2 * STRIPE * atomic_k * 4,
            read_bandwidth=sums,
            write_bandwidth=sums,
            width=atomic_k * 32.0,
            keeps=("output",),
            double_buffered=True,
        ),
        SpatialArray(
            name="array",
            dimensions=(
                Dimension(name="c", size=atomic_c, reduce=True, ranks=("reduced", "kernel")),
                Dimension(name="k", size=atomic_k, multicast=("input",), ranks=("channel",)),
            ),
        ),
        stationary_weights(),
        Compute(name="mac", rates=(("int8", 1.0),)),
    ]
    nodes = chain(parts)
    vector = Compute(name="vector", does="vector", rates=(("any", vector_rate),))
    nodes.append(Node(component=vector, under="sums"))
    return Hardware(
        name=name,
        title="NVDLA: a convolution core of atomic_c x atomic_k multipliers, int8",
        nodes=tuple(nodes),
        frequency=frequency,
        technology=technology,
        sources=SOURCES,
        assumed=ASSUMED,
        notes=NOTES,
    )
