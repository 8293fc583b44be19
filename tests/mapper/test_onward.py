"""Loads of a tile equal what a walk through the loops counts."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from cosynth.hardware import Memory
from cosynth.mapper.onward import Onward

RANKS = ("a", "b", "c", "d")


@pytest.mark.parametrize("seed", range(30))
def test_a_tile_is_loaded_whenever_a_rank_of_it_steps(seed):
    rng = random.Random(seed)
    own = tuple(rng.sample(RANKS, rng.randint(1, 3)))
    split = rng.sample(RANKS, rng.randint(1, 4))
    candidates = [{rank: rng.randint(1, 3) for rank in split} for _ in range(5)]
    changing, idle = rng.randint(1, 2), rng.randint(1, 3)
    order = rng.sample(RANKS, 4)
    trips = {rank: np.array([one[rank] for one in candidates], dtype=float) for rank in split}
    found = Onward(
        ranks=own,
        bits=8,
        output=False,
        above=Memory(name="dram"),
        fits=True,
        elements=1,
        once=0.0,
        changing=changing,
        idle=idle,
        steps=math.prod(trips.values()) * changing * idle,
        trips=trips,
    ).loads(order)
    for at, one in enumerate(candidates):
        # the loops chosen before stand outside: those over its own ranks, then the others
        loops = [("before", changing), ("idle", idle)]
        loops += [(rank, one.get(rank, 1)) for rank in order]
        seen = []
        for step in itertools.product(*(range(count) for _, count in loops)):
            named = zip(loops, step, strict=True)
            tile = [now for (name, _), now in named if name == "before" or name in own]
            seen.append(tuple(tile))
        changes = 1 + sum(a != b for a, b in itertools.pairwise(seen))
        loads = np.broadcast_to(found, len(candidates))[at]
        if changing == 1:
            assert loads == changes, f"seed {seed}"
        else:
            # which of the loops before stands inside is not known: the dearer order is taken
            assert loads >= changes, f"seed {seed}"
