"""Counts of shared loops are those of a walk, to the element."""

from __future__ import annotations

import itertools
import random

import pytest
from tests.mapper.group_walk import GroupWalk, ImpossibleError
from tests.mapper.pairs import pair

from cosynth.mapping.group import Family, family
from cosynth.mapping.placement import Order, fits, legal, size
from cosynth.mapping.shared import along, made, reloads


def walked(shared: Family, order: Order, tiles):
    """What the oracle sees, or None if it says that it cannot be."""
    loops = [(shared.ranks[name], tile) for name, tile in zip(order.ranks, tiles, strict=True)]
    einsums = tuple(one.einsum for one in shared.members)
    try:
        return GroupWalk(shared.workload, einsums, loops, order.depths).walk()
    except ImpossibleError:
        return None


def runs(shared: Family, order: Order, cuts, at: int):
    found = {}
    levels = range(order.depths[at])
    names = [shared.ranks[order.ranks[level]][at] for level in levels]
    for kinds in itertools.product(*(cuts[level].cuts[at] for level in levels)):
        sizes = shared.members[at].einsum.sizes
        number = 1
        for name, (cut, times) in zip(names, kinds, strict=True):
            sizes[name] = cut.size
            number *= times
        key = tuple(sizes.items())
        found[at, key] = found.get((at, key), 0) + number
    return found


def some_orders(rng: random.Random, shared: Family, most: int):
    names = list(shared.ranks)
    for _ in range(most):
        ranks = tuple(rng.sample(names, k=rng.randint(0, min(3, len(names)))))
        deepest = []
        for at in range(len(shared.members)):
            inside = itertools.takewhile(lambda name, at=at: at in shared.ranks[name], ranks)
            deepest.append(len(tuple(inside)))
        yield Order(ranks=ranks, depths=tuple(rng.randint(max(0, d - 1), d) for d in deepest))


def check(seed: int) -> int:
    """Compare some nests of a random pair; the number that could be."""
    rng = random.Random(seed)
    _, workload = pair(rng)
    shared = family(workload, [(0,), (1,)])
    assert shared is not None
    compared = 0
    for order in some_orders(rng, shared, 30):
        if max(order.depths) < len(order.ranks) or not legal(shared, order):
            continue
        totals = [size(shared, order, level) for level in range(len(order.ranks))]
        if any(total < 2 for total in totals):
            continue
        tiles = [rng.randint(1, total - 1) for total in totals]
        if not all(fits(shared, n, t) for n, t in zip(order.ranks, tiles, strict=True)):
            continue
        seen = walked(shared, order, tiles)
        where = f"seed {seed}: {order} {tiles}"
        assert seen is not None, where
        cuts = [along(shared, order, level, tile) for level, tile in enumerate(tiles)]
        for at, one in enumerate(shared.members):
            mine = {key: number for key, number in seen.runs.items() if key[0] == at}
            assert runs(shared, order, cuts, at) == mine, where
            for number, access in enumerate(one.accesses):
                if access.tensor in shared.inside:
                    continue
                moved, tile = reloads(shared, order, cuts, (at, number))
                assert moved == seen.moved[at, str(access)], f"{where} {access}"
                assert tile == seen.tile[at, str(access)], f"{where} {access}"
        for tensor in shared.inside:
            assert made(shared, order, cuts, tensor) == seen.kept[tensor], where
        compared += 1
    return compared


@pytest.mark.parametrize("seed", range(40))
def test_shared_loops_move_and_run_what_a_walk_sees(seed):
    check(seed)
