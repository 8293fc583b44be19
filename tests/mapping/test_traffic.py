"""Traffic equals what an interpreter counts that walks the nest step by step."""

from __future__ import annotations

import random

import numpy as np
import pytest
from interpreter import Walk
from nests import KINDS, TREES, nest, problem

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
