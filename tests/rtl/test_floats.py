"""What is drawn for a graph, and what its einsums make of it."""

import numpy as np
import pytest

from cosynth.errors import WorkloadError
from cosynth.rtl.floats import looked_up, run_floats, sampled, seeded
from cosynth.workload import Builder


def embedding():
    net = Builder("embedding")
    ids = net.input("ids", (2, 3))
    table = net.weight("table", (7, 4))
    net.output(net.einsum(f"y[b,t,d] = {table}[{ids}[b,t],d]", shape=(2, 3, 4)))
    return net.build()


def test_what_chooses_rows_is_drawn_as_their_numbers():
    graph = embedding()
    assert looked_up(graph) == {"ids": 7}
    drawn = sampled(graph, 3)["ids"]
    assert set(np.unique(drawn)) <= set(range(7))
    weights = seeded(graph, 3)
    found = run_floats(graph, weights, {"ids": drawn})["y"]
    np.testing.assert_array_equal(found, weights["table"][drawn.astype(int)])


def test_a_view_is_read_in_its_own_shape_and_a_part_is_refused():
    net = Builder("views")
    x = net.input("x", (2, 6))
    net.output(net.einsum(f"y[a,b] = relu({net.view('v', (3, 4), x)}[a,b])", shape=(3, 4)))
    values = np.arange(12.0).reshape(2, 6)
    np.testing.assert_array_equal(
        run_floats(net.build(), {}, {"x": values})["y"], values.reshape(3, 4)
    )
    net = Builder("part")
    x = net.input("x", (2, 6))
    net.output(net.einsum(f"y[a,b] = relu({net.view('v', (2, 3), x)}[a,b])", shape=(2, 3)))
    with pytest.raises(WorkloadError, match="v: a part of x, which circuits cannot read yet"):
        run_floats(net.build(), {}, {"x": values})
