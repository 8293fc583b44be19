"""Random mappings as nests without ragged steps: every point once, and nothing else."""

import itertools
import random
from collections import Counter

import pytest
from tests.rtl.layers import convolution, drawn, gemm, layer_of, network_of, small

from cosynth.rtl.segments import nest, segments, tiles


def points(tile, segment):
    """Points of a segment, in the ranks of the layer."""
    ranks = list(tile.start)
    walks = [range(turn.turns) for turn in segment.loops]
    lanes = [range(count) for count in segment.lanes.values()]
    for at in itertools.product(*walks, *lanes):
        moved = {rank: tile.start[rank] + segment.start[rank] for rank in ranks}
        for turn, number in zip(segment.loops, at, strict=False):
            moved[turn.rank] += number * turn.step
        for rank, number in zip(segment.lanes, at[len(walks) :], strict=True):
            moved[rank] += number
        yield tuple(moved.values())


@pytest.mark.parametrize("seed", range(30))
def test_every_point_is_computed_once(seed):
    rng = random.Random(seed)
    network = network_of(rng.choice((convolution, gemm))(rng), "int8", 0)
    einsum = layer_of(network).einsum
    hardware = small(rng.choice(("weight", "input", "output")))
    mapping = drawn(rng, einsum, network.graph, hardware)
    reduced = frozenset(einsum.ranks) - set(einsum.output.ranks)
    one = nest(mapping, einsum.sizes, reduced)
    if any(
        loop.tile % lanes
        for rank, lanes in one.lanes.items()
        for loop in one.inner
        if loop.rank == rank and loop.level != "buffer"
    ):
        pytest.skip("steps that are no multiple of the lanes, which plans refuse")  # fmt: skip
    found = Counter(
        point for tile in tiles(one) for part in segments(one, tile) for point in points(tile, part)
    )
    wanted = itertools.product(*(range(size) for size in einsum.sizes.values()))
    assert found == Counter(wanted)
    for tile in tiles(one):
        parts = list(segments(one, tile))
        assert parts[0].opens
        assert parts[-1].closes
        for before, after in itertools.pairwise(parts):
            assert before.closes == after.opens
