"""Weights in the order in which they are read: every element, and its shift, where it belongs."""

import itertools
import random

import numpy as np
import pytest
from tests.rtl.test_streams import gathered

from cosynth.rtl.streams import Weave
from cosynth.rtl.woven import content, layout, offset, tile_codes, vectors
from cosynth.workload import parse
from cosynth.workload.einsum import accesses

SIZES = dict(k=8, p=4, q=4, c=12, r=3, s=3)
EINSUM = parse("O[k,p,q] += I[c,p*2+r,q+s] * W[k,c,r,s]", SIZES)
_, WEIGHT = accesses(EINSUM.expression)
CODES = np.arange(1, 8 * 12 * 9 + 1, dtype=np.uint64).reshape(8, 12, 3, 3)
# of blocks of four channels
SHIFTS = np.broadcast_to(
    np.random.default_rng(0).integers(1, 16, (8, 3)).repeat(4, axis=1)[:, :, None, None],
    CODES.shape,
).astype(np.uint64)


def drawn(rng, *, apart, head):
    """A weave, and all loops over its vectors, innermost first: `p` moves no weight."""
    start = {"k": rng.randint(0, 1), "c": 4 * rng.randint(0, 1), "r": 0, "s": rng.randint(0, 1)}
    wide, deep = rng.choice((1, 2, 3)), rng.choice((2, 4))
    lanes, rows = (("k", wide, 1),), (("c", deep, 1), ("r", rng.choice((1, 2)), 1))
    if not apart:
        lanes, rows = (rows, ()) if head == 1 else (lanes, ())
    walk = [("c", 2, 4), ("s", 2, 1), ("p", 3, 1)]
    walk += [("k", 2, wide)] if apart or head > 1 else [("k", 4, 1)]
    rng.shuffle(walk)
    loops = tuple(loop for loop in walk if loop[0] != "p")
    return Weave(
        start=tuple(start.items()), loops=loops, rows=rows, lanes=lanes, head=head, apart=apart
    ), walk


def wanted(one, walk):
    """Vectors of codes, and the shifts of each, walked one by one."""
    found = []
    for at in itertools.product(*(range(turns) for _, turns, _ in reversed(walk))):
        here = dict(one.start)
        for (rank, _, step), n in zip(reversed(walk), at, strict=True):
            if rank in here:
                here[rank] += n * step
        rows = []
        for row in itertools.product(*(range(turns) for _, turns, _ in reversed(one.rows))):
            vector = []
            for lane in itertools.product(*(range(turns) for _, turns, _ in reversed(one.lanes))):
                place = dict(here)
                for (rank, _, _), n in zip(reversed(one.rows), row, strict=True):
                    place[rank] += n
                for (rank, _, _), n in zip(reversed(one.lanes), lane, strict=True):
                    place[rank] += n
                vector.append(tuple(place[rank] for rank in "kcrs"))
            rows.append(vector)
        found.append(rows)
    return found


@pytest.mark.parametrize(("apart", "head"), [(True, 0), (False, 1), (False, 2)])
def test_vectors_come_with_their_shifts(apart, head):
    print("seed", 6)  # noqa: T201
    rng = random.Random(6)
    for _ in range(20):
        one, walk = drawn(rng, apart=apart, head=head)
        memory = np.concatenate([np.zeros(5, np.uint64), content(one, WEIGHT, CODES, SHIFTS, 8)])
        assert memory.size == 5 + one.size
        found = iter(gathered(memory, vectors(one, 5, walk)))
        for rows in wanted(one, walk):
            if apart:
                assert next(found) == [SHIFTS[place] for place in rows[0]]
                for row in rows:
                    assert next(found) == [CODES[place] for place in row]
                continue
            (row,) = rows
            vector = next(found)
            assert vector[head:] == [CODES[place] for place in row]
            both = sum(value << 8 * at for at, value in enumerate(vector[:head]))
            places = row[:1] if head == 1 else row
            assert [both >> 4 * n & 15 for n in range(len(places))] == [SHIFTS[p] for p in places]
        assert next(found, None) is None


def test_segments_that_read_the_same_lie_once():
    rng = random.Random(2)
    first, second = (drawn(rng, apart=True, head=0)[0] for _ in range(2))
    assert first != second
    one = layout([first, second, first])
    assert one.weave == (first, second)
    assert one.size == first.size + second.size == tile_codes(one, WEIGHT, CODES, SHIFTS, 8).size
    assert offset(one.weave, second) == first.size
