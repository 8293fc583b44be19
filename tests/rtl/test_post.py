"""What post-processing takes along, and why it leaves the rest."""

import pytest

from cosynth.rtl.post import fused, leading
from cosynth.workload import Builder


def built(*more):
    net = Builder("net")
    net.input("x", (2, 4))
    net.input("u", (2, 3))
    net.weight("w", (3, 4))
    net.weight("b", (3,))
    net.weight("full", (2, 3))
    net.einsum("row[m] += x[m,k]", shape=(2,))
    net.einsum("kept[m,0] = max(k) x[m,k]", shape=(2, 1))
    net.input("mask", (2,))
    net.input("turned", (3, 2))
    net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(2, 3))
    for text in more:
        net.einsum(text, shape=(2, 3))
    graph = net.build()
    return graph, graph.einsums[2:]


def test_bias_residual_and_limits_in_their_order():
    graph, members = built(
        "z[m,n] = y[m,n] + b[n]", "v[m,n] = z[m,n] + u[m,n]", "r[m,n] = min(relu(v[m,n]), 6)"
    )
    one = fused(graph, members)
    assert (one.biases, one.residual.tensor, one.low, one.high) == (("b",), "u", 0.0, 6.0)
    assert (one.channel, one.out, one.data.tensor, one.weight.tensor) == ("n", "r", "x", "w")


@pytest.mark.parametrize(
    ("text", "said", "factor"),
    [
        ("y[m,n] + u[m,n]", "u[m,n]", 1),
        ("u[m,n] + y[m,n]", "u[m,n]", 1),
        ("y[m,n] - u[m,n]", "u[m,n]", -1),
        ("y[m,n] - row[m]", "row[m]", -1),
        ("y[m,n] + row[m] * 0.5", "row[m]", 0.5),
        ("y[m,n] - kept[m,0] / 4", "kept[m,0]", -0.25),
        ("y[m,n] + turned[n,m]", "turned[n,m]", 1),
    ],
)
def test_a_multiple_is_added_or_subtracted_along_what_it_has(text, said, factor):
    graph, members = built(f"z[m,n] = {text}")
    one = fused(graph, members)
    assert (str(one.residual), one.factor, one.taken) == (said, factor, 2)


def test_ranks_of_what_is_added_are_those_of_the_sum():
    graph, members = built("z[a,b] = y[a,b] - row[a]")
    assert str(fused(graph, members).residual) == "row[m]"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("g[m,n] = y[m,n] * u[m,n]",), "g: y[m,n] * u[m,n]"),
        (("g[m,n] = gelu(y[m,n])", "v[m,n] = g[m,n] + u[m,n]"), "v: g[m,n] + u[m,n]"),
        (("z[m,n] = y[m,n] + full[m,n]",), "a constant that is not by channel"),
        (("v[m,n] = y[m,n] + u[m,n]", "z[m,n] = v[m,n] + b[n]"), "a constant behind a tensor"),
        (("v[m,n] = y[m,n] + u[m,n]", "z[m,n] = v[m,n] + u[m,n]"), "a second tensor"),
        (("r[m,n] = relu(y[m,n])", "z[m,n] = r[m,n] + b[n]"), "z: r[m,n] + b[n]"),
        (("z[m,n] = row[m] - y[m,n]",), "z: row[m] - y[m,n]"),
        (("z[m,n] = y[m,n] - b[n]",), "adds a multiple of a constant"),
        (("z[m,n] = y[m,n] - row[m//2]",), "or one of another shape"),
        (("z[m,n] = y[m,n] + mask[m]",), "or one of another shape"),
    ],
)
def test_the_rest_is_left_with_its_reason(more, said):
    graph, members = built(*more)
    assert said in fused(graph, members)


def test_what_is_no_contraction_is_left():
    graph, members = built("g[m,n] = gelu(y[m,n])")
    assert fused(graph, members[1:]) == "no sum of products"


def test_a_constant_factor_is_a_scale_and_ends_the_biases():
    graph, members = built("z[m,n] = y[m,n] + b[n]", "v[m,n] = z[m,n] / 4", "r[m,n] = relu(v[m,n])")
    one = fused(graph, members)
    assert (one.scale, one.biases, one.low, one.taken) == (0.25, ("b",), 0.0, 4)
    graph, members = built("v[m,n] = y[m,n] * 0.5", "z[m,n] = v[m,n] + b[n]")
    assert "adds a constant behind a scale" in fused(graph, members)


def test_functions_of_one_argument_come_last_and_are_one():
    graph, members = built(
        "z[m,n] = y[m,n] + b[n]", "g[m,n] = gelu(z[m,n])", "r[m,n] = relu(g[m,n]) * 2"
    )
    one, reason = leading(graph, members)
    assert (one.out, one.inner, one.biases, reason) == ("r", "z", ("b",), "")
    assert one.function == members[2:]
    one, reason = leading(graph, members, tables=False)
    assert (one.out, one.inner) == ("z", "")
    assert reason == "g: gelu(z[m,n]); tables of functions have one scale and codes of up to 8 bits"


def test_a_group_is_taken_as_far_as_it_goes():
    graph, members = built("z[m,n] = y[m,n] + b[n]", "g[m,n] = z[m,n] * u[m,n]")
    one, reason = leading(graph, members)
    assert (one.out, one.taken) == ("z", 2)
    assert reason == "g: z[m,n] * u[m,n]"
    one, reason = leading(graph, members[2:])
    assert (one, reason) == (None, "no sum of products")
