"""In which order the dimensions of each tensor lie in memory: the one that costs the fewest cycles.

A vector whose elements lie side by side is read in one go; else each run takes a cycle. All orders
are tried, and what every layer that reads or writes the tensor would need is added up.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

import cosynth.mapping as mp
from cosynth.rtl.chip import Chip
from cosynth.rtl.network import Layer, Network
from cosynth.rtl.segments import Nest, nest, tiles
from cosynth.rtl.streams import Layout, box, lane_order, rank_steps
from cosynth.workload.einsum import Access

Order = tuple[int, ...]


def natural(shape: Sequence[int]) -> Order:
    """The last dimension innermost, as arrays lie in C."""
    return tuple(reversed(range(len(shape))))


def orders(network: Network, chip: Chip, mappings: Mapping[str, mp.Mapping]) -> dict[str, Order]:
    """Return the order of each activation, innermost dimension first."""
    graph = network.graph
    found = {t.name: natural(t.shape) for t in graph.tensors if t.name in network.units}
    viewed = {t.view_of[0] for t in graph.tensors if len(t.view_of) == 1}
    layers = [one for one in network.operations if isinstance(one, Layer) and one.name in mappings]
    nests = {
        one.name: nest(
            mappings[one.name],
            one.einsum.sizes,
            frozenset(one.einsum.ranks) - set(one.einsum.output.ranks),
        )
        for one in layers
    }
    for name in found:
        shape = graph.tensor(name).shape
        uses = [(one, role) for one in layers for role in _roles(one, name)]
        if name in viewed or not uses:
            continue
        wide = [dim for dim in natural(shape) if shape[dim] > 1]
        flat = tuple(dim for dim in natural(shape) if shape[dim] == 1)
        tried = [(*order, *flat) for order in itertools.permutations(wide)]
        found[name] = min(
            tried,
            key=lambda order: sum(
                _cycles(chip, nests[one.name], one, role, shape, order) for one, role in uses
            ),
        )
    return found


def _roles(one: Layer, name: str) -> Iterable[str]:
    if one.data.tensor == name:
        yield "data"
    if one.weight.tensor == name:
        yield "weight"
    if one.out == name:
        yield "out"
    if one.post.residual is not None and one.post.residual.tensor == name:
        yield "residual"


def _access(one: Layer, role: str) -> Access:
    """How a layer reads or writes the tensor that has a role in it."""
    if role == "residual":
        assert one.post.residual is not None
        return one.post.residual
    return one.einsum.output if role == "out" else one.data if role == "data" else one.weight


def _cycles(
    chip: Chip, one: Nest, layer: Layer, role: str, shape: Sequence[int], order: Order
) -> float:
    """Cycles that vectors of a layer and copies of its tiles take, if the order is this."""
    tile = next(tiles(one))
    access = _access(layer, role)
    layout = box(access, tile.start, tile.size, shape, order)
    lanes = {
        name: [rank for rank in one.lanes if one.dimension[rank] == name]
        for name in ("rows", "columns")
    }
    moving = "data" if chip.flow == "weight" else "weight"
    used = lanes["rows"] if role == moving and not layer.maxima else lanes["columns"]
    vectors = _vectors(chip, one, layer, role, moving, lanes)
    parts = _parts(access, layout, used, one, strided=chip.strided and role == "data")
    return vectors * parts + _copies(one, shape, layout)


def _parts(
    access: Access, layout: Layout, ranks: Sequence[str], one: Nest, *, strided: bool
) -> int:
    """Runs of a vector; `strided` readers take every second element in one."""
    steps = rank_steps(access, layout)
    run, total = 1, math.prod(one.lanes[rank] for rank in ranks)
    order = lane_order(access, layout, list(ranks))
    stride = 2 if strided and order and steps.get(order[0], 0) == 2 else 1
    for rank in order:
        if steps.get(rank, 0) != run * stride:
            break
        run *= one.lanes[rank]
    return total // run


def _turns(one: Nest) -> list[tuple[str, str, int]]:
    """Level, rank and turns of every loop, outermost first."""
    left = dict(one.sizes)
    found = []
    for loop in (*one.outer, *one.inner):
        found.append((loop.level, loop.rank, -(-left[loop.rank] // loop.tile)))
        left[loop.rank] = min(loop.tile, left[loop.rank])
    return found


def _vectors(
    chip: Chip, one: Nest, layer: Layer, role: str, moving: str, lanes: Mapping[str, Sequence[str]]
) -> float:
    turns = _turns(one)
    total = math.prod(count for _, _, count in turns)
    if role in {"out", "residual"}:
        outputs = math.prod(one.sizes[rank] for rank in layer.einsum.output.ranks)
        return outputs / math.prod(one.lanes[rank] for rank in lanes["columns"])
    if role == moving or chip.flow == "output":
        return total
    access = _access(layer, role)
    life, keep = 1, True
    for level, rank, count in reversed(turns):
        idle = rank not in access.ranks
        keep = keep and (level == "registers" or idle)
        if keep and idle:
            life *= count
    return total / life * math.prod(one.lanes[rank] for rank in lanes["rows"])


def _copies(one: Nest, shape: Sequence[int], layout: Layout) -> float:
    """Runs between DRAM and the buffer over all tiles."""
    number = math.prod(count for level, _, count in _turns(one) if level == "dram")
    runs, whole = 1, True
    for dim in layout.order:
        if not whole:
            runs *= layout.extent[dim]
        whole = whole and layout.extent[dim] == shape[dim]
    return number * runs
