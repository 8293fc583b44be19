"""Samples from files and at random, in batches that the model takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from tests.compress import nets

from cosynth.compress.data import load_samples, random_samples
from cosynth.compress.network import network
from cosynth.errors import SpecError

NET = network(nets.convolutions(), "net")


def fixed(batch: int):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    return network(nets.model(nodes, (batch, 4), (batch, 4), {"w": np.eye(4, dtype="f")}), "net")


def stateful():
    """Inputs whose first axes differ: a state of two layers, and one number."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Add", ["a", "state"], ["b"]),
        helper.make_node("Mul", ["b", "rate"], ["y"]),
    ]
    made = nets.model(nodes[:1], (1, 4), (1, 4), {"w": np.eye(4, dtype="f")})
    made.graph.node.extend(nodes[1:])
    made.graph.node[0].output[0] = "a"
    made.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, (2, 4)))
    made.graph.input.append(helper.make_tensor_value_info("state", TensorProto.FLOAT, (2, 4)))
    made.graph.input.append(helper.make_tensor_value_info("rate", TensorProto.FLOAT, ()))
    return network(made, "net")


def lookup(rows: int):
    nodes = [
        helper.make_node("Gather", ["table", "x"], ["e"]),
        helper.make_node("MatMul", ["e", "w"], ["y"]),
    ]
    constants = {"table": np.zeros((rows, 4), dtype="f"), "w": np.eye(4, dtype="f")}
    made = nets.model(nodes, ("n", 6), ("n", 6, 4), constants)
    made.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    return network(made, "net")


def saved(folder: Path, **arrays) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def test_samples_come_in_batches_with_their_labels(tmp_path: Path):
    x = np.random.default_rng(0).standard_normal((70, 3, 8, 8))
    found = load_samples(saved(tmp_path, x=x, labels=np.arange(70)), NET, 50, {})
    assert [len(feed["x"]) for feed in found.feeds] == [32, 18]
    assert np.array_equal(np.concatenate([feed["x"] for feed in found.feeds]), x[:50])
    assert found.labels is not None
    assert found.labels.tolist() == list(range(50))
    assert (found.count, found.said) == (50, "data.npz")


def test_the_one_array_of_a_file_may_have_any_name(tmp_path: Path):
    assert load_samples(saved(tmp_path, images=np.zeros((2, 3, 8, 8))), NET, 9, {}).count == 2


def test_a_fixed_batch_is_kept_and_leftovers_are_left_out(tmp_path: Path):
    x = np.arange(40.0).reshape(10, 4)
    found = load_samples(saved(tmp_path, x=x, labels=np.arange(10)), fixed(3), 99, {})
    assert [feed["x"].shape for feed in found.feeds] == [(3, 4)] * 3
    assert found.count == 9
    assert found.labels is not None
    assert len(found.labels) == 9
    one_by_one = load_samples(saved(tmp_path, x=x), fixed(1), 99, {})
    assert len(one_by_one.feeds) == 10


def test_inputs_without_an_axis_of_samples_come_run_by_run(tmp_path: Path):
    net = stateful()
    drawn = random_samples(net, 5, 0, {})
    assert [{n: v.shape for n, v in feed.items()} for feed in drawn.feeds] == [
        {"x": (1, 4), "state": (2, 4), "rate": ()}
    ] * 5
    path = saved(tmp_path, x=np.ones((3, 1, 4)), state=np.ones((3, 2, 4)), rate=np.ones(3))
    assert [feed["state"].shape for feed in load_samples(path, net, 99, {}).feeds] == [(2, 4)] * 3
    path = saved(tmp_path, x=np.ones((1, 4)), state=np.ones((1, 4)), rate=np.ones(()))
    with pytest.raises(SpecError, match=r"first sizes of the inputs differ \(x 1, state 2\)"):
        load_samples(path, net, 99, {})


