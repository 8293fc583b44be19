"""Text to einsum and back; mistakes point at their column."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosynth.errors import NotationError
from cosynth.workload import Access, Apply, Constant, Einsum, Index, Term, parse

SIZES = dict.fromkeys("abcdeghkmnpqrstx", 2)
STATEMENTS = [
    "O[n,k,p,q] += I[n,c,p*2+r-1,q*2+s-1] * W[k,c,r,s]",
    "O[n,c,p] += I[n,c,p+r*3-2] * W[c,0,r]",
    "O[n,k,p*2+r-1] += I[n,c,p] * W[c,k,r]",
    "S[b,h,m,p] += Q[b,h,m,e] * K[b,h//4,p,e]",
    "M[b,h,m] = max(p) S[b,h,m,p]",
    "L[m] = min(p,q) S[m,p,q]",
    "P[m] = prod(p) S[m,p]",
    "E[m,p] = exp(S[m,p] - M[m])",
    "Y[t,n] += G[t,x]{1/4} * X[t,d] * W[x,d,n]",
    "Y[t,d] = E[T[t],d]",
    "Y[c] = where(less(0, X[c]), X[c], X[c] * 0.01)",
    "Y[c] = max(X[c], 0)",
    "Y[c] = X[c] - (A[c] - B[c])",
    "Y[c] = X[c] / (A[c] * B[c])",
    "Y[c] = -1 * X[c]",
    "Y[a,b] = X[b%2,a//2*3+1]",
    "`conv/1:0`[n] = relu(`x y`[n])",
    "y[] += x[c]",
    "y[n,0,0] += x[n,r,s]",
]


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_print_as_they_were_written(text: str) -> None:
    assert str(parse(text, SIZES)) == text


terms = st.builds(
    Term,
    rank=st.sampled_from("npqrs"),
    coefficient=st.integers(1, 4),
    divisor=st.integers(1, 3),
    modulus=st.sampled_from([0, 2, 5]),
)
indices = st.builds(Index, terms=st.lists(terms, max_size=3).map(tuple), offset=st.integers(-3, 3))
tensors = st.sampled_from(["A", "B", "x_1", "conv/1", "é", "a b"])
read = st.builds(
    Access,
    tensor=tensors,
    indices=st.lists(indices, max_size=3).map(tuple),
    density=st.sampled_from([Fraction(1), Fraction(2, 8), Fraction(1, 3)]),
)
constants = st.builds(Constant, value=st.floats(-1e6, 1e6).map(lambda value: round(value, 3)))
expressions = st.recursive(
    read | constants,
    lambda inner: (
        st.builds(
            lambda f, a, b: Apply(function=f, arguments=(a, b)),
            st.sampled_from(["+", "-", "*", "/", "max", "pow"]), inner, inner,
        )
        | st.builds(
            lambda f, a: Apply(function=f, arguments=(a,)), st.sampled_from(["exp", "abs"]), inner
        )
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(expressions)
def test_any_einsum_reads_back_as_itself(expression) -> None:
    ranks = ("n", "p", "q", "r", "s")
    einsum = Einsum(
        name="Y",
        output=Access(tensor="Y", indices=tuple(Index(terms=(Term(rank=r),)) for r in ranks)),
        expression=expression,
        bounds=tuple((rank, 4) for rank in ranks),
    )
    assert parse(str(einsum), einsum.sizes) == einsum


WRONG = {
    "O[k] += I[k] * ": (16, "expected a tensor, found 'the end'"),
    "O[k] I[k]": (6, "expected '=', found 'I'"),
    "O[k] = I[z]": (10, "rank 'z' has no size"),
    "O[k] = I[k]]": (12, "unexpected ']' after the statement"),
    "O[k] = I[k,c]": (8, "c not in the output: write '+=', or 'max(...)'"),
    "O[k] = max(k) I[k,c]": (15, "reduces over k, but the output lacks c"),
    "O[k] = relo(I[k])": (8, "unknown function 'relo'; did you mean 'relu'?"),
    "O[k] = pow(I[k])": (8, "pow takes 2 arguments, got 1"),
    "O[k] = I[k//0]": (13, "cannot divide by 0"),
    "O[k] = I[k]{0}": (13, "a density lies above 0 and at most at 1"),
    "O[k] = I[k]{9/8}": (13, "a density lies above 0 and at most at 1"),
    "O[k] = I[k*1.5]": (12, "expected a whole number, found '1.5'"),
    "O[k] ? I[k]": (6, "unexpected '?'"),
    "O[k] = (I[k]": (13, "expected ')', found 'the end'"),
}


@pytest.mark.parametrize("text", WRONG)
def test_mistakes_point_at_their_column_wrong(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(text, {"k": 2, "c": 2})
    column, problem = WRONG[text]
    assert (caught.value.column, str(caught.value).splitlines()[0]) == (
        column,
        f"column {column}: {problem}",
    )
    assert str(caught.value).splitlines()[1:] == [f"  {text}", f"  {' ' * (column - 1)}^"]


def test_a_rank_of_size_zero_is_refused_wrong() -> None:
    with pytest.raises(NotationError, match="rank 'k' has size 0, not 1 or more"):
        parse("O[k] = I[k]", {"k": 0})


def test_a_rank_like_a_known_one_is_suggested_wrong() -> None:
    with pytest.raises(NotationError, match="rank 'rows' has no size; did you mean 'row'"):
        parse("O[rows] = I[rows]", {"row": 3})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("y[c] = " + "(" * 99 + "x[c]" + ")" * 99, "brackets nest deeper than 40"),
        ("y[c] = " + " + ".join(["x[c]"] * 300), "more than 200 operators"),
        ("y[c] = x[" + "t[" * 99 + "c" + "]" * 100, "look-ups nest deeper than 40"),
        ("y[" + "c+" * 9999, "longer than 4000 words"),
    ],
)
def test_endless_statements_are_refused_wrong(text: str, said: str) -> None:
    with pytest.raises(NotationError, match=said):
        parse(text, {"c": 1})
