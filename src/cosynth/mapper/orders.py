"""Loop orders that differ in what they let stay: the few that can be best, of all permutations.

What a memory below a block takes in depends on the order only through, for every operand, the set
of innermost loops that leave its tile alone, and the first loop further out that changes it (where
that one slides a window). Orders with equal such sets cost the same, and an order whose sets are
all contained in another's costs no less.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosynth.mapper.compiled import allocating, compiled

Integers = NDArray[np.int64]


class Orders(NamedTuple):
    """Orders by (operands some memory further in keeps, ranks with more than one step), found once.

    `at` holds first and last + 1 of each pair's orders, -1 as long as unknown; `used` the number
    in all; `sequence` the ranks innermost first.
    """

    at: Integers  # [operands, ranks, (first, end)]
    used: Integers  # [1]
    stays: Integers  # [order, operand]
    slider: Integers  # [order, operand] -1 where none slides
    sequence: Integers  # [order, rank] -1 past the end
    strict: int  # whether sums that stay longer need not be better


def no_orders(operands: int, ranks: int, *, strict: bool, room: int = 1 << 14) -> Orders:
    """Return a table without orders.

    A tile of sums that enters a memory more often is added to less often there, where its first
    update needs no read. That can pay: `strict` orders are compared by what they do to operands
    only, with sums alike.
    """
    return Orders(
        strict=int(strict),
        at=np.full((1 << operands, 1 << ranks, 2), -1, dtype=np.int64),
        used=np.zeros(1, dtype=np.int64),
        stays=np.zeros((room, operands), dtype=np.int64),
        slider=np.full((room, operands), -1, dtype=np.int64),
        sequence=np.full((room, ranks), -1, dtype=np.int64),
    )


@compiled
def _beats(orders: Orders, one: int, other: int) -> bool:
    """Whether every operand stays at least as long under one order as under another."""
    for operand in range(orders.stays.shape[1]):
        its = orders.stays[other, operand]
        if orders.stays[one, operand] & its != its:
            return False
        sums = operand == orders.stays.shape[1] - 1
        if orders.strict and sums and orders.stays[one, operand] != its:
            return False
        slider = orders.slider[other, operand]
        if slider >= 0 and slider != orders.slider[one, operand]:
            return False
    return True


@compiled
def _row(source: Integers, at: int, target: Integers, to: int) -> None:
    for column in range(source.shape[1]):
        target[to, column] = source[at, column]


@compiled
def _copy(orders: Orders, source: int, target: int) -> None:
    _row(orders.stays, source, orders.stays, target)
    _row(orders.slider, source, orders.slider, target)
    _row(orders.sequence, source, orders.sequence, target)


@compiled
def _keep(orders: Orders, first: int) -> None:
    """Take the order past the end if none since `first` beats it; drop those it beats."""
    new = orders.used[0]
    for one in range(first, new):
        if _beats(orders, one, new):
            return
    kept = first
    for one in range(first, new):
        if not _beats(orders, new, one):
            _copy(orders, one, kept)
            kept += 1
    _copy(orders, new, kept)
    orders.used[0] = kept + 1


@allocating
def find_orders(
    orders: Orders, relevant: Integers, sliding: Integers, alive: int, loops: int
) -> None:
    """Add the orders worth trying for the loops of a block, if they are not known yet.

    `relevant` and `sliding` are the ranks that index each operand, and those of its windows.
    """
    if orders.at[alive, loops, 0] >= 0:
        return
    operands, ranks = orders.stays.shape[1], orders.sequence.shape[1]
    first = orders.used[0]
    # a path of choices, innermost first: what is placed, which operands still stay, what is next
    placed = np.zeros(ranks + 1, dtype=np.int64)
    live = np.zeros(ranks + 1, dtype=np.int64)
    option = np.zeros(ranks + 1, dtype=np.int64)
    stays = np.zeros((ranks + 1, operands), dtype=np.int64)
    slider = np.full((ranks + 1, operands), -1, dtype=np.int64)
    trail = np.zeros((ranks + 1, ranks), dtype=np.int64)
    length = np.zeros(ranks + 1, dtype=np.int64)
    live[0] = alive
    depth = 0
    while depth >= 0:
        if live[depth] == 0 or placed[depth] == loops:
            new = orders.used[0]
            _row(stays, depth, orders.stays, new)
            _row(slider, depth, orders.slider, new)
            _row(trail, depth, orders.sequence, new)
            at = length[depth]
            for rank in range(at, ranks):
                orders.sequence[new, rank] = -1
            for rank in range(ranks):
                if loops & ~placed[depth] & 1 << rank:
                    orders.sequence[new, at] = rank
                    at += 1
            _keep(orders, first)
            depth -= 1
            continue
        known = 0
        for operand in range(operands):
            if live[depth] >> operand & 1:
                known |= relevant[operand]
        # loops that no live operand knows are free: inside is their place
        taken = loops & ~placed[depth] & ~known
        if orders.strict and live[depth] >> (operands - 1) & 1:
            taken = 0
        if taken and option[depth] > 0:
            depth -= 1
            continue
        if taken:
            option[depth] = 1
        else:
            while option[depth] < ranks and not (loops & ~placed[depth]) >> option[depth] & 1:
                option[depth] += 1
            if option[depth] == ranks:
                depth -= 1
                continue
            taken = 1 << option[depth]
            option[depth] += 1
        deeper = depth + 1
        placed[deeper] = placed[depth] | taken
        live[deeper] = live[depth]
        _row(stays, depth, stays, deeper)
        _row(slider, depth, slider, deeper)
        _row(trail, depth, trail, deeper)
        length[deeper] = length[depth]
        for rank in range(ranks):
            if taken >> rank & 1:
                trail[deeper, length[deeper]] = rank
                length[deeper] += 1
        for operand in range(operands):
            if not live[depth] >> operand & 1:
                continue
            if relevant[operand] & taken:
                live[deeper] &= ~(1 << operand)
                if sliding[operand] & taken:
                    slider[deeper, operand] = option[depth] - 1
            else:
                stays[deeper, operand] |= taken
        option[deeper] = 0
        depth = deeper
    orders.at[alive, loops, 0] = first
    orders.at[alive, loops, 1] = orders.used[0]
