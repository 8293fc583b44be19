"""What one statement says about itself: ranks, operations, inputs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosynth.workload import Index, Term, parse

CONV = parse(
    "O[n,k,p,q] += I[n,c,p+r,q+s] * W[k,c,r,s]",
    {"n": 2, "k": 3, "c": 4, "p": 5, "q": 6, "r": 3, "s": 2},
)


def test_a_convolution_counts_every_product_once() -> None:
    assert CONV.operations == CONV.points == 2 * 3 * 4 * 5 * 6 * 3 * 2
    assert CONV.vector_operations == 0


def test_the_reduced_ranks_are_those_without_a_place_in_the_output() -> None:
    assert CONV.reduced == ("c", "r", "s")


@pytest.mark.parametrize(
    ("text", "operations", "vector"),
    [
        ("y[m] += a[m,k] * b[k]", 12, 0),
        ("y[m] += a[m,k] * b[k] * c[k]", 12, 12),
        ("y[m] += a[m,k]", 0, 12),
        ("y[m] = max(k) a[m,k]", 0, 12),
        ("y[m] += exp(a[m,k])", 0, 24),
        ("y[m] += exp(a[m,k]) * b[k]", 0, 36),
        ("y[m,k] = a[m,k] * b[k]", 0, 12),
        ("y[m,k] = a[m,k]", 0, 0),
        ("y[m] += a[m,k]{1/4} * b[k]", 3, 0),
    ],
)
def test_sums_of_products_are_multiply_accumulates(text: str, operations: int, vector: int) -> None:
    einsum = parse(text, {"m": 3, "k": 4})
    assert (einsum.operations, einsum.vector_operations) == (operations, vector)


def test_repeats_multiply_both() -> None:
    once = parse("y[m] += a[m,k] * b[k] * c[k]", {"m": 3, "k": 4})
    often = parse("y[m] += a[m,k] * b[k] * c[k]", {"m": 3, "k": 4}, repeat=5)
    assert often.operations == 5 * once.operations
    assert often.vector_operations == 5 * once.vector_operations


def test_look_up_tables_are_read_last() -> None:
    einsum = parse("y[t,d] = e[i[t],d] + b[d]", {"t": 2, "d": 3})
    assert [access.tensor for access in einsum.inputs] == ["e", "b", "i"]


def test_a_resized_copy_keeps_the_rest() -> None:
    larger = CONV.resized(n=20)
    assert larger.operations == 10 * CONV.operations
    assert str(larger) == str(CONV)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 3), st.integers(-1, 1))
def test_only_a_bare_rank_is_plain(
    coefficient: int, divisor: int, modulus: int, offset: int
) -> None:
    term = Term(rank="p", coefficient=coefficient, divisor=divisor, modulus=modulus)
    bare = (coefficient, divisor, modulus, offset) == (1, 1, 0, 0)
    assert Index(terms=(term,), offset=offset).plain is bare
