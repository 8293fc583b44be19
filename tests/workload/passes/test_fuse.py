"""Execution groups."""

from __future__ import annotations

from hypothesis import given, settings
from random_graphs import graphs

from cosynth.workload import Builder, Workload
from cosynth.workload.passes import groups


def residual_block() -> Builder:
    net = Builder("block")
    net.input("x", (1, 8, 4, 4))
    for name in ("a", "b"):
        net.weight(f"w{name}", (8, 8, 1, 1))
        net.weight(f"s{name}", (8,))
    net.einsum("A[n,k,p,q] += x[n,c,p+r,q+s] * wa[k,c,r,s]", shape=(1, 8, 4, 4))
    net.einsum("Ab[n,k,p,q] = A[n,k,p,q] + sa[k]", shape=(1, 8, 4, 4))
    net.einsum("Ar[i,j,u,v] = relu(Ab[i,j,u,v])", shape=(1, 8, 4, 4))
    net.einsum("B[n,k,p,q] += Ar[n,c,p+r,q+s] * wb[k,c,r,s]", shape=(1, 8, 4, 4))
    net.einsum("Y[n,k,p,q] = B[n,k,p,q] + x[n,k,p,q]", shape=(1, 8, 4, 4))
    net.einsum("Z[n,k,p,q] = relu(Y[n,k,p,q])", shape=(1, 8, 4, 4))
    return net


def test_bias_activation_and_residual_join_the_convolution_before_them() -> None:
    net = residual_block()
    net.output("Z")
    assert groups(net.build()) == ((0, 1, 2), (3, 4, 5))


def test_an_output_of_the_model_ends_its_group() -> None:
    net = residual_block()
    net.output("Y")
    assert groups(net.build()) == ((0, 1, 2), (3, 4), (5,))


def test_a_tensor_with_two_readers_ends_its_group() -> None:
    net = residual_block()
    net.output(net.einsum("U[n,k,p,q] = Ab[n,k,p,q] * 2", shape=(1, 8, 4, 4)))
    assert groups(net.build())[0] == (0, 1)


def test_a_residual_sum_joins_the_later_branch() -> None:
    net = Builder("two")
    net.input("x", (4, 8))
    net.weight("u", (8, 8))
    net.weight("w", (8, 8))
    net.einsum("A[m,n] += x[m,k] * u[n,k]", shape=(4, 8))
    net.einsum("B[m,n] += x[m,k] * w[n,k]", shape=(4, 8))
    net.output(net.einsum("Y[m,n] = A[m,n] + B[m,n]", shape=(4, 8)))
    assert groups(net.build()) == ((0,), (1, 2))


def test_a_residual_sum_joins_the_earlier_branch_when_the_later_is_needed_elsewhere() -> None:
    net = Builder("two")
    net.input("x", (4, 8))
    net.weight("u", (8, 8))
    net.weight("w", (8, 8))
    net.einsum("A[m,n] += x[m,k] * u[n,k]", shape=(4, 8))
    net.output(net.einsum("B[m,n] += x[m,k] * w[n,k]", shape=(4, 8)))
    net.output(net.einsum("Y[m,n] = A[m,n] + B[m,n]", shape=(4, 8)))
    assert groups(net.build()) == ((1,), (0, 2))


def test_reductions_transposes_broadcasts_and_other_repeats_do_not_join() -> None:
    net = Builder("no")
    net.input("x", (4, 4))
    net.weight("w", (4, 4))
    net.einsum("A[m,n] += x[m,k] * w[n,k]", shape=(4, 4))
    net.einsum("T[m,n] = relu(A[n,m])", shape=(4, 4))
    net.einsum("M[m] = max(n) T[m,n]", shape=(4,))
    net.einsum("V[m,n] = exp(M[m]) + x[m,n]", shape=(4, 4))
    net.output(net.einsum("R[m,n] = relu(V[m,n])", shape=(4, 4), repeat=3))
    assert groups(net.build()) == ((0,), (1,), (2,), (3,), (4,))


def test_views_of_the_same_shape_are_looked_through_and_others_are_not() -> None:
    net = Builder("views")
    net.input("x", (4, 8))
    net.weight("w", (8, 8))
    net.einsum("A[m,n] += x[m,k] * w[n,k]", shape=(4, 8))
    net.view("same", (4, 8), "A")
    net.einsum("B[m,n] = relu(same[m,n])", shape=(4, 8))
    net.view("other", (8, 4), "B")
    net.output(net.einsum("C[m,n] = relu(other[m,n])", shape=(8, 4)))
    assert groups(net.build()) == ((0, 1), (2,))


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_every_einsum_is_in_one_group_and_the_order_respects_every_edge(workload: Workload) -> None:
    order = groups(workload)
    members = [at for group in order for at in group]
    assert sorted(members) == list(range(len(workload.einsums)))
    place = {at: turn for turn, at in enumerate(members)}
    assert all(place[a] < place[b] for a, b in workload.edges())
    # legal group by group too: no group waits for a later one
    turn = {at: i for i, group in enumerate(order) for at in group}
    assert all(turn[a] <= turn[b] for a, b in workload.edges())
    for group in order:
        assert all(workload.einsums[at].reduction is None for at in group[1:])
