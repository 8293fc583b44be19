"""Graphs: counts by role, edges through views, and every inconsistency in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosynth.errors import WorkloadError
from cosynth.workload import Builder, Tensor, Workload, checked, parse


def small() -> Workload:
    net = Builder("net")
    net.input("x", (4, 6))
    net.weight("w", (6, 3), repeat=2)
    net.einsum("h[m,n] += x[m,k] * w[k,n]", shape=(4, 3))
    net.view("flat", (12,), "h")
    net.output(net.einsum("y[i] = relu(flat[i])", shape=(12,)))
    return net.build()


def test_elements_are_counted_by_role_with_copies_and_without_views() -> None:
    net = small()
    assert [net.elements(role) for role in ("input", "weight", "activation", "output")] == [
        24, 36, 12, 12,
    ]  # fmt: skip
    assert net.parameters == 36


def test_operations_are_those_of_all_einsums() -> None:
    assert (small().operations, small().vector_operations) == (72, 12)


def test_edges_look_through_views() -> None:
    assert small().edges() == ((0, 1),)
    assert small().sources("flat") == ("h",)


def test_a_view_of_a_tensor_and_of_its_view_is_no_circle() -> None:
    net = small()
    extra = Tensor(name="both", shape=(24,), role="activation", view_of=("h", "flat"))
    assert checked(replace(net, tensors=(*net.tensors, extra))).sources("both") == ("h",)


def problem(**changes: object) -> str:
    with pytest.raises(WorkloadError) as caught:
        checked(replace(small(), **changes))
    return str(caught.value)


def tensors(**changes: Tensor) -> tuple[Tensor, ...]:
    kept = {tensor.name: tensor for tensor in small().tensors}
    return tuple((kept | changes).values())


def test_a_role_that_does_not_exist_is_named_wrong() -> None:
    made = Tensor(name="x", shape=(4, 6), role="imput")
    assert problem(tensors=tensors(x=made)) == (
        "net: tensor 'x': role 'imput'; did you mean 'input'?"
    )


def test_two_tensors_of_one_name_are_refused_wrong() -> None:
    twice = (*small().tensors, Tensor(name="x", shape=(1,), role="input"))
    assert problem(tensors=twice) == "net: tensor 'x' is defined twice"


def test_a_tensor_written_twice_is_refused_wrong() -> None:
    second = parse("y[i] = flat[i]", {"i": 12}, name="again")
    assert problem(einsums=(*small().einsums, second)) == "net: 'y' is written twice"


def test_two_einsums_of_one_name_are_refused_wrong() -> None:
    other = Tensor(name="z", shape=(12,), role="output")
    second = parse("z[i] = flat[i]", {"i": 12}, name="y")
    said = problem(tensors=(*small().tensors, other), einsums=(*small().einsums, second))
    assert said == "net: 'y' names two einsums"


def test_views_in_a_circle_are_refused_wrong() -> None:
    made = Tensor(name="flat", shape=(12,), role="activation", view_of=("flat",))
    assert problem(tensors=tensors(flat=made)) == "net: tensor 'flat': is a view of itself"


def test_a_view_of_nothing_is_refused_wrong() -> None:
    made = Tensor(name="flat", shape=(12,), role="activation", view_of=("g",))
    assert problem(tensors=tensors(flat=made)) == (
        "net: tensor 'flat': is a view of 'g', which does not exist"
    )


def test_a_negative_size_is_refused_wrong() -> None:
    made = Tensor(name="x", shape=(4, -6), role="input")
    assert "net: tensor 'x': negative size in [4, -6]" in problem(tensors=tensors(x=made))


def test_an_unknown_tensor_is_named_wrong() -> None:
    wrong = parse("y[i] = falt[i]", {"i": 12})
    assert problem(einsums=(small().einsums[0], wrong)) == (
        "net: y: tensor 'falt' is not defined; did you mean 'flat'?"
    )


def test_other_dimensions_than_the_tensor_has_are_refused_wrong() -> None:
    wrong = parse("y[i] = x[i]", {"i": 4})
    assert problem(einsums=(small().einsums[0], wrong)) == (
        "net: y: x[i] has 1 dimensions, 'x' has 2"
    )


def test_a_rank_past_the_end_is_refused_wrong() -> None:
    wrong = parse("y[i] = flat[i]", {"i": 13})
    assert problem(einsums=(small().einsums[0], wrong)).splitlines()[-1] == (
        "net: y: flat[i]: rank i runs to 13, the dimension has 12"
    )


def test_reading_before_writing_is_refused_wrong() -> None:
    assert problem(einsums=small().einsums[::-1]) == "net: y: reads 'h' before it is written"
