"""The training step: meaning against differences, counts against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from interpreter import run

from cosynth.errors import WorkloadError
from cosynth.workload import Builder, Workload
from cosynth.workload.passes import train


def classifier() -> Workload:
    """Strided padded convolution, normalisation by its maximum, softmax, embedding, views."""
    net = Builder("net")
    net.input("x", (2, 2, 5))
    net.input("ids", (2,))
    net.weight("w", (3, 2, 3))
    net.weight("b", (3,))
    net.weight("table", (4, 9))
    net.einsum("A[n,k,p] += x[n,c,p*2+r-1] * w[k,c,r]", shape=(2, 3, 3))
    net.einsum("B[n,k,p] = gelu(A[n,k,p] + b[k])", shape=(2, 3, 3))
    net.view("flat", (2, 9), "B")
    net.einsum("E[n,j] = table[ids[n],j] + flat[n,j]", shape=(2, 9))
    net.einsum("M[n] = max(j) E[n,j]", shape=(2,))
    net.einsum("P[n,j] = exp(E[n,j] - M[n])", shape=(2, 9))
    net.einsum("Z[n] += P[n,j]", shape=(2,))
    net.einsum("S[n,j] = P[n,j] / Z[n]", shape=(2, 9))
    net.einsum("G[n,m] += S[n,j] * S[m,j]", shape=(2, 2))
    net.output("G")
    return net.build()


def filled(workload: Workload, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = {
        t.name: rng.normal(size=t.shape)
        for t in workload.tensors
        if t.role in {"input", "weight", "state"} and not t.view_of
    }
    return values | ({"ids": np.array([3, 1])} if "ids" in values else {})


@pytest.mark.parametrize("weight", ["w", "b", "table"])
def test_gradients_are_those_that_differences_show(weight: str) -> None:
    forward, step = classifier(), train(classifier(), "sgd")
    values = filled(step)
    done = run(step, values)
    moved = (values[weight] - done[f"{weight}.next"]) / 0.01
    near = 1e-5
    for place in np.ndindex(values[weight].shape):
        sums = []
        for sign in (1, -1):
            changed = dict(values) | {weight: values[weight].copy()}
            changed[weight][place] += sign * near
            sums.append(float((run(forward, changed)["G"] * values["d.G"]).sum()))
        assert moved[place] == pytest.approx((sums[0] - sums[1]) / (2 * near), rel=1e-4, abs=1e-7)


def layers(repeat: int = 1) -> Workload:
    net = Builder("layers")
    net.input("x", (4, 8))
    net.weight("u", (16, 8), repeat=repeat)
    net.weight("w", (5, 16), repeat=repeat)
    net.einsum("A[m,n] += x[m,k] * u[n,k]", shape=(4, 16), repeat=repeat)
    net.einsum("B[m,n] = relu(A[m,n])", shape=(4, 16), repeat=repeat)
    net.output(net.einsum("Y[m,n] += B[m,k] * w[n,k]", shape=(4, 5), repeat=repeat))
    return net.build()


@pytest.mark.parametrize("repeat", [1, 7])
def test_contractions_triple_but_for_the_gradient_of_the_input(repeat: int) -> None:
    first, second = 4 * 8 * 16, 4 * 16 * 5
    assert train(layers(repeat)).operations == repeat * (2 * first + 3 * second)


def test_adam_keeps_two_states_a_weight_and_parameters_stay() -> None:
    forward, step = layers(3), train(layers(3))
    assert step.parameters == forward.parameters
    saved = 3 * (4 * 16) * 2  # A for the slope of relu, B for the gradient of w
    assert step.elements("state") == 2 * forward.parameters + saved


@pytest.mark.parametrize(("optimiser", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_each_optimiser_has_its_states(optimiser: str, states: int) -> None:
    step = train(layers(), optimiser)
    held = sum(t.size for t in step.tensors if t.name in {"u.m", "u.v", "w.m", "w.v"})
    assert held == states * step.parameters


def test_adam_updates_as_its_paper_says() -> None:
    step = train(layers())
    values = filled(step)
    values["u.v"], values["w.v"] = np.abs(values["u.v"]), np.abs(values["w.v"])
    done = run(step, values)
    gradient = (done["u.m.next"] - 0.9 * values["u.m"]) / 0.1
    second = 0.999 * values["u.v"] + 0.001 * gradient**2
    assert done["u.v.next"] == pytest.approx(second)
    moved = values["u"] - 0.001 * done["u.m.next"] / (np.sqrt(second) + 1e-8)
    assert done["u.next"] == pytest.approx(moved)


def test_a_weight_used_twice_gets_the_sum_of_both_gradients() -> None:
    net = Builder("tied")
    net.input("x", (2, 4))
    net.weight("w", (4, 4))
    net.einsum("A[m,n] += x[m,k] * w[n,k]", shape=(2, 4))
    net.output(net.einsum("Y[m,n] += A[m,k] * w[k,n]", shape=(2, 4)))
    forward = net.build()
    values = filled(train(forward, "sgd"))
    done = run(train(forward, "sgd"), values)
    slope = values["d.Y"]
    first = (slope @ values["w"].T).T @ values["x"]
    second = (values["x"] @ values["w"].T).T @ slope
    assert (values["w"] - done["w.next"]) / 0.01 == pytest.approx(first + second)


def test_slices_of_one_tensor_give_one_gradient_without_a_sum() -> None:
    net = Builder("slices")
    net.input("x", (2, 4))
    net.weight("w", (6, 4))
    net.einsum("A[m,n] += x[m,k] * w[n,k]", shape=(2, 6))
    net.view("q", (2, 3), "A")
    net.view("k", (2, 3), "A")
    net.output(net.einsum("Y[m,p] += q[m,e] * k[p,e]", shape=(2, 2)))
    step = train(net.build(), "sgd")
    assert step.operations == 2 * (2 * 6 * 4) + 3 * (2 * 2 * 3)
    assert [e.name for e in step.einsums if e.operator == "Gradient"] == ["d.q", "d.k", "d.w"]


def test_a_weight_waits_for_the_states_that_move_it() -> None:
    step = train(layers())
    place = step.producers()
    edges = set(step.edges())
    assert (place["u.m.next"], place["u.next"]) in edges
    assert (place["d.u"], place["u.m.next"]) in edges
    assert all(a < b for a, b in edges)


def test_unknown_optimiser_wrong() -> None:
    with pytest.raises(WorkloadError, match="layers: unknown optimiser 'adm'; did you mean 'adam'"):
        train(layers(), "adm")


def test_no_output_wrong() -> None:
    net = Builder("none")
    net.input("x", (2,))
    net.einsum("y[m] = relu(x[m])", shape=(2,))
    with pytest.raises(WorkloadError, match="none: no output, hence no gradient to start from"):
        train(net.build())
