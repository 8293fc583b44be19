"""Traffic equals what an interpreter counts that walks the nest step by step."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.mapping.interpreter import Walk
from tests.mapping.nests import KINDS, TREES, nest, problem

from cosynth.mapping import operands, traffic

FIELDS = ("fills", "reads", "updates", "additions", "drains", "tile")


def compare(seed: int) -> tuple[str, str, list[str]]:
    """Kind, tree and mismatches of one random nest."""
    rng = random.Random(seed)
    kind, einsum, workload = problem(rng)
    parts = [(access.tensor, part) for access, part in operands(einsum, workload)]
    tree, engine, mapping = nest(rng, einsum, workload, parts)
    counted = traffic(einsum, workload, mapping, engine)
    walk = Walk(einsum, mapping, engine)
    wrong = []
    if int(counted.steps) != len(walk.steps):
        wrong.append(f"steps {counted.steps} != {len(walk.steps)}")
    for access, part in operands(einsum, workload):
        expected = walk.count(access, part, workload.tensor(access.tensor).shape)
        for level, values in expected.items():
            (found,) = [c for c in counted.at(level) if c.tensor == access.tensor]
            for field in FIELDS:
                ours, theirs = int(getattr(found, field)), values[field]
                if ours != theirs:
                    wrong.append(f"{access.tensor} {level} {field}: {ours} != {theirs}")
    return kind, tree, wrong


@pytest.mark.parametrize("block", range(8))
def test_random_nests_count_as_the_interpreter_does(block):
    seen = set()
    for seed in range(block * 50, block * 50 + 50):
        kind, tree, wrong = compare(seed)
        seen.add((kind, tree))
        assert not wrong, f"seed {seed}, {kind} on {tree}: {wrong}"
    assert len(seen) > 20


def test_all_kinds_and_trees_are_drawn():
    assert len(KINDS) == 8
    assert len(TREES) == 6


@pytest.mark.parametrize("seed", range(40))
def test_arrays_of_tiles_count_as_each_tile_alone(seed):
    rng = random.Random(seed)
    _, einsum, workload = problem(rng)
    parts = [(access.tensor, part) for access, part in operands(einsum, workload)]
    _, engine, mapping = nest(rng, einsum, workload, parts)
    # a batch whose members differ in one outermost tile
    rank = mapping.loops[0].rank if mapping.loops else None
    size = einsum.sizes.get(rank, 1)
    inner = max((loop.tile for loop in mapping.loops[1:] if loop.rank == rank), default=1)
    tiles = np.arange(max(inner, 1), size + 1)
    if rank is None or mapping.loops[0].dimension or not len(tiles):
        return

    def with_tile(tile):
        first, *others = mapping.levels
        loops = (replace(first.loops[0], tile=tile), *first.loops[1:])
        return replace(mapping, levels=(replace(first, loops=loops), *others))

    if not mapping.levels[0].loops:
        return
    batch = traffic(einsum, workload, with_tile(tiles), engine)
    for at, tile in enumerate(tiles.tolist()):
        alone = traffic(einsum, workload, with_tile(tile), engine)
        assert np.broadcast_to(batch.steps, len(tiles))[at] == alone.steps
        for many, one in zip(batch.counts, alone.counts, strict=True):
            for field in FIELDS:
                found = np.broadcast_to(getattr(many, field), len(tiles))[at]
                assert found == getattr(one, field), f"seed {seed}, tile {tile}: {field}"


def test_a_level_that_keeps_nothing_lets_traffic_through():
    rng = random.Random(3)
    _, einsum, workload = problem(rng)
    parts = [(access.tensor, part) for access, part in operands(einsum, workload)]
    _, engine, mapping = nest(rng, einsum, workload, parts)
    counted = traffic(einsum, workload, mapping, engine)
    for access, part in operands(einsum, workload):
        levels = [count for count in counted.counts if count.tensor == access.tensor]
        for above, below in pairwise(levels):
            # without multicast what leaves one level enters the next
            sent = above.updates if part == "output" else above.reads
            taken = below.drains if part == "output" else below.fills
            assert sent <= taken
