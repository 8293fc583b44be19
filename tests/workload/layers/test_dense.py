"""Products of matrices."""

from __future__ import annotations

import numpy as np
import pytest
from interpreter import run

from cosynth.errors import WorkloadError
from cosynth.workload import Builder
from cosynth.workload.layers.dense import dense, gemm, product

DRAW = np.random.default_rng(5)


@pytest.mark.parametrize("stored", ["kc", "ck"])
@pytest.mark.parametrize("rows", [(), (2,), (2, 3), (2, 1, 3)])
def test_dense_layers_act_on_the_last_dimension(stored: str, rows: tuple[int, ...]) -> None:
    x, w, b = DRAW.normal(size=(*rows, 4)), DRAW.normal(size=(5, 4)), DRAW.normal(size=5)
    held = w if stored == "kc" else w.T
    net = Builder("net")
    weight, bias = net.weight("w", held.shape), net.weight("b", (5,))
    net.output(dense(net, "y", net.input("x", x.shape), weight, bias=bias, stored=stored))
    found = run(net.build(), {"x": x, "w": held, "b": b})["y"]
    np.testing.assert_allclose(found, x @ w.T + b)


@pytest.mark.parametrize(
    ("a", "b"),
    [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((3,), (3,)),
     ((2, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (4, 3, 2))],
)  # fmt: skip
def test_products_are_those_of_numpy(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    x, y = DRAW.normal(size=a), DRAW.normal(size=b)
    net = Builder("net")
    net.output(product(net, "z", net.input("x", a), net.input("y", b)))
    np.testing.assert_allclose(run(net.build(), {"x": x, "y": y})["z"], x @ y)


@pytest.mark.parametrize("flip_a", [True, False])
@pytest.mark.parametrize("flip_b", [True, False])
def test_either_matrix_may_be_stored_transposed(flip_a: bool, flip_b: bool) -> None:
    a, b, c = DRAW.normal(size=(2, 3)), DRAW.normal(size=(3, 4)), DRAW.normal(size=(1, 4))
    held_a, held_b = a.T if flip_a else a, b.T if flip_b else b
    net = Builder("net")
    names = net.input("a", held_a.shape), net.weight("b", held_b.shape), net.weight("c", (1, 4))
    net.output(gemm(net, "y", *names, flip_a=flip_a, flip_b=flip_b))
    found = run(net.build(), {"a": held_a, "b": held_b, "c": c})["y"]
    np.testing.assert_allclose(found, a @ b + c)


def test_matrices_that_do_not_fit_are_refused_wrong() -> None:
    net = Builder("net")
    x, w = net.input("x", (2, 3)), net.weight("w", (4, 5))
    with pytest.raises(WorkloadError) as caught:
        dense(net, "y", x, w)
    assert str(caught.value) == "[2, 3] does not multiply [4, 5] stored as kc"
    with pytest.raises(WorkloadError, match=r"\[2, 3\] does not multiply \[4, 5\]"):
        product(net, "z", x, w)
    with pytest.raises(WorkloadError, match=r"\[2, 3\] does not multiply \[4, 5\]"):
        gemm(net, "z", x, w, None, flip_a=False, flip_b=False)
