"""Maps, reductions and look-ups over tensors of any shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreter import run

from cosynth.errors import WorkloadError
from cosynth.workload import Builder
from cosynth.workload.layers.elementwise import (
    ACTIVATIONS,
    activation,
    batch_norm,
    broadcast,
    elementwise,
    lookup,
    ranks,
    reduce,
    softmax,
)

shapes = st.lists(st.sampled_from([1, 2, 3]), max_size=4).map(tuple)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shapes, shapes)
def test_shapes_broadcast_as_in_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        wanted = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(WorkloadError, match="do not broadcast"):
            broadcast(a, b)
    else:
        assert broadcast(a, b) == wanted


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shapes, shapes)
def test_sums_broadcast_as_in_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    draw = np.random.default_rng(1)
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return
    net = Builder("net")
    x, y = net.input("x", a), net.input("y", b)
    net.output(elementwise(net, "z", "{0} + {1}", x, y))
    values = {"x": draw.normal(size=a), "y": draw.normal(size=b)}
    np.testing.assert_allclose(run(net.build(), values)["z"], values["x"] + values["y"])


@pytest.mark.parametrize(("how", "function"), [("+", np.sum), ("max", np.max), ("*", np.prod)])
@pytest.mark.parametrize("axes", [{0}, {1, 2}, {0, 1, 2}])
@pytest.mark.parametrize("keep", [True, False])
def test_reductions_are_those_of_numpy(how: str, function, axes: set[int], keep: bool) -> None:
    x = np.random.default_rng(2).normal(size=(2, 3, 4))
    net = Builder("net")
    net.output(reduce(net, "y", net.input("x", x.shape), axes, how=how, keep=keep))
    wanted = function(x, axis=tuple(axes), keepdims=keep)
    np.testing.assert_allclose(run(net.build(), {"x": x})["y"], wanted)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_softmax_sums_to_one(axis: int) -> None:
    x = np.random.default_rng(3).normal(size=(2, 3, 4)) * 9
    net = Builder("net")
    net.output(softmax(net, "y", net.input("x", x.shape), axis))
    np.testing.assert_allclose(run(net.build(), {"x": x})["y"].sum(axis), 1)


def test_batch_norm_scales_and_shifts_by_channel() -> None:
    net = Builder("net")
    x = net.input("x", (2, 3, 4, 4))
    scale, shift = net.weight("g", (3,)), net.weight("b", (3,))
    batch_norm(net, "y", x, scale, shift)
    assert str(net.einsums[0]) == "y[n,c,p,q] = x[n,c,p,q] * g[c] + b[c]"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_look_ups_pick_along_an_axis(axis: int) -> None:
    table = np.random.default_rng(4).normal(size=(3, 4, 5))
    at = np.array([[0, 2], [1, 1]])
    net = Builder("net")
    net.output(lookup(net, "y", net.weight("e", table.shape), net.input("t", at.shape), axis))
    found = run(net.build(), {"e": table, "t": at})["y"]
    np.testing.assert_allclose(found, np.take(table, at, axis))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_costs_vector_operations_only(name: str) -> None:
    net = Builder("net")
    net.output(activation(net, "y", net.input("x", (5,)), name))
    assert net.build().operations == 0
    assert net.build().vector_operations >= 5


def test_rank_names_are_distinct_at_any_count() -> None:
    assert all(len(set(ranks(count))) == count for count in range(9))
