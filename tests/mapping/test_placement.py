"""Where members may stand in shared loops, and in which order they run."""

from __future__ import annotations

from tests.mapper.attention import attention

from cosynth.mapping.group import family
from cosynth.mapping.placement import Order, common, sequence, size
from cosynth.workload.passes.online import online, softmaxes


def one_pass():
    workload = attention(2, 3, 8, 6, 4)
    changed = online(workload, softmaxes(workload)[0], 2)
    shared = family(changed, [(at,) for at in range(len(changed.einsums))])
    assert shared is not None
    return shared


def test_a_running_value_read_at_its_end_is_not_kept_whole():
    shared = one_pass()
    order = Order(ranks=("m", "p1"), depths=(2,) * 9 + (1,))
    assert common(shared, order, "o.running") == 2
    assert common(shared, order, "total") == 2


def test_what_ends_a_loop_runs_after_it():
    order = Order(ranks=("m", "p1"), depths=(2,) * 9 + (1,))
    assert sequence(one_pass(), order) == tuple(range(10))


def test_a_loop_walks_the_rank_of_the_last_reader():
    order = Order(ranks=("m", "p1"), depths=(2,) * 9 + (1,))
    assert [size(one_pass(), order, level) for level in (0, 1)] == [8, 3]
