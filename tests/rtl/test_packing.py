"""Weights in blocks: vectors read from them against the weight itself."""

import itertools
import random

import numpy as np
import pytest
from tests.rtl.test_streams import gathered

import cosynth.mapping as mp
from cosynth.rtl.packing import blocks, packing
from cosynth.rtl.segments import Tile, nest
from cosynth.rtl.streams import stream
from cosynth.workload import parse
from cosynth.workload.einsum import accesses


def drawn(rng):
    """A mapping whose loops step by all lanes, and one order of them."""
    sizes = {rank: rng.randint(1, 9) for rank in "kcrs"}
    ranks = rng.sample("kcrs", 4)
    lanes = {rank: rng.randint(1, sizes[rank]) for rank in ranks[: rng.randint(1, 3)]}
    levels = (
        mp.Level(name="dram", keep=("W",)),
        mp.Level(
            name="down",
            loops=tuple(
                mp.Loop(rank=rank, tile=-(-sizes[rank] // n), dimension="rows")
                for rank, n in lanes.items()
            ),
        ),
        mp.Level(name="registers", loops=tuple(mp.Loop(rank=rank, tile=1) for rank in ranks)),
    )
    mapping = mp.Mapping(einsum="O", engine="mac", levels=levels)
    return sizes, nest(mapping, sizes, frozenset("crs"))


@pytest.mark.parametrize("seed", range(80))
def test_vectors_are_those_of_the_weight(seed):
    rng = random.Random(seed)
    sizes, one = drawn(rng)
    access = list(
        accesses(parse("O[k,p] += I[c,p+r,s] * W[k,c,r,s]", {**sizes, "p": 2}).expression)
    )[1]
    values = np.arange(1, 1 + np.prod([sizes[r] for r in "kcrs"])).reshape(
        [sizes[r] for r in "kcrs"]
    )
    vector = [rank for rank in one.lanes if rng.random() < 0.7]
    found = packing(access, one, vector, [rank for rank in one.lanes if rank not in vector])
    begin = {rank: rng.randrange(sizes[rank]) for rank in "kcrs"}
    tile = Tile(start=begin, size={rank: sizes[rank] - begin[rank] for rank in "kcrs"})
    layout = found.box(tile)
    memory = blocks(values, layout)
    assert memory.size == layout.size
    lanes = [(rank, min(one.lanes[rank], tile.size[rank])) for rank in vector]
    steps = {rank: one.lanes[rank] if rank in vector else 1 for rank in "kcrs"}
    # whole blocks alone, as segments have them
    loops = [(rank, max(tile.size[rank] // steps[rank], 1), steps[rank]) for rank in "kcrs"]
    read = stream(
        found.split, found.within(layout), 0, found.start(dict.fromkeys("kcrs", 0)),
        found.vector(lanes), found.walk(loops),
    )  # fmt: skip
    wanted = []
    for at in itertools.product(*(range(n) for _, n, _ in reversed(loops))):
        here = {rank: begin[rank] + n * step
                for (rank, _, step), n in zip(reversed(loops), at, strict=True)}  # fmt: skip
        for places in itertools.product(*(range(n) for _, n in reversed(lanes))):
            more = {rank: n for (rank, _), n in zip(reversed(lanes), places, strict=True)}
            wanted.append(int(values[tuple(here[r] + more.get(r, 0) for r in "kcrs")]))
    assert [value for each in gathered(memory, read) for value in each] == wanted
    whole = all(count == one.lanes[rank] for rank, count in lanes)
    assert not (vector and whole and found.lanes.keys() >= set(vector)) or not read.grouped, seed
