"""Copies that move elements disappear, and every element is where it was."""

import random

import numpy as np
import pytest

from cosynth.rtl.floats import run_floats, sampled, seeded
from cosynth.rtl.moved import without_moves
from cosynth.workload import Builder


def chained(rng):
    """A product, transposes of it, and a product that reads them, all in drawn orders."""
    net = Builder("net")
    sizes = {rank: rng.randint(1, 4) for rank in "abcd"}
    x = net.input("x", (sizes["a"], sizes["b"], 3))
    w = net.weight("w", (sizes["c"], sizes["d"], 3))
    last = net.einsum(
        f"y[a,b,c,d] += {x}[a,b,k] * {w}[c,d,k]", shape=[sizes[rank] for rank in "abcd"]
    )
    order = list("abcd")
    for number in range(rng.randint(1, 3)):
        new = rng.sample(order, 4)
        text = f"t{number}[{','.join(new)}] = {last}[{','.join(order)}]"
        last = net.einsum(text, shape=[sizes[rank] for rank in new], operator="Transpose")
        order = new
    v = net.weight("v", (5, sizes[order[-1]]))
    if rng.random() < 0.3:  # what is seen under another shape must keep its order
        size = sizes[order[0]] * sizes[order[1]]
        last = net.view("flat", (size, sizes[order[2]], sizes[order[3]]), last)
        text, shape = f"z[i,j,e] += {last}[i,j,r] * {v}[e,r]", (size, sizes[order[2]], 5)
    else:
        text = f"z[i,h,j,e] += {last}[i,h,j,r] * {v}[e,r]"
        shape = (*(sizes[rank] for rank in order[:3]), 5)
    net.output(net.einsum(text, shape=shape))
    return net.build()


@pytest.mark.parametrize("seed", range(20))
def test_what_a_product_reads_and_writes_takes_the_place_of_transposes(seed):
    print("seed", seed)  # noqa: T201
    model = chained(random.Random(seed))
    found = without_moves(model)
    assert not [einsum for einsum in found.einsums if einsum.operator == "Transpose"]
    weights, inputs = seeded(model, seed), sampled(model, seed)
    np.testing.assert_allclose(
        run_floats(found, weights, inputs)["z"], run_floats(model, weights, inputs)["z"]
    )


def test_a_transposed_input_seen_under_another_shape_is_copied():
    net = Builder("net")
    x = net.input("x", (2, 3))
    t = net.einsum(f"t[b,a] = {x}[a,b]", shape=(3, 2), operator="Transpose")
    flat = net.view("flat", (6,), t)
    net.output(net.einsum(f"z[i] = relu({flat}[i])", shape=(6,)))
    model = net.build()
    found = without_moves(model)
    assert len(found.einsums) == 2
    inputs = {"x": np.arange(6.0).reshape(2, 3)}
    assert run_floats(found, {}, inputs)["z"].tolist() == [0, 3, 1, 4, 2, 5]


def test_a_part_of_a_tensor_is_read_where_it_begins():
    net = Builder("net")
    x = net.input("x", (2, 6))
    part = net.einsum(f"t[a,b] = {x}[a,b+3]", shape=(2, 3), bounds={"b": 3}, operator="Split")
    w = net.weight("w", (4, 3))
    net.output(net.einsum(f"z[a,k] += {part}[a,b] * {w}[k,b]", shape=(2, 4)))
    model = net.build()
    found = without_moves(model)
    assert str(found.einsums[0]) == "z[a,k] += x[a,b+3] * w[k,b]"
    weights, inputs = seeded(model, 0), sampled(model, 0)
    np.testing.assert_allclose(
        run_floats(found, weights, inputs)["z"], inputs["x"][:, 3:] @ weights["w"].T
    )
