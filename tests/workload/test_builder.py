"""Graphs written down step by step."""

from __future__ import annotations

import pytest

from cosynth.errors import NotationError, WorkloadError
from cosynth.workload import Builder


def net() -> Builder:
    made = Builder("net")
    made.input("x", (4, 6))
    made.weight("w", (6, 3))
    return made


def test_bare_ranks_take_their_sizes_from_the_tensors() -> None:
    made = net()
    made.einsum("y[m,n] += x[m,k] * w[k,n]", shape=(4, 3))
    assert made.einsums[0].bounds == (("m", 4), ("n", 3), ("k", 6))


def test_bounds_that_are_given_win() -> None:
    made = net()
    made.einsum("y[m,n] += x[m,k] * w[k,n]", shape=(4, 3), bounds={"k": 2})
    assert made.einsums[0].sizes["k"] == 2


def test_look_ups_give_sizes_too() -> None:
    made = net()
    made.input("t", (9,))
    made.einsum("y[i,d] = w[t[i],d]", shape=(9, 3))
    assert made.einsums[0].bounds == (("i", 9), ("d", 3))


def test_a_rank_without_size_is_named_wrong() -> None:
    with pytest.raises(NotationError, match="rank 'z' has no size"):
        net().einsum("y[m] += x[m,z+1]", shape=(4,))


def test_views_of_views_name_the_owners() -> None:
    made = net()
    made.view("a", (24,), "x")
    made.view("b", (2, 12), "a")
    made.view("c", (48,), ("a", "b", "x"))
    assert made.tensors["c"].view_of == ("x",)


def test_a_view_of_several_roles_is_an_activation() -> None:
    made = net()
    assert made.tensors[made.view("v", (42,), ("x", "w"))].role == "activation"
    assert made.tensors[made.view("u", (24,), "x")].role == "input"


def test_the_output_of_a_view_marks_what_holds_it() -> None:
    made = net()
    made.einsum("y[m,n] += x[m,k] * w[k,n]", shape=(4, 3))
    made.output(made.view("flat", (12,), "y"))
    assert made.build().elements("output") == 12


def test_a_stored_format_stays_with_views() -> None:
    made = net()
    made.stored("w", "int8")
    assert made.format(made.view("v", (18,), "w")) == "int8"


def test_a_name_is_given_once_wrong() -> None:
    with pytest.raises(WorkloadError, match="net: tensor 'x' is defined twice"):
        net().input("x", (1,))
