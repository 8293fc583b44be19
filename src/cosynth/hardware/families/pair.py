"""Two engines side by side under one memory, weight and output stationary, with splits as numbers.

One is like NVDLA, the other like ShiDianNao.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.errors import SpecError
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

# processing elements along the fixed side of each array
LANES = 16
SOURCES = (
    "Yang et al., Co-Exploration of Neural Architectures and Heterogeneous ASIC Accelerator "
    "Designs Targeting Multiple Tasks (NASAIC), DAC 2020: two engines, elements and bandwidth",
)
ASSUMED = (
    "dram.law",
    "weight_sums.size",
    "output_window.size",
    "vector_buffer.size",
    "vector.rates",
)


def pair(  # noqa: PLR0913 - each argument is one number of the chip
    *,
    elements: Array = 1024,
    split: Array = 0.5,
    bandwidth: Array = 16e9,
    bandwidth_split: Array = 0.5,
    weight_buffer: Array = 128 * 1024,
    output_buffer: Array = 128 * 1024,
    frequency: Array = 500e6,
    technology: Array = 28e-9,
    dram: str = "lpddr4",
    name: str = "pair",
) -> Hardware:
    """Return both engines under one memory; numbers may be arrays of designs.

    The weight stationary engine takes the share `split` of all `elements` (in rows of 16) and
    `bandwidth_split` of `bandwidth` B/s; the other takes the rest. At a split of 0 or 1 the engine
    without elements is left out, and the one that remains has the whole bandwidth.
    """
    for key, share in (("split", split), ("bandwidth_split", bandwidth_split)):
        _check(key, share)
    rows = _rows(elements, split)
    others = _whole(elements / LANES) - rows
    if not _some(rows) and not _some(others):
        raise SpecError(f"pair.elements: {elements} elements make no row of {LANES}")
    alone = not _some(rows) or not _some(others)
    if _some(rows) is None or _some(others) is None:
        raise SpecError(
            "pair.split: arrays of designs must leave both engines at least 16 elements"
        )
    share = bandwidth_split if not alone else 1.0
    nodes = chain([off_chip(dram, bandwidth)])
    if _some(rows):
        nodes += chain(
            _weight_stationary(rows, bandwidth * share, weight_buffer, frequency), "dram"
        )
    if _some(others):
        rest = bandwidth * (1.0 if alone else 1.0 - share)
        nodes += chain(_output_stationary(others, rest, output_buffer, frequency), "dram")
    nodes += chain(_vector(frequency), "dram")
    return Hardware(
        name=name,
        title="Two engines under one memory: weight stationary and output stationary",
        nodes=tuple(nodes),
        frequency=frequency,
        technology=technology,
        sources=SOURCES,
        assumed=tuple(key for key in ASSUMED if key.split(".")[0] in _names(nodes)),
    )


def _check(key: str, share: Array) -> None:
    """Shares stand between 0 and 1; a traced share cannot be asked."""
    plain = isinstance(share, (int, float, np.ndarray))
    if plain and not np.all((np.asarray(share) >= 0) & (np.asarray(share) <= 1)):
        raise SpecError(f"pair.{key}: {share} must be between 0 and 1")


def _rows(elements: Array, split: Array) -> Array:
    """Rows of 16 elements of the weight stationary engine, at least one where it has a share."""
    return _whole(elements * split / LANES)


def _whole(rows: Array) -> Array:
    return int(rows) if isinstance(rows, (int, float)) else namespace(rows).floor(rows)


def _some(rows: Array) -> bool | None:
    """Whether an engine has elements; None if that differs from design to design."""
    if isinstance(rows, int):
        return rows > 0
    if not isinstance(rows, np.ndarray):
        return True
    return True if np.all(rows > 0) else False if np.all(rows <= 0) else None


def _names(nodes: Iterable[Node]) -> set[str]:
    return {node.component.name for node in nodes}


def _weight_stationary(
    rows: Array, bandwidth: Array, buffer: Array, frequency: Array
) -> list[Component]:
    sums = LANES * 4 * frequency
    return [
        Link(name="weight_port", bandwidth=bandwidth, length=1e-3),
        Memory(
            name="weight_buffer",
            size=buffer,
            read_bandwidth=2 * rows * frequency,
            write_bandwidth=rows * frequency,
            width=128.0,
            keeps=("input", "weight"),
            double_buffered=True,
        ),
        Memory(
            name="weight_sums",
            size=64 * LANES * 4,
            read_bandwidth=sums,
            write_bandwidth=sums,
            width=LANES * 32.0,
            keeps=("output",),
            double_buffered=True,
        ),
        SpatialArray(
            name="weight_array",
            dimensions=(
                Dimension(name="c", size=rows, reduce=True, ranks=("reduced", "kernel")),
                Dimension(name="k", size=LANES, multicast=("input",), ranks=("channel",)),
            ),
        ),
        stationary_weights("weight_registers"),
        Compute(name="weight_stationary", rates=(("int8", 1.0),)),
    ]


def _output_stationary(
    rows: Array, bandwidth: Array, buffer: Array, frequency: Array
) -> list[Component]:
    outward = ("position", "channel", "shared")
    return [
        Link(name="output_port", bandwidth=bandwidth, length=1e-3),
        Memory(
            name="output_buffer",
            size=buffer,
            read_bandwidth=2 * LANES * frequency,
            write_bandwidth=LANES * frequency,
            width=128.0,
            double_buffered=True,
        ),
        Memory(
            name="output_window",
            law="register",
            size=16 * rows * LANES,
            width=8.0,
            keeps=("input",),
            double_buffered=True,
        ),
        SpatialArray(
            name="output_array",
            dimensions=(
                Dimension(name="y", size=rows, multicast=("input", "weight"), ranks=outward),
                Dimension(name="x", size=LANES, multicast=("input", "weight"), ranks=outward),
            ),
        ),
        Memory(name="output_partial", law="register", size=4.0, width=32.0, keeps=("output",)),
        Compute(name="output_stationary", rates=(("int8", 1.0),)),
    ]


def _vector(frequency: Array) -> list[Component]:
    moved = 2 * LANES * frequency
    return [
        Memory(
            name="vector_buffer",
            size=32 * 1024.0,
            read_bandwidth=moved,
            write_bandwidth=moved,
            width=128.0,
            double_buffered=True,
        ),
        Compute(name="vector", does="vector", rates=(("any", LANES),)),
    ]
