"""Mappings of maxima over windows: a search for products would spread windows over rows.

A column adds what its rows multiply, so the windows of maxima turn one after the other, and columns
take one rank of the output, a row each at most.
"""

from __future__ import annotations

import itertools
import math

from cosynth.mapping import Level, Loop, Mapping
from cosynth.rtl.chip import Chip, container
from cosynth.rtl.network import Layer

# mappings of a layer that are looked at, and copies of a tile that the buffer holds
MOST, COPIES = 4, 2


def nests(layer: Layer, chip: Chip) -> list[Mapping]:
    """Return mappings of a layer that keeps maxima, those of the fewest tiles first."""
    sizes = layer.einsum.sizes
    room = min(chip.rows, chip.columns) if chip.flow == "weight" else chip.columns
    whole = sizes[layer.channel]
    lanes = max((n for n in range(1, room + 1) if whole % n == 0), default=1)
    if lanes * 2 <= min(room, whole):  # rather a ragged last step
        lanes = min(room, whole)
    outer = [rank for rank in layer.einsum.output.ranks if rank != layer.channel]
    steps = {rank: _divisors(sizes[rank]) for rank in outer}
    steps[layer.channel] = [n for n in _divisors(whole) if n % lanes == 0] or [whole]
    found = []
    for tile in itertools.product(*(steps[rank] for rank in (layer.channel, *outer))):
        size = dict(zip((layer.channel, *outer), tile, strict=True))
        if COPIES * _bits(layer, chip, size) <= chip.lines * chip.line:
            count = math.prod(-(-sizes[rank] // size[rank]) for rank in size)
            found.append((count, [-size[rank] for rank in outer], size))
    found.sort(key=lambda one: one[:2])
    return [_nest(layer, chip, size, lanes) for _, _, size in found[:MOST]] or [
        _nest(layer, chip, {rank: steps[rank][0] for rank in steps}, lanes)
    ]


def _divisors(size: int) -> list[int]:
    return [n for n in range(1, size + 1) if size % n == 0]


def _bits(layer: Layer, chip: Chip, size: dict[str, int]) -> int:
    """Bits of a tile's data and output."""
    sizes = {**layer.einsum.sizes, **size}
    data = math.prod(
        1 + sum(abs(term.coefficient) * (sizes[term.rank] - 1) for term in index.terms)
        for index in layer.data.indices
    )
    return (data + math.prod(size.values())) * container(chip.activations)


def _nest(layer: Layer, chip: Chip, size: dict[str, int], lanes: int) -> Mapping:
    """Tiles of DRAM of this size; as many lines of each as a half of the sums holds."""
    einsum = layer.einsum
    left = dict(size)
    left[layer.channel] = -(-size[layer.channel] // lanes)
    lines, half = 1, {}
    for rank in sorted(left, key=lambda rank: rank == layer.channel):
        half[rank] = max(n for n in _divisors(left[rank]) if lines * n <= chip.sum_lines)
        lines *= half[rank]
    held = list(einsum.reduced)
    while chip.flow == "input" and math.prod(einsum.sizes[r] for r in held) > chip.entries:
        held.pop(0)

    def loops(tiles: dict[str, int], above: dict[str, int]) -> tuple[Loop, ...]:
        return tuple(Loop(rank=r, tile=n) for r, n in tiles.items() if n < above[r])

    # neighbours along columns: a tile above them counts elements, one below counts steps of all
    wide = {r: n * (lanes if r == layer.channel else 1) for r, n in half.items()}
    names = layer.data.tensor, layer.weight.tensor, einsum.output.tensor
    kept = {"weight": names[1], "input": names[0], "output": names[2]}[chip.flow]
    across = -(-min(wide[layer.channel], size[layer.channel]) // lanes)
    sums = dict.fromkeys((*half, *(r for r in einsum.reduced if r not in held)), 1)
    above = {**einsum.sizes, **half, layer.channel: across}
    spread = (Loop(rank=layer.channel, tile=across, dimension="columns"),) if lanes > 1 else ()
    levels = (
        Level(name="dram", keep=names, loops=loops(size, einsum.sizes)),
        Level(name="buffer", keep=names, loops=loops(wide, size)),
        Level(name="across", loops=spread),
        Level(name="sums", keep=(names[2],), loops=loops(sums, above)),
        Level(name="down"),
        Level(
            name="registers", keep=(kept,),
            loops=tuple(Loop(rank=r, tile=1) for r in held if einsum.sizes[r] > 1),
        ),
    )  # fmt: skip
    return Mapping(einsum=einsum.name, engine="mac", levels=levels)
