"""Folding keeps meaning and removes work."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from interpreter import run

from cosynth.workload import Builder
from cosynth.workload.passes import fold, prune
from cosynth.workload.passes.fold import fold_normalisation, fold_padding


def convolution(*, bias: bool, normalise: str = "B[n,k,p] * g[k] + h[k]") -> Builder:
    net = Builder("net")
    net.input("x", (1, 2, 6))
    for name, shape in {"w": (3, 2, 3), "b": (3,), "g": (3,), "h": (3,)}.items():
        net.weight(name, shape)
    net.einsum("A[n,k,p] += x[n,c,p+r-1] * w[k,c,r]", shape=(1, 3, 6))
    text = "B[n,k,p] = A[n,k,p] + b[k]" if bias else "B[n,k,p] = A[n,k,p]"
    net.einsum(text, shape=(1, 3, 6))
    net.einsum(f"C[n,k,p] = {normalise}", shape=(1, 3, 6))
    net.output(net.einsum("D[n,k,p] = relu(C[n,k,p])", shape=(1, 3, 6)))
    return net


@pytest.mark.parametrize("bias", [False, True])
def test_bias_and_normalisation_become_one_bias(bias: bool) -> None:
    folded = fold(convolution(bias=bias).build())
    assert [str(e) for e in folded.einsums] == [
        "A[n,k,p] += x[n,c,p+r-1] * w[k,c,r]",
        "C[n,k,p] = A[n,k,p] + `C.bias`[k]",
        "D[n,k,p] = relu(C[n,k,p])",
    ]
    assert folded.parameters == 18 + 3
    assert folded.operations == convolution(bias=bias).build().operations


def test_a_pure_scale_leaves_nothing() -> None:
    net = convolution(bias=False, normalise="B[n,k,p] * g[k] / 2")
    folded = fold(net.build())
    assert [e.output.tensor for e in folded.einsums] == ["C", "D"]
    assert folded.parameters == 18


def test_a_bias_alone_stays_as_it_is() -> None:
    net = convolution(bias=True, normalise="relu(B[n,k,p])")
    assert fold(net.build()).parameters == 18 + 3
    assert len(fold(net.build()).einsums) == 4


def test_a_scale_along_another_rank_than_the_weights_stays() -> None:
    net = Builder("net")
    net.input("x", (4, 8))
    net.weight("w", (8, 8))
    net.weight("s", (4,))
    net.einsum("A[m,n] += x[m,k] * w[n,k]", shape=(4, 8))
    net.output(net.einsum("B[m,n] = A[m,n] * s[m]", shape=(4, 8)))
    assert fold_normalisation(net.build()) == net.build()


def test_a_product_with_an_activation_stays() -> None:
    net = convolution(bias=False, normalise="B[n,k,p] * x[n,k,p]")
    net.tensors.pop("x")
    net.input("x", (1, 3, 6))
    assert len(fold(net.build()).einsums) == 3  # only the copy went


def padded() -> Builder:
    net = Builder("padded")
    net.input("x", (1, 2, 6))
    net.weight("w", (3, 2, 3))
    net.einsum("P[n,c,i] = x[n,c,i-2]", shape=(1, 2, 9))
    return net


def test_padding_moves_into_the_index_and_means_the_same() -> None:
    net = padded()
    net.output(net.einsum("A[n,k,p] += P[n,c,p*2+r] * w[k,c,r]", shape=(1, 3, 4)))
    folded = fold_padding(net.build())
    assert [str(e) for e in folded.einsums] == ["A[n,k,p] += x[n,c,p*2+r-2] * w[k,c,r]"]
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=(1, 2, 6)), "w": rng.normal(size=(3, 2, 3))}
    assert run(folded, values)["A"] == pytest.approx(run(net.build(), values)["A"])


@given(
    size=st.integers(3, 7), moved=st.integers(-3, 3), made=st.integers(3, 9),
    stride=st.integers(1, 2), before=st.integers(-2, 2),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_folding_pads_and_slices_never_changes_a_result(
    size: int, moved: int, made: int, stride: int, before: int
) -> None:
    assume(moved or made <= size)  # a bare rank must not run past its dimension
    net = Builder("slices")
    net.input("x", (1, size))
    net.weight("w", (3,))
    net.einsum(f"P[n,i] = x[n,i+{moved}]".replace("+-", "-"), shape=(1, made))
    text = f"A[n,p] += P[n,p*{stride}+r+{before}] * w[r]".replace("+-", "-")
    net.output(net.einsum(text, shape=(1, 4)))
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=(1, size)), "w": rng.normal(size=3)}
    folded = run(fold_padding(net.build()), values)["A"]
    assert folded == pytest.approx(run(net.build(), values)["A"])


def test_padding_read_by_a_maximum_stays() -> None:
    net = padded()
    net.output(net.einsum("A[n,c,p] = max(r) P[n,c,p+r]", shape=(1, 2, 7), bounds={"r": 3}))
    assert len(fold_padding(net.build()).einsums) == 2


def test_dead_code_and_copies_go_and_inputs_stay() -> None:
    net = Builder("dead")
    net.input("x", (4,))
    net.input("unused", (9,))
    net.weight("w", (4,))
    net.einsum("copy[i] = x[i]", shape=(4,))
    net.view("seen", (2, 2), "copy")
    net.einsum("dead[i] = copy[i] * w[i]", shape=(4,))
    net.output(net.einsum("y[i,j] = relu(seen[i,j])", shape=(2, 2)))
    pruned = prune(net.build())
    assert [str(e) for e in pruned.einsums] == ["y[i,j] = relu(seen[i,j])"]
    assert {t.name for t in pruned.tensors} == {"x", "unused", "seen", "y"}
    assert pruned.sources("seen") == ("x",)


def test_a_graph_without_results_keeps_its_work() -> None:
    net = Builder("open")
    net.input("x", (4,))
    net.einsum("y[i] = relu(x[i])", shape=(4,))
    assert prune(net.build()) == net.build()
