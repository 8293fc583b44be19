"""Names, repeats and states of the place a layer is built at."""

from __future__ import annotations

import pytest

from cosynth.workload import Builder
from cosynth.workload.layers.scope import Scope


@pytest.fixture
def scope() -> Scope:
    net = Builder("scope")
    net.input("x", (2, 4))
    return Scope(net=net, batch=1, tokens=2, reach=2, keeps=True, prefix="a", repeat=3)


def test_everything_made_is_named_and_repeated_alike(scope: Scope) -> None:
    inside = scope.below("b")
    weight = inside.weight("w", 4, 4)
    made = inside.make("y", "[m,n] += {0}[m,k] * {1}[n,k]", "x", weight, shape=(2, 4))
    assert (weight, made) == ("a.b.w", "a.b.y")
    assert {scope.net.tensors[name].repeat for name in (weight, made)} == {3}
    assert scope.net.einsums[0].repeat == 3


def test_keeping_a_reshaped_tensor_keeps_its_owner(scope: Scope) -> None:
    made = scope.make("y", "[m,n] = {0}[m,n] + 1", "x", shape=(2, 4))
    scope.keep(scope.view("seen", made, 8))
    assert scope.net.tensors[made].role == "state"
    assert len(scope.net.einsums) == 1


def test_keeping_a_part_copies_it(scope: Scope) -> None:
    made = scope.make("y", "[m,n] = {0}[m,n] + 1", "x", shape=(2, 4))
    kept = scope.keep(scope.view("part", made, 2, 2))
    assert scope.net.tensors[made].role == "activation"
    assert (kept, scope.net.tensors[kept].role) == ("a.part.kept", "state")


def test_a_state_is_written_in_place(scope: Scope) -> None:
    state = scope.state("s", 2, 4)
    after = scope.write("s.next", "[m,n] = {0}[m,n] + {1}[m,n]", state, "x", into=state)
    workload = scope.net.build()
    assert workload.sources(after) == (state,)
    assert workload.elements("state") == 3 * 8


def test_tables_are_shared_by_all_layers(scope: Scope) -> None:
    assert scope.table("cosine", 2, 2) == scope.below("c").table("cosine", 2, 2) == "cosine"
