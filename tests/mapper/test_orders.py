"""Orders of loops against all permutations, worked out in plain Python."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import numpy as np
import pytest

from cosynth.mapper.orders import find_orders, no_orders


@dataclass(frozen=True)
class Drawn:
    """Ranks that index each operand, ranks of its windows; bits of ranks and operands in use."""

    ranks: int
    relevant: tuple[int, ...]
    sliding: tuple[int, ...]
    alive: int
    loops: int


def draw(seed: int) -> Drawn:
    rng = random.Random(seed)
    ranks, operands = rng.randint(1, 5), rng.randint(1, 4)
    relevant = tuple(rng.randrange(1 << ranks) for _ in range(operands))
    return Drawn(
        ranks=ranks,
        relevant=relevant,
        sliding=tuple(mask & rng.randrange(1 << ranks) for mask in relevant),
        alive=rng.randrange(1 << operands),
        loops=rng.randrange(1 << ranks),
    )


def signature(one: Drawn, order: tuple[int, ...]):
    """Per operand that counts: loops it stays across, and the loop that slides its window."""
    found = []
    for operand, mask in enumerate(one.relevant):
        stays, slider = 0, -1
        if one.alive >> operand & 1:
            for rank in reversed(order):
                if mask >> rank & 1:
                    if one.sliding[operand] >> rank & 1:
                        slider = rank
                    break
                stays |= 1 << rank
        found.append((stays, slider))
    return tuple(found)


def beats(one, other, *, strict: bool) -> bool:
    """Whether every operand stays at least as long; sums exactly as long if `strict`."""
    last = len(one) - 1
    for at, ((stays, slider), (its, slides)) in enumerate(zip(one, other, strict=True)):
        if stays & its != its or (strict and at == last and stays != its):
            return False
        if slides not in (-1, slider):
            return False
    return True


def kept(one: Drawn, *, strict: bool):
    """(order, outermost first; signature) of every order that is kept."""
    orders = no_orders(len(one.relevant), one.ranks, strict=strict)
    relevant, sliding = np.array(one.relevant), np.array(one.sliding)
    for _ in range(2):
        # asked again, the answer is the same
        find_orders(orders, relevant, sliding, one.alive, one.loops)
    first, end = orders.at[one.alive, one.loops]
    operands = len(one.relevant)
    for row in range(first, end):
        order = tuple(int(rank) for rank in orders.sequence[row] if rank >= 0)[::-1]
        stays, slider = orders.stays[row][:operands], orders.slider[row][:operands]
        yield order, tuple(zip(map(int, stays), map(int, slider), strict=True))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("seed", range(200))
def test_every_permutation_is_beaten_by_an_order_that_is_kept(seed, strict):
    one = draw(seed)
    present = [rank for rank in range(one.ranks) if one.loops >> rank & 1]
    found = list(kept(one, strict=strict))
    assert found, f"seed {seed}"
    for order, claimed in found:
        assert sorted(order) == present, f"seed {seed}"
        assert claimed == signature(one, order), f"seed {seed}: {one}, {order}"
    for order in itertools.permutations(present):
        its = signature(one, order)
        assert any(beats(ours, its, strict=strict) for _, ours in found), f"seed {seed}: {order}"
    for (_, ours), (_, other) in itertools.permutations(found, 2):
        assert not beats(ours, other, strict=strict), f"seed {seed}: {one}"


def test_a_gemm_has_one_order_per_operand():
    """A[m,k], B[k,n], Z[m,n]: innermost is n, m or k."""
    one = Drawn(ranks=3, relevant=(0b101, 0b110, 0b011), sliding=(0, 0, 0), alive=7, loops=7)
    assert {order[-1] for order, _ in kept(one, strict=False)} == {0, 1, 2}
    assert len(list(kept(one, strict=False))) == 3
