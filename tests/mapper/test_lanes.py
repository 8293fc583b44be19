"""How vectors lie: compiled counts beside those of prices, and those beside real layouts."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import drawn, state_of
from tests.mapper.test_bound import SEEDS, search_of

from cosynth.cost.instances import instances as in_use
from cosynth.cost.instances import neighbours
from cosynth.mapper.lanes import longest_run
from cosynth.mapping import operands
from cosynth.workload import parse
from cosynth.workload.einsum import accesses


@SEEDS
def test_runs_of_tiles_that_divide_are_those_of_prices(seed):
    one = problem(seed, 5_000)
    search = search_of(one)
    names = [memory.name for memory in one.engine.memories]
    rng = random.Random(seed)
    for _ in range(8):
        mapping = drawn(rng, one, dividing=True)
        used = in_use(mapping, one.job, one.engine)
        state = state_of(search, mapping)
        for number, (access, part) in enumerate(operands(one.job.einsum, one.job.workload)):
            for above, below in itertools.pairwise([*range(len(names)), len(names)]):
                to = one.engine.name if below == len(names) else names[below]
                exact = used.run(names[above], to, access, part)
                found = longest_run(search.chip, search.shape, state, number, above, below)
                assert found == exact, f"{one}\n{mapping}"


def segments(shape, order, vector):
    """Places in which elements lie side by side, in a tile of a layout."""
    pitch, step = {}, 1
    for dim in order:
        pitch[dim] = step
        step *= shape[dim]
    at = sorted(sum(pitch[dim] * x for dim, x in enumerate(place)) for place in vector)
    return 1 + sum(b != a + 1 for a, b in itertools.pairwise(at))


@pytest.mark.parametrize("seed", range(40))
def test_the_best_layout_has_as_many_places_as_counted(seed):
    rng = random.Random(seed)
    text = rng.choice(("Z[m,n] += A[m,k,j] * B[k,n]", "O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]"))
    sizes = {rank: rng.randint(2, 4) for rank in "mnkjpqcrs" if rank in text}
    access = next(iter(accesses(parse(text, sizes).expression)))
    tables = [[term.rank for term in index.terms] for index in access.indices]
    lanes = {}
    for ranks in tables:  # at most one rank of a dimension lies in a vector
        rank = rng.choice(ranks)
        lanes[rank] = rng.choice((1, sizes[rank], rng.randint(1, sizes[rank])))
    shape = [1 + sum(sizes[rank] - 1 for rank in ranks) for ranks in tables]
    vector = list(itertools.product(*(range(math.prod(lanes.get(r, 1) for r in ranks))
                                      for ranks in tables)))  # fmt: skip
    least = min(
        segments(shape, order, vector) for order in itertools.permutations(range(len(shape)))
    )
    full = {r for r in neighbours(access) if lanes.get(r, 1) == sizes[r]}
    whole = math.prod(lanes[rank] for rank in full if rank in lanes)
    longest = max((n for rank, n in lanes.items() if rank not in full), default=1)
    assert least == np.ceil(len(vector) / (whole * longest)), (seed, lanes, sizes)
