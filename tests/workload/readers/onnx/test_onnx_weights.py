"""Graphs with every element in its place, and the weights of a file, against ONNX's evaluator."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from onnx_models import model, node, saved

from cosynth.errors import WorkloadError
from cosynth.rtl.floats import run_floats, sampled
from cosynth.workload.readers import onnx as reader

DRAW = np.random.default_rng(3)


def draw(*shape: int) -> np.ndarray:
    return DRAW.normal(size=shape).astype(np.float32)


def attention(heads: int, order: list[int]) -> onnx.ModelProto:
    """Queries, keys and values from one product, split, in heads that are moved to the front."""
    nodes = [node("MatMul", "x w", "all"), node("Split", "all", "q k v", axis=-1, num_outputs=3)]
    for part in "qkv":
        nodes.append(node("Reshape", f"{part} heads", f"{part}h"))
        perm = order if part != "k" else [order[0], order[1], order[3], order[2]]
        nodes.append(node("Transpose", f"{part}h", f"{part}t", perm=perm))
    nodes += [
        node("MatMul", "qt kt", "scores"), node("Softmax", "scores", "shares", axis=-1),
        node("MatMul", "shares vt", "mixed"), node("Transpose", "mixed", "back", perm=order),
        node("Reshape", "back join", "joined"), node("MatMul", "joined out", "y"),
    ]  # fmt: skip
    weights = {
        "w": draw(8, 24), "out": draw(8, 5), "heads": np.array([0, 0, heads, 8 // heads]),
        "join": np.array([0, 0, 8]),
    }  # fmt: skip
    return model(nodes, {"x": [2, 5, 8]}, weights)


def same(folder: Path, made: onnx.ModelProto) -> None:
    path = saved(folder, made)
    graph, weights = reader.exact(path), reader.weights(path)
    inputs = sampled(graph, 1)
    feeds = {name: value.astype(np.float32) for name, value in inputs.items()}
    (theirs,) = ReferenceEvaluator(made).run(["y"], feeds)
    ours = run_floats(graph, weights, inputs)["y"]
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, rtol=1e-4, atol=1e-5)


def test_attention_with_split_and_moved_heads_is_what_onnx_computes(tmp_path: Path) -> None:
    same(tmp_path, attention(2, [0, 2, 1, 3]))


@pytest.mark.parametrize("seed", range(8))
def test_transposes_and_reshapes_in_any_order_are_onnx(seed: int, tmp_path: Path) -> None:
    print("seed", seed)  # noqa: T201
    rng = random.Random(seed)
    nodes, last, shape = [], "x", [2, 3, 4, 5]
    for at in range(5):
        if rng.random() < 0.6:
            order = rng.sample(range(4), 4)
            nodes.append(node("Transpose", last, f"t{at}", perm=order))
            shape = [shape[axis] for axis in order]
        else:
            shape = rng.sample(shape, 4)
            nodes.append(node("Reshape", f"{last} s{at}", f"t{at}"))
        last = f"t{at}"
        nodes[-1].name = f"{last}_{'_'.join(map(str, shape))}"
    constants = {
        n.input[1]: np.array([int(x) for x in n.name.split("_")[1:]])
        for n in nodes if n.op_type == "Reshape"
    }  # fmt: skip
    constants["w"] = draw(shape[-1], 2)
    nodes.append(node("MatMul", f"{last} w", "y"))
    same(tmp_path, model(nodes, {"x": [2, 3, 4, 5]}, constants))


def test_constants_that_the_reader_computed_have_their_values(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", "w", "turned", perm=[1, 0]), node("MatMul", "x turned", "p"),
        node("Mul", "b two", "b2"), node("Add", "p b2", "y"),
    ]  # fmt: skip
    constants = {"w": draw(4, 3), "b": draw(4), "two": np.full(4, 2, np.float32)}
    same(tmp_path, model(nodes, {"x": [2, 3]}, constants))


def test_weights_in_files_of_their_own_are_read(tmp_path: Path) -> None:
    made = model([node("MatMul", "x w", "y")], {"x": [2, 64]}, {"w": draw(64, 32)})
    path = tmp_path / "model.onnx"
    onnx.save(made, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    stored = onnx.numpy_helper.to_array(made.graph.initializer[0], str(tmp_path))
    np.testing.assert_array_equal(reader.weights(path)["w"], stored)


def test_a_weight_without_values_wrong(tmp_path: Path) -> None:
    made = model([node("MatMul", "x w", "y")], {"x": [2, 3]})
    values = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [1], [1.0])
    places = onnx.helper.make_tensor("w_at", onnx.TensorProto.INT64, [1], [0])
    made.graph.sparse_initializer.append(onnx.helper.make_sparse_tensor(values, places, [3, 4]))
    path = saved(tmp_path, made)
    with pytest.raises(WorkloadError, match="no values for weight 'w': sparse, packed, or inside"):
        reader.weights(path)
