"""In which order the dimensions of each tensor lie in memory: the one that costs the fewest cycles.

A vector whose elements lie side by side is read in one go; else each run takes a cycle. All orders
are tried, and what every layer that reads or writes the tensor would need is added up.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import cosynth.mapping as mp
from cosynth.rtl.chip import Chip
from cosynth.rtl.mirrored import mirrored
from cosynth.rtl.network import Layer, Network, root
from cosynth.rtl.segments import Nest, nest, tiles
from cosynth.rtl.streams import Layout, box, lane_order, rank_steps
from cosynth.rtl.views import Order, seen, shared_orders
from cosynth.workload.einsum import Access

# times that all runs of layers are looked at again
SWEEPS = 3


def natural(shape: Sequence[int]) -> Order:
    """The last dimension innermost, as arrays lie in C."""
    return tuple(reversed(range(len(shape))))


def orders(network: Network, chip: Chip, mappings: Mapping[str, mp.Mapping]) -> dict[str, Order]:
    """Return the order of each activation, innermost dimension first."""
    found = _Found(network, chip)
    return {name: found.best(name, mappings)[0] for name in found.uses}


def burdened(
    network: Network, chip: Chip, layer: Layer, mapping: mp.Mapping, order: Mapping[str, Order]
) -> float:
    """Cycles of a layer's vectors and copies, over those if each tensor lay as this layer likes."""
    found = _Found(network, chip)
    each = [
        (found.cycles(use, mapping, name), order[name])
        for name, uses in found.uses.items()
        for use in uses
        if use.layer is layer
    ]
    least = sum(min(cycles.values()) for cycles, _ in each)
    return sum(cycles[own] for cycles, own in each) / least if least else 1.0


def agreed(
    network: Network, chip: Chip, mappings: Mapping[str, mp.Mapping]
) -> dict[str, mp.Mapping]:
    """Return mappings whose ranks are exchanged with like ones where layers then agree more.

    Agreed on is how the tensors between them lie. Layers that follow one another are turned
    together, any run of them, for as long as that costs less.
    """
    found = _Found(network, chip)
    layers = [one for one in found.layers if one.name in mappings]
    ways = [
        (mappings[one.name], *mirrored(mappings[one.name], one.einsum, one.channel))
        for one in layers
    ]
    turns = [at for at, some in enumerate(ways) if len(some) > 1]
    best = [0] * len(layers)

    def cost(picks: Sequence[int]) -> float:
        chosen = {one.name: some[at] for one, some, at in zip(layers, ways, picks, strict=True)}
        return sum(found.best(name, chosen)[1] for name in found.uses)

    for _ in range(SWEEPS):
        before = least = cost(best)
        for first, last in itertools.combinations_with_replacement(range(len(turns)), 2):
            picks = list(best)
            for at in turns[first : last + 1]:
                picks[at] = (picks[at] + 1) % len(ways[at])
            if (now := cost(picks)) < least:
                best, least = picks, now
        if least == before:
            break
    return {
        **mappings,
        **{one.name: some[at] for one, some, at in zip(layers, ways, best, strict=True)},
    }


class _Use(NamedTuple):
    """A layer that reads or writes a tensor in a role, under the name of one of its views."""

    layer: Layer
    role: str
    name: str


class _Found:
    """What vectors and copies of layers cost by the order of a tensor; each is asked for once."""

    def __init__(self, network: Network, chip: Chip) -> None:
        self._graph, self._chip = network.graph, chip
        self.layers = [one for one in network.operations if isinstance(one, Layer)]
        names: dict[str, list[str]] = {name: [name] for name in network.units}
        for tensor in network.graph.tensors:
            base = root(network.graph, tensor.name)
            if len(tensor.view_of) == 1 and base in names:
                names[base].append(tensor.name)
        self.uses = {
            t.name: [
                _Use(one, role, name)
                for name in names[t.name]
                for one in self.layers
                for role in _roles(one, name)
            ]
            for t in network.graph.tensors
            if t.name in names
        }
        self._orders = {
            base: tuple(
                shared_orders(self._shape(base), [self._shape(name) for name in names[base][1:]])
            )
            for base in self.uses
        }
        self._known: dict[tuple[mp.Mapping, str, str, str], dict[Order, float]] = {}

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._graph.tensor(name).shape

    def best(self, name: str, mappings: Mapping[str, mp.Mapping]) -> tuple[Order, float]:
        """The order of a tensor that costs fewest cycles, and these, with the layers mapped."""
        costs = [
            self.cycles(use, mappings[use.layer.name], name)
            for use in self.uses[name]
            if use.layer.name in mappings
        ]
        if not costs:
            return natural(self._shape(name)), 0.0
        order = min(self._orders[name], key=lambda order: sum(each[order] for each in costs))
        return order, sum(each[order] for each in costs)

    def cycles(self, use: _Use, mapping: mp.Mapping, name: str) -> dict[Order, float]:
        """Cycles of one use of a tensor, by its order."""
        key = mapping, use.role, use.name, name
        if key not in self._known:
            shape, whole = self._shape(use.name), self._shape(name)
            one = _nest(use.layer, mapping)
            self._known[key] = {
                order: _cycles(
                    self._chip, one, use.layer, use.role, shape, seen(order, whole, shape)
                )
                for order in self._orders[name]
            }
        return self._known[key]


def _nest(layer: Layer, mapping: mp.Mapping) -> Nest:
    summed = frozenset(layer.einsum.ranks) - set(layer.einsum.output.ranks)
    return nest(mapping, layer.einsum.sizes, summed)


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
