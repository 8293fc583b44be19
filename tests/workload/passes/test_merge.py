"""Equal layers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from random_graphs import graphs

from cosynth.workload import Builder, Workload
from cosynth.workload.passes import classes, groups, merge


def stack(*widths: int, format: str | None = None) -> Workload:
    net = Builder("stack")
    x = net.input("x", (4, widths[0]))
    for at, (k, n) in enumerate(pairwise(widths)):
        w = net.weight(f"w{at}", (n, k), format=format if at else None)
        y = net.einsum(f"y{at}[m,n] += {x}[m,k] * {w}[n,k]", shape=(4, n))
        x = net.einsum(f"z{at}[i,j] = relu({y}[i,j])", shape=(4, n))
    net.output(x)
    return net.build()


def test_layers_that_differ_in_names_alone_are_one_class() -> None:
    # the first reads an input and the last writes an output; the three between are equal
    assert [count for _, count in merge(stack(8, 8, 8, 8, 8, 8))] == [1, 3, 1]


def test_other_bounds_are_another_class() -> None:
    assert [count for _, count in merge(stack(8, 8, 4, 8, 8))] == [1, 1, 1, 1]


def test_another_format_is_another_class() -> None:
    assert len(merge(stack(8, 8, 8, 8))) == 3
    plain, mixed = stack(8, 8, 8, 8, 8), stack(8, 8, 8, 8, 8, format="int4")
    assert len(merge(plain)) == len(merge(mixed)) == 3


def test_which_operands_are_one_tensor_matters() -> None:
    net = Builder("squares")
    net.input("x", (4, 4))
    net.input("y", (4, 4))
    net.einsum("A[m,n] = x[m,n] + y[m,n]", shape=(4, 4))
    net.einsum("B[m,n] = x[m,n] + x[m,n]", shape=(4, 4))
    net.output("A")
    net.output("B")
    assert len(merge(net.build())) == 2


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_classes_add_up_to_the_workload(workload: Workload) -> None:
    total = vector = 0
    for group, count in classes(workload, groups(workload)):
        total += count * sum(workload.einsums[at].operations for at in group)
        vector += count * sum(workload.einsums[at].vector_operations for at in group)
    assert (total, vector) == (workload.operations, workload.vector_operations)
