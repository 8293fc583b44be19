"""Pieces that passes are written with."""

from __future__ import annotations

from cosynth.workload import Builder, parse
from cosynth.workload.passes.rewrite import consumers, plain_ranks, redirected, whole

SIZES = {"m": 2, "k": 3, "p": 4, "r": 2, "t": 2, "d": 3}


def test_reads_are_redirected_inside_look_ups_too():
    einsum = parse("O[t,d] = E[T[t],d]", SIZES)
    assert str(redirected(einsum, {"E": "F", "T": "U"})) == "O[t,d] = F[U[t],d]"


def test_consumers_are_seen_through_views():
    net = Builder("net")
    net.input("x", (2, 3))
    net.view("flat", (6,), "x")
    net.output(net.einsum("y[m] = relu(flat[m])", shape=(6,)))
    assert consumers(net.build())["x"] == (0,)


def test_plain_ranks_are_bare_and_distinct():
    einsum = parse("O[m] += A[m,k] * B[k,k] * C[p+r]", SIZES)
    assert [plain_ranks(access) for access in einsum.inputs] == [("m", "k"), None, None]


def test_a_whole_index_neither_divides_nor_looks_up():
    einsum = parse("O[m] += A[p*2+r-1] * B[k//2] * E[T[t]]", SIZES)
    assert [whole(access.indices[0]) for access in einsum.inputs[:3]] == [True, False, False]