def test_a_state_that_has_its_samples_elsewhere_comes_run_by_run_too():
    net = stateful()
    for value, sizes in zip(net.model.graph.input, (("n", 4), (2, "n", 4), ()), strict=True):
        shape = helper.make_tensor_value_info("v", TensorProto.FLOAT, sizes).type
        value.type.CopyFrom(shape)
    (first, *_) = random_samples(net, 3, 0, {}).feeds
    assert {n: v.shape for n, v in first.items()} == {"x": (1, 4), "state": (2, 1, 4), "rate": ()}


def test_a_size_below_zero_is_open():
    net = fixed(3)
    net.model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = -1
    assert random_samples(net, 5, 0, {}).count == 5


def test_random_samples_repeat_and_fit():
    first, again, other = (random_samples(NET, 40, seed, {}) for seed in (1, 1, 2))
    assert first.count == 40
    assert np.array_equal(first.feeds[0]["x"], again.feeds[0]["x"])
    assert not np.array_equal(first.feeds[0]["x"], other.feeds[0]["x"])
    assert random_samples(fixed(3), 7, 0, {}).count == 9


def test_sizes_that_were_guessed_are_told():
    net = network(nets.convolutions(), "net")
    sizes = net.model.graph.input[0].type.tensor_type.shape.dim
    sizes[2].dim_param, sizes[3].dim_param = "height", "width"
    found = random_samples(net, 2, 5, {"width": 16})
    assert found.feeds[0]["x"].shape == (2, 3, 64, 16)
    assert found.said == "random, seed 5, height=64"


def test_whole_numbers_are_drawn_below_the_rows_of_their_table():
    values = random_samples(lookup(5), 200, 0, {}).feeds[0]["x"]
    assert (values.min(), values.max(), values.dtype) == (0, 4, np.int64)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((0, 3, 8, 8))}, "arrays hold different numbers of samples: x 0"),
        ({"x": np.zeros((2, 4, 8, 8))}, r"x: is 2 x 4 x 8 x 8; the model takes \? x 3 x 8 x 8"),
        ({"x": np.zeros((3, 8))}, r"x: is 3 x 8; the model takes"),
        ({"x": np.full((1, 3, 8, 8), np.nan)}, "x: holds infinity or NaN"),
        ({"x": np.full((1, 3, 8, 8), "a")}, "x: holds <U1, not numbers"),
        ({"x": np.array([None])}, "holds Python objects or is no .npz file"),
        ({"y": np.zeros(3), "zz": np.zeros(3)}, "no array for input 'x'; it holds y, zz"),
        ({}, "no array for input 'x'; it holds nothing"),
        ({"x": np.zeros((2, 3, 8, 8)), "labels": np.zeros(2)}, "labels: float64 2; expected whole"),
        (
            {"x": np.zeros((2, 3, 8, 8)), "labels": np.zeros(3, dtype=int)},
            "labels: int64 3; expected whole numbers for 2 samples",
        ),
    ],
)
def test_arrays_that_do_not_fit_wrong(tmp_path: Path, arrays, said):
    with pytest.raises(SpecError, match=f"data.npz: {said}"):
        load_samples(saved(tmp_path, **arrays), NET, 99, {})


def test_fractions_for_whole_numbers_and_too_few_samples_wrong(tmp_path: Path):
    with pytest.raises(SpecError, match="x: holds fractions; the model takes whole numbers"):
        load_samples(saved(tmp_path, x=np.full((2, 6), 0.5)), lookup(5), 99, {})
    with pytest.raises(SpecError, match="2 samples; the model takes 3 at once"):
        load_samples(saved(tmp_path, x=np.zeros((2, 4))), fixed(3), 99, {})


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04broken"])
def test_a_file_that_is_no_npz_wrong(tmp_path: Path, content: bytes):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(
        SpecError, match=r"bad\.npz: (not a readable|holds Python objects or is no)"
    ):
        load_samples(path, NET, 9, {})
    with pytest.raises(SpecError, match=r"none\.npz: no such file"):
        load_samples(tmp_path / "none.npz", NET, 9, {})


def test_a_bare_array_wrong(tmp_path: Path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(SpecError, match="one bare array"):
        load_samples(tmp_path / "x.npy", NET, 9, {})
