"""Operators whose meaning is more than their values: formats, control flow, attention, cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_models import model, node, saved

from cosynth.errors import WorkloadError
from cosynth.workload import Workload
from cosynth.workload.readers import onnx as reader

MS = {"domain": "com.microsoft"}


def read(folder: Path, made: onnx.ModelProto) -> Workload:
    return reader.read(saved(folder, made))


def ones(*shape: int, kind: str = "f4") -> np.ndarray:
    return np.ones(shape, kind)


def test_quantised_pairs_become_formats(tmp_path: Path) -> None:
    nodes = [
        node("QuantizeLinear", "x s zx", "q"), node("DequantizeLinear", "q s zx", "xf"),
        node("DequantizeLinear", "w s zw", "wf"), node("MatMul", "xf wf", "y"),
    ]  # fmt: skip
    known = {
        "s": np.float32(0.1), "zx": np.uint8(3), "zw": np.int8(0), "w": ones(4, 2, kind="i1")
    }  # fmt: skip
    made = read(tmp_path, model(nodes, {"x": [3, 4]}, known))
    assert {n: made.tensor(n).format for n in ("q", "xf", "w", "wf", "y")} == {
        "q": "uint8", "xf": "uint8", "w": "int8", "wf": "int8", "y": None,
    }  # fmt: skip
    assert (made.operations, made.parameters) == (24, 8)


def test_narrow_floats_become_formats(tmp_path: Path) -> None:
    zero = helper.make_tensor("z", TensorProto.FLOAT8E4M3FN, [], [0.0])
    made = model([node("QuantizeLinear", "x s z", "y")], {"x": [4]}, {"s": np.float32(1)})
    made.graph.initializer.append(zero)
    assert read(tmp_path, made).tensor("y").format == "fp8_e4m3fn"


def test_integer_operators_multiply_in_their_formats(tmp_path: Path) -> None:
    types = {"x": TensorProto.UINT8}
    kernel = {"w": ones(2, 3, 2, 2, kind="i1")}
    made = read(
        tmp_path, model([node("ConvInteger", "x w", "y")], {"x": [1, 3, 4, 4]}, kernel, types=types)
    )
    assert made.operations == 2 * 3 * 4 * 9
    assert (made.tensor("x").format, made.tensor("w").format) == ("uint8", "int8")
    product = model(
        [node("MatMulInteger", "x w", "y")],
        {"x": [2, 3]},
        {"w": ones(3, 5, kind="i1")},
        types=types,
    )
    assert read(tmp_path, product).operations == 30


def test_quantised_convolution_ends_in_its_output_format(tmp_path: Path) -> None:
    known = {
        "s": np.float32(1), "z": np.uint8(0), "zw": np.int8(0), "w": ones(2, 3, 1, 1, kind="i1"),
        "b": ones(2, kind="i4"),
    }  # fmt: skip
    made = model(
        [node("QLinearConv", "x s z w s zw s z b", "y")], {"x": [1, 3, 4, 4]}, known,
        types={"x": TensorProto.UINT8},
    )  # fmt: skip
    workload = read(tmp_path, made)
    assert workload.tensor("y").format == "uint8"
    assert (workload.operations, workload.parameters) == (96, 8)


def test_quantised_product_ends_in_its_output_format(tmp_path: Path) -> None:
    known = {"s": np.float32(1), "z": np.uint8(0), "zw": np.int8(0), "w": ones(3, 5, kind="i1")}
    made = model(
        [node("QLinearMatMul", "x s z w s zw s z", "y")], {"x": [2, 3]}, known,
        types={"x": TensorProto.UINT8},
    )  # fmt: skip
    workload = read(tmp_path, made)
    assert (workload.tensor("y").format, workload.operations) == ("uint8", 30)


def attention(queries: int, keys: int) -> onnx.ModelProto:
    inputs = {"q": [1, 5, queries * 8], "k": [1, 5, keys * 8], "v": [1, 5, keys * 8]}
    inputs |= {"pk": [1, keys, 11, 8], "pv": [1, keys, 11, 8]}
    made = node("Attention", "q k v  pk pv", "y nk nv", q_num_heads=queries, kv_num_heads=keys)
    return model([made], inputs, outputs="y nk nv", version=23)


def test_query_heads_share_key_heads(tmp_path: Path) -> None:
    made = read(tmp_path, attention(8, 2))
    assert str(made.einsums[0]) == ("`y.scores`[b,h,m,p] += `y.q`[b,h,m,e] * `y.keys`[b,h//4,p,e]")
    assert made.operations == 2 * 8 * 5 * 16 * 8
    assert made.tensor("pk").role == "state"
    assert made.tensor("nk").shape == (1, 2, 16, 8)
    assert made.elements("output") == 5 * 64
    assert made.sources("nk") == ("pk", "k")


def test_query_heads_that_do_not_divide_are_refused_wrong(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="3 query heads are no multiple of 2 key heads"):
        read(tmp_path, attention(3, 2))


def test_grouped_attention_of_onnx_runtime(tmp_path: Path) -> None:
    inputs = {"q": [2, 4, 32], "k": [2, 4, 16], "v": [2, 4, 16]}
    made = node("GroupQueryAttention", "q k v", "y", num_heads=4, kv_num_heads=2, **MS)
    workload = read(tmp_path, model([made], inputs))
    assert workload.operations == 2 * 2 * 4 * 4 * 4 * 8
    assert workload.tensor("y").shape == (2, 4, 32)


def test_attention_with_packed_weights(tmp_path: Path) -> None:
    made = node("Attention", "x w b", "y", num_heads=2, **MS)
    workload = read(tmp_path, model([made], {"x": [1, 6, 8]}, {"w": ones(8, 24), "b": ones(24)}))
    assert workload.operations == 6 * 8 * 24 + 2 * 6 * 6 * 8
    assert workload.parameters == 8 * 24 + 24


def test_multi_head_attention_with_mask(tmp_path: Path) -> None:
    inputs = {"q": [1, 4, 16], "k": [1, 6, 16], "v": [1, 6, 16], "m": [1, 1, 4, 6]}
    made = node("MultiHeadAttention", "q k v   m", "y", num_heads=2, **MS)
    assert read(tmp_path, model([made], inputs)).operations == 2 * 4 * 6 * 16


def test_rotary_embedding_turns_pairs(tmp_path: Path) -> None:
    known = {"c": ones(4, 4), "s": ones(4, 4)}
    made = node("RotaryEmbedding", "x c s p", "y")
    whole = model(
        [made], {"x": [1, 2, 4, 8], "p": [1, 4]}, known, version=23, types={"p": TensorProto.INT64}
    )
    workload = read(tmp_path, whole)
    assert (workload.operations, workload.vector_operations) == (0, 3 * 64)


@pytest.mark.parametrize(("cell", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("layout", [0, 1])
def test_cells_repeat_over_the_sequence(
    cell: str, gates: int, direction: str, layout: int, tmp_path: Path
) -> None:
    ways = 2 if direction == "bidirectional" else 1
    known = {"w": ones(ways, gates * 16, 8), "r": ones(ways, gates * 16, 16)}
    shape = [3, 7, 8] if layout else [7, 3, 8]
    made = node(cell, "x w r", "y h", hidden_size=16, direction=direction, layout=layout)
    workload = read(tmp_path, model([made], {"x": shape}, known, outputs="y h"))
    assert workload.operations == ways * 7 * 3 * gates * 16 * (8 + 16)
    assert workload.parameters == ways * gates * 16 * (8 + 16)
    assert workload.tensor("y").shape == ((3, 7, ways, 16) if layout else (7, ways, 3, 16))
    assert {e.repeat for e in workload.einsums} == {1, 7}


def body(
    *operators: str, inputs: dict[str, list[int]], outputs: dict[str, list[int]]
) -> onnx.GraphProto:
    """A chain of one-argument operators from the last input to the last output."""
    names = [list(inputs)[-1], *(f"t{at}" for at in range(len(operators) - 1)), list(outputs)[-1]]
    nodes = [node(op, a, b) for op, a, b in zip(operators, names, names[1:], strict=False)]
    infos = [
        [helper.make_tensor_value_info(n, TensorProto.BOOL if n.startswith("cond") else
         TensorProto.INT64 if n == "i" else TensorProto.FLOAT, s) for n, s in part.items()]
        for part in (inputs, outputs)
    ]  # fmt: skip
    if "cond" in inputs and "condout" in outputs:
        nodes.append(node("Identity", "cond", "condout"))
    return helper.make_graph(nodes, "body", *infos)


def branches(condition: str) -> onnx.ModelProto:
    short = body("Relu", inputs={"x": [4]}, outputs={"a": [4]})
    long = body("Relu", "Tanh", inputs={"x": [4]}, outputs={"b": [4]})
    for graph in (short, long):
        del graph.input[:]
    made = node("If", condition, "y", then_branch=short, else_branch=long)
    inputs: dict[str, list[int | str]] = {"x": [4]}
    known = {"yes": np.array(True)}
    if condition == "c":
        inputs["c"] = []
    return model([made], inputs, known, types={"c": TensorProto.BOOL})


def test_a_known_branch_is_taken(tmp_path: Path) -> None:
    assert [e.operator for e in read(tmp_path, branches("yes")).einsums] == ["Relu"]


def test_an_unknown_branch_costs_as_the_longer(tmp_path: Path) -> None:
    assert [e.operator for e in read(tmp_path, branches("c")).einsums] == ["Relu", "Tanh"]


def test_a_loop_repeats_its_body(tmp_path: Path) -> None:
    inner = body(
        "Relu", "Tanh", inputs={"i": [], "cond": [], "v": [4]}, outputs={"condout": [], "w": [4]}
    )
    made = model([node("Loop", "n  x", "y", body=inner)], {"x": [4]}, {"n": np.array(6)})
    workload = read(tmp_path, made)
    assert [e.repeat for e in workload.einsums] == [6, 6]
    assert workload.vector_operations == 6 * 2 * 4


def test_a_weight_read_inside_and_outside_is_one(tmp_path: Path) -> None:
    inner = body("Relu", inputs={"i": [], "cond": [], "v": [4]}, outputs={"condout": [], "w": [4]})
    inner.node[0].CopyFrom(node("Mul", "v k", "w"))
    nodes = [node("Loop", "n  x", "z", body=inner), node("Add", "z k", "y")]
    known = {"n": np.array(6), "k": ones(4)}
    assert read(tmp_path, model(nodes, {"x": [4]}, known)).parameters == 4


def test_a_loop_without_known_rounds_is_refused_wrong(tmp_path: Path) -> None:
    inner = body("Relu", inputs={"i": [], "cond": [], "v": [4]}, outputs={"condout": [], "w": [4]})
    made = model(
        [node("Loop", "n  x", "y", body=inner)], {"x": [4], "n": []}, types={"n": TensorProto.INT64}
    )
    with pytest.raises(WorkloadError, match="the number of its rounds must be a constant"):
        read(tmp_path, made)


def test_a_scan_runs_once_per_slice(tmp_path: Path) -> None:
    inner = body("Relu", inputs={"v": [4]}, outputs={"w": [4]})
    made = model([node("Scan", "x", "y", body=inner, num_scan_inputs=1)], {"x": [9, 4]})
    workload = read(tmp_path, made)
    assert workload.einsums[0].repeat == 9
    assert workload.tensor("y").shape == (9, 4)
    assert workload.vector_operations == 36


def test_the_largest_are_found_in_passes(tmp_path: Path) -> None:
    made = model([node("TopK", "x k", "y i")], {"x": [3, 10]}, {"k": np.array([2])})
    workload = read(tmp_path, made)
    assert str(workload.einsums[0]) == "y[n,k] = max(r) x[n,r]"
    assert workload.vector_operations == 3 * 2 * 10


@pytest.mark.parametrize(("mode", "reads"), [("nearest", 1), ("linear", 4), ("cubic", 16)])
def test_resizing_reads_its_neighbours(mode: str, reads: int, tmp_path: Path) -> None:
    known = {"s": np.array([1, 1, 2, 2], np.float32)}
    made = read(
        tmp_path, model([node("Resize", "x  s", "y", mode=mode)], {"x": [1, 3, 4, 4]}, known)
    )
    assert len(made.einsums[0].inputs) == reads
    assert made.tensor("y").shape == (1, 3, 8, 8)


def test_packed_weights_keep_their_bits(tmp_path: Path) -> None:
    made = node("MatMulNBits", "x w s", "y", K=64, N=32, bits=4, block_size=32, **MS)
    known = {"w": ones(32, 2, 16, kind="u1"), "s": ones(64)}
    workload = read(tmp_path, model([made], {"x": [1, 64]}, known))
    assert (workload.operations, workload.parameters) == (2048, 2048)
    assert {t.format for t in workload.tensors if t.role == "weight"} == {"int4"}


def test_skipping_normalisation_gives_the_sum_too(tmp_path: Path) -> None:
    made = node("SkipSimplifiedLayerNormalization", "x r g", "y   sum", **MS)
    inputs: dict[str, list[int | str]] = {"x": [1, 2, 8], "r": [1, 2, 8]}
    workload = read(tmp_path, model([made], inputs, {"g": ones(8)}, outputs="y sum"))
    assert workload.operations == 0
    assert workload.parameters == 8


def test_training_normalisation_is_refused_wrong(tmp_path: Path) -> None:
    known = {name: ones(3) for name in "sbmv"}
    made = node("BatchNormalization", "x s b m v", "y a c", training_mode=1)
    with pytest.raises(WorkloadError, match="is in training mode; export the model for inference"):
        read(tmp_path, model([made], {"x": [1, 3, 4]}, known))
