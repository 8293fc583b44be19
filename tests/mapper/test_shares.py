"""The space of shared loops: orders, depths and tiles."""

from __future__ import annotations

from tests.mapper.attention import attention

from cosynth.mapper.shares import depths, orders, tiles
from cosynth.mapping.group import family
from cosynth.mapping.placement import Order, legal, repairs
from cosynth.workload.passes.online import online, softmaxes


def offline():
    workload = attention(2, 3, 8, 6, 4)
    shared = family(workload, [(at,) for at in range(6)])
    assert shared is not None
    return shared


def one_pass():
    workload = attention(2, 3, 8, 6, 4)
    changed = online(workload, softmaxes(workload)[0], 2)
    shared = family(changed, [(at,) for at in range(len(changed.einsums))])
    assert shared is not None
    return shared


def test_ranks_of_every_operand_stand_outside():
    for ranks in orders(offline(), 2, {}):
        outer = [rank for rank in ranks if rank in {"b", "h"}]
        assert ranks[: len(outer)] == tuple(outer)


def test_softmax_needs_its_rows_whole():
    shared = offline()
    assert legal(shared, Order(ranks=("m",), depths=(1,) * 6))
    assert not legal(shared, Order(ranks=("m", "p"), depths=(2,) * 6))


def test_in_one_pass_blocks_are_enough():
    order = Order(ranks=("m", "p1"), depths=(2,) * 9 + (1,))
    assert legal(one_pass(), order)


def test_a_conflict_names_the_members_that_may_give_way():
    found = repairs(offline(), Order(ranks=("p",), depths=(1,) * 6))
    # the maximum is not whole inside the loop: it or what reads it must leave
    assert found == (((1, 0),), ((2, 0),))


def test_placements_of_large_groups_are_legal():
    shared = one_pass()
    said: dict[str, None] = {}
    found = list(depths(shared, ("m", "p1"), said))
    assert Order(ranks=("m", "p1"), depths=(2,) * 9 + (1,)) in found
    assert all(legal(shared, order) for order in found)
    assert "members less deep in the loops than they could be" in said


def test_all_tiles_of_a_small_rank_are_tried():
    order = Order(ranks=("m",), depths=(1,) * 6)
    assert tiles(offline(), order, 0, (), {}) == [1, 2, 3, 4, 5, 6, 7]
