"""Mixtures of experts: numbers of the definition, exact work."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st
from interpreter import run

from cosynth.workload import Builder, Workload
from cosynth.workload.layers.experts import Experts, experts
from cosynth.workload.layers.scope import Scope


def built(rows: int, spec: Experts) -> Workload:
    net = Builder("experts")
    scope = Scope(net=net, batch=1, tokens=rows, reach=rows)
    net.output(experts(scope, net.input("x", (rows, spec.width)), spec))
    return net.build()


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def test_slots_pass_through_the_experts_they_are_given_to() -> None:
    workload = built(4, Experts(width=3, inner=5, count=4, chosen=2, shared=2))
    rng = np.random.default_rng(1)
    given = {
        t.name: rng.normal(size=t.shape)
        for t in workload.tensors
        if t.role in {"input", "weight"} and not t.view_of
    }
    done = run(workload, given)
    shares = done["router.shares"]
    expected = np.zeros((4, 3))
    for slot in range(8):
        token, expert = slot // 2, slot // 2  # eight slots on four experts: two each
        x = given["x"][token]
        gate, up, down = (given[f"{n}.weight"][expert] for n in ("gate", "up", "down"))
        expected[token] += shares[token, slot % 2] * (down @ (silu(gate @ x) * (up @ x)))
    gate, up, down = (given[f"shared.{n}.weight"] for n in ("gate", "up", "down"))
    expected += (silu(given["x"] @ gate.T) * (given["x"] @ up.T)) @ down.T
    assert done["both"] == pytest.approx(expected)


@forall(st.integers(1, 40), st.integers(1, 9), st.data())
@settings(max_examples=60, deadline=None)
def test_work_is_exact_and_no_slot_leaves_the_experts(
    rows: int, count: int, data: st.DataObject
) -> None:
    chosen = data.draw(st.integers(1, count))
    workload = built(rows, Experts(width=3, inner=5, count=count, chosen=chosen))
    router = rows * 3 * count
    assert workload.operations == router + rows * chosen * 3 * (3 * 5)
    assert workload.parameters == 3 * count + count * 3 * (3 * 5)
    for einsum in workload.einsums:
        for access in einsum.inputs:
            if access.tensor.endswith(".weight") and len(access.indices) == 3:
                (term,) = access.indices[0].terms
                assert (einsum.sizes["s"] - 1) // term.divisor < count
