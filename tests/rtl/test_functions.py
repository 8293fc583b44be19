"""Functions that are joined compute what they did."""

import random

import numpy as np
import pytest

from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.functions import joined
from cosynth.workload import Builder

TERMS = ("tanh({0})", "{0} * 0.5", "{0} * scalar[0]", "sigmoid({0}) + 1", "abs({0})")


def woven(rng):
    """A product, then functions of it that part and meet, drawn."""
    net = Builder("woven")
    x, w = net.input("x", (3, 4)), net.weight("w", (5, 4))
    net.weight("scalar", (1,))
    known = [net.einsum(f"y[m,n] += {x}[m,k] * {w}[n,k]", shape=(3, 5))]
    for at in range(rng.randint(2, 6)):
        formula = rng.choice((*TERMS, "{0} * {1}", "{0} + {1}"))
        reads = [f"{rng.choice(known)}[m,n]" for _ in range(2)]
        known.append(net.einsum(f"f{at}[m,n] = {formula.format(*reads)}", shape=(3, 5)))
    net.output(known[-1])
    return net.build()


@pytest.mark.parametrize("seed", range(20))
def test_what_meets_again_is_one_function_of_the_product(seed):
    print("seed", seed)  # noqa: T201
    model = woven(random.Random(seed))
    found = joined(model)
    last = found.einsums[-1]
    constants, inputs = seeded(model, seed), sampled(model, seed)
    name = last.output.tensor
    expected = run_floats(model, constants, inputs)[name]
    np.testing.assert_allclose(run_floats(found, constants, inputs)[name], expected)
    for einsum in found.einsums[1:]:
        tensors = {a.tensor for a in einsum.inputs if found.tensor(a.tensor).role != "weight"}
        assert len(tensors) == 1


def test_what_comes_from_two_tensors_stays_as_it_is():
    net = Builder("net")
    x, y = net.input("x", (2, 3)), net.input("y", (2, 3))
    s = net.einsum(f"s[m,n] = sigmoid({x}[m,n])", shape=(2, 3))
    net.output(net.einsum(f"o[m,n] = {s}[m,n] * {y}[m,n]", shape=(2, 3)))
    model = net.build()
    assert joined(model) == model
