"""Which mapping of a layer the chip runs soonest, among candidates and what is near them.

What a program costs is for the caller to say: this room knows no cost model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

import cosynth.mapping as mp
from cosynth.errors import MappingError
from cosynth.rtl.aligned import aligned
from cosynth.rtl.arrange import burdened, orders
from cosynth.rtl.chip import Chip
from cosynth.rtl.mirrored import mirrored
from cosynth.rtl.network import Layer, Network
from cosynth.rtl.plan import MOST_SEGMENTS
from cosynth.rtl.program import placed, views_of, words_of
from cosynth.rtl.relieved import narrowed, relieved, shortened
from cosynth.rtl.work import Place

# cycles of a program
Price = Callable[[NDArray[np.uint64]], float]
# parts up to which a mapping is looked at while others fall into fewer
FEW_SEGMENTS = 1024
# mappings of a layer after which no more are looked for, and so many more near what was eased
MOST_TRIED, MORE_TRIED = 60, 20
# how much dearer vectors and copies must be than a layer likes them, for other mappings to be tried
BURDENED = 1.1
# mappings with fewer rows that are tried where blocks have scales
MOST_ALIGNED = 3


def chosen(
    network: Network,
    chip: Chip,
    candidates: Mapping[str, Sequence[mp.Mapping]],
    price: Price,
    places: Mapping[str, Place] | None = None,
    on_layer: Callable[[int, int], None] | None = None,
) -> dict[str, mp.Mapping]:
    """Return a mapping for each layer; one for which none of its candidates runs keeps its first.

    Tensors lie as the first candidates want them while the choice is made, unless `places` says
    where. `on_layer` hears of progress as (done, total).
    """
    first = {name: found[0] for name, found in candidates.items()}
    places = places or placed(network, chip, orders(network, chip, first))
    best, done = dict(first), 0
    for layer in network.operations:
        if not isinstance(layer, Layer) or layer.name not in candidates:
            continue
        if on_layer:
            on_layer(done, len(candidates))
        done += 1
        views = views_of(network, places, layer)
        sizes = layer.einsum.sizes
        within = [
            near
            for mapping in candidates[layer.name]
            for near in aligned(mapping, sizes, layer.blocks)
        ]
        found = [*candidates[layer.name], *within[:MOST_ALIGNED]]
        few, many = (
            _Cost(partial(words_of, network, chip, layer, views=views, most=most), price)
            for most in (FEW_SEGMENTS, MOST_SEGMENTS)
        )
        best[layer.name] = _least(found, sizes, few)
        cost, asked = (few, found) if few.runs else (many, (*found, *within))
        if not few.runs:
            best[layer.name] = min(asked, key=many)
        kept = layer.einsum.output.ranks
        eased = (
            one
            for each in asked
            if cost(each) == math.inf
            for one in (
                *relieved(each, sizes), *shortened(each, sizes), *narrowed(each, sizes, kept)
            )
        )  # fmt: skip
        better = min(eased, key=cost, default=best[layer.name])
        if cost(better) < cost(best[layer.name]):
            best[layer.name] = _nearest(better, cost, len(cost.known) + MORE_TRIED)
    return best


def refitted(
    network: Network,
    chip: Chip,
    mappings: Mapping[str, mp.Mapping],
    candidates: Mapping[str, Sequence[mp.Mapping]],
    price: Price,
    places: Mapping[str, Place],
) -> dict[str, mp.Mapping]:
    """Return for each layer the mapping that runs soonest where its tensors lie.

    Tried are its own, its candidates, and these with ranks exchanged that are alike. A layer whose
    tensors lie about as it likes keeps its own.
    """
    best = dict(mappings)
    lie = {name: place.order for name, place in places.items() if name in network.units}
    for layer in network.operations:
        if not isinstance(layer, Layer) or layer.name not in candidates:
            continue
        if burdened(network, chip, layer, best[layer.name], lie) < BURDENED:
            continue
        views = views_of(network, places, layer)
        cost = _Cost(
            partial(words_of, network, chip, layer, views=views, most=MOST_SEGMENTS), price
        )
        found = (best[layer.name], *candidates[layer.name])
        best[layer.name] = min(
            (near for one in found for near in (one, *mirrored(one, layer.einsum, layer.channel))),
            key=cost,
        )
    return best


class _Cost:
    """What the program of a mapping costs; infinite where there is none. Each is asked for once."""

    def __init__(self, words: Callable[[mp.Mapping], NDArray[np.uint64]], price: Price) -> None:
        self._words, self._price = words, price
        self.known: dict[mp.Mapping, float] = {}

    def __call__(self, mapping: mp.Mapping) -> float:
        if mapping not in self.known:
            try:
                self.known[mapping] = self._price(self._words(mapping))
            except MappingError:
                self.known[mapping] = math.inf
        return self.known[mapping]

    @property
    def runs(self) -> bool:
        """Whether the chip runs any mapping that was asked for."""
        return any(cost < math.inf for cost in self.known.values())


def _least(found: Sequence[mp.Mapping], sizes: Mapping[str, int], cost: _Cost) -> mp.Mapping:
    """The best of mappings and of what is near them."""
    tried = [
        one
        for mapping in found
        for one in (mapping, even(mapping, sizes, 0.5), even(mapping, sizes, 0.0))
    ]
    return _nearest(
        min((near for one in tried for near in _hoists(one)), key=cost), cost, MOST_TRIED
    )


def _nearest(best: mp.Mapping, cost: _Cost, most: int) -> mp.Mapping:
    """The best of what is near a mapping, then of what is near that, and so on."""
    while len(cost.known) < most and cost.runs:
        better = min((*_turned(best), *_hoists(best)), key=cost, default=best)
        if cost(better) >= cost(best):
            break
        best = better
    return best


def _hoists(mapping: mp.Mapping) -> Iterator[mp.Mapping]:
    """A mapping with ever larger tiles in the buffer."""
    for count in range(len(mapping.levels[0].loops) + 1):
        yield hoisted(mapping, count)


def _turned(mapping: mp.Mapping) -> Iterator[mp.Mapping]:
    """A mapping with one loop over a memory brought innermost."""
    for at, level in enumerate(mapping.levels):
        if any(loop.dimension for loop in level.loops):
            continue
        for number, loop in enumerate(level.loops[:-1]):
            rest = level.loops[:number] + level.loops[number + 1 :]
            if any(other.rank == loop.rank for other in level.loops[number + 1 :]):
                continue
            moved = replace(level, loops=(*rest, loop))
            yield replace(mapping, levels=(*mapping.levels[:at], moved, *mapping.levels[at + 1 :]))


def hoisted(mapping: mp.Mapping, count: int) -> mp.Mapping:
    """The same loops in the same order, the innermost `count` of DRAM's over the buffer instead."""
    outer, inner, *rest = mapping.levels
    cut = len(outer.loops) - count
    levels = (
        replace(outer, loops=outer.loops[:cut]),
        replace(inner, loops=outer.loops[cut:] + inner.loops),
        *rest,
    )
    return replace(mapping, levels=levels)


def even(mapping: mp.Mapping, sizes: Mapping[str, int], least: float) -> mp.Mapping:
    """A mapping whose steps are made as long as goes without a shorter last one.

    A step that would become shorter than `least` of its length stays as it is. Lanes become fewer,
    where a loop further in takes what they leave.
    """
    left = dict(sizes)
    after = [loop.rank for loop in mapping.loops]
    levels = []
    for level in mapping.levels:
        loops = []
        for loop in level.loops:
            after.pop(0)
            whole, tile = left[loop.rank], min(int(loop.tile), left[loop.rank])
            if loop.dimension is None:
                divisor = next(size for size in range(tile, 0, -1) if whole % size == 0)
                tile = divisor if divisor > least * tile else tile
            elif loop.rank in after:
                lanes = -(-whole // tile)
                tile = whole // next(n for n in range(lanes, 0, -1) if whole % n == 0)
            left[loop.rank] = tile
            loops.append(replace(loop, tile=tile))
        levels.append(replace(level, loops=tuple(loops)))
    return replace(mapping, levels=tuple(levels))
