"""Costs as values."""

from __future__ import annotations

import pytest

from cosynth.cost import OBJECTIVES, Bound, Cost, Part, objective

COST = Cost(
    latency=2.0,
    energy=3.0,
    parts=(Part(name="a", kind="memory", time=1.5), Part(name="b", kind="compute", time=2.0)),
    bound=Bound(compute=1.0, traffic=1.5, energy=2.0, bytes=10.0),
)


def test_the_slower_bound_holds():
    assert COST.bound.latency == 1.5


def test_the_busiest_resource_is_the_limit():
    assert COST.limit == "b"
    assert COST.part("a").time == 1.5
    with pytest.raises(KeyError):
        COST.part("c")


def test_objectives_are_named():
    assert [objective(COST, name) for name in OBJECTIVES] == [2.0, 3.0, 6.0]
