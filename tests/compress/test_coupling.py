"""What hangs together in a graph, operator by operator."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress.coupling import coupling
from cosynth.compress.network import network


def found(nodes, x, y, constants):
    return coupling(network(nets.model(nodes, x, y, constants), "net"))


def same(one, a, b):
    """Whether two (value, axis) pairs are joined index by index."""
    first, second = (one.atoms.roots(one.of(name)[axis]).tolist() for name, axis in (a, b))
    return first == second


def ones(*shape):
    return np.ones(shape, np.float32)


def test_a_product_couples_what_it_sums():
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("MatMul", ["h", "b"], ["y"]),
    ]
    one = found(nodes, (2, 3), (2, 5), {"a": ones(3, 4), "b": ones(4, 5)})
    assert same(one, ("a", 1), ("b", 0))
    assert not one.atoms.pinned(one.of("a")[1]).any()
    assert one.atoms.pinned(one.of("a")[0]).all()
    assert one.atoms.pinned(one.of("b")[1]).all()


def test_flattening_gives_each_channel_a_run_of_features():
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["h"]),
        helper.make_node("Flatten", ["h"], ["f"]),
        helper.make_node("Gemm", ["f", "m"], ["y"]),
    ]
    one = found(nodes, (1, 2, 4, 4), (1, 3), {"w": ones(5, 2, 3, 3), "m": ones(20, 3)})
    channels = one.atoms.roots(one.of("w")[0])
    assert one.atoms.roots(one.of("m")[0]).tolist() == np.repeat(channels, 4).tolist()


def test_concatenation_keeps_the_parts_apart():
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("MatMul", ["x", "b"], ["k"]),
        helper.make_node("Concat", ["h", "k"], ["j"], axis=1),
        helper.make_node("MatMul", ["j", "c"], ["y"]),
    ]
    constants = {"a": ones(3, 2), "b": ones(3, 4), "c": ones(6, 5)}
    one = found(nodes, (1, 3), (1, 5), constants)
    parts = [*one.atoms.roots(one.of("a")[1]), *one.atoms.roots(one.of("b")[1])]
    assert one.atoms.roots(one.of("c")[0]).tolist() == parts


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (helper.make_node("Softmax", ["h"], ["s"], axis=-1), "Softmax 's' runs along it"),
        (helper.make_node("CumSum", ["h", "one"], ["s"]), "CumSum 's' cannot be followed"),
        (helper.make_node("LayerNormalization", ["h", "k"], ["s"]), "LayerNormalization 's' runs"),
    ],
)
def test_what_mixes_channels_holds_them(node, why):
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]), node,
        helper.make_node("MatMul", ["s", "b"], ["y"]),
    ]  # fmt: skip
    constants = {"a": ones(3, 4), "b": ones(4, 5), "k": ones(4), "one": np.array(1)}
    one = found(nodes, (2, 3), (2, 5), constants)
    roots = one.atoms.roots(one.of("a")[1]).tolist()
    assert all(one.atoms.why[root].startswith(why) for root in roots)


def test_heads_fall_whole():
    """Columns of a head are joined; no column inside of one can go alone."""
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Reshape", ["h", "heads"], ["p"]),
        helper.make_node("Reshape", ["p", "flat"], ["q"]),
        helper.make_node("MatMul", ["q", "b"], ["y"]),
    ]
    constants = {
        "a": ones(4, 6), "b": ones(6, 4), "heads": np.array([2, 3, 3, 2]),
        "flat": np.array([2, 3, 6]),
    }  # fmt: skip
    one = found(nodes, (2, 3, 4), (2, 3, 4), constants)
    roots = one.atoms.roots(one.of("a")[1]).tolist()
    assert roots == np.repeat(roots[::2], 2).tolist()
    assert len(set(roots)) == 3
    assert same(one, ("a", 1), ("b", 0))
