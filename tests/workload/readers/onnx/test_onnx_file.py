"""Files: named dimensions, functions, external data, and what is refused with which words."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_models import LIGHT, model, node, saved

from cosynth.errors import CosynthError, SpecError, WorkloadError
from cosynth.workload.readers import onnx as reader

RELU = node("Relu", "x", "y")
WEIGHT = {"w": np.zeros((4, 3), np.float32)}


def message(folder: Path, made: onnx.ModelProto, **dims: int) -> str:
    """What the reader says, its file left out."""
    path = saved(folder, made)
    with pytest.raises(CosynthError) as caught:
        reader.read(path, dims)
    return str(caught.value).replace(f"{path}: ", "")


def test_named_dimensions_take_the_sizes_given(tmp_path: Path) -> None:
    made = model([node("MatMul", "x w", "y")], {"x": ["batch", 5, 4]}, WEIGHT)
    path = saved(tmp_path, made)
    assert (
        reader.read(path, {"batch": 8}).operations == 8 * reader.read(path, {"batch": 1}).operations
    )


def test_a_dimension_without_name_is_called_by_its_place(tmp_path: Path) -> None:
    made = model([RELU], {"x": [None, 4]})
    assert message(tmp_path, made) == (
        "dimension 0 of input 'x' is 'x.0': give it a size with --dim x.0=8"
    )
    assert reader.read(saved(tmp_path, made), {"x.0": 3}).tensor("y").shape == (3, 4)


def test_a_named_dimension_needs_a_size_wrong(tmp_path: Path) -> None:
    made = model([RELU], {"x": ["batch", 4]})
    assert message(tmp_path, made) == (
        "dimension 0 of input 'x' is 'batch': give it a size with --dim batch=8"
    )


def test_a_size_for_no_dimension_is_refused_wrong(tmp_path: Path) -> None:
    made = model([RELU], {"x": ["batch", 4]})
    assert message(tmp_path, made, batch=1, bathc=2) == (
        "no input has a dimension 'bathc'; did you mean 'batch'?"
    )


def test_a_dimension_below_one_is_refused_wrong(tmp_path: Path) -> None:
    made = model([RELU], {"x": ["batch", 4]})
    assert message(tmp_path, made, batch=-3) == "dimension 0 of input 'x' is -3, not 1 or more"


def test_an_unknown_operator_is_named_wrong(tmp_path: Path) -> None:
    made = model([node("Conw", "x", "y")], {"x": [1, 4]})
    assert message(tmp_path, made) == (
        "node 'y_node' (Conw): cannot be expressed: operator 'Conw' is unknown; "
        "did you mean 'Conv'?"
    )


def test_an_unknown_domain_is_named_wrong(tmp_path: Path) -> None:
    made = model([helper.make_node("Magic", ["x"], ["y"], name="m", domain="acme")], {"x": [1]})
    assert message(tmp_path, made) == (
        "node 'm' (Magic): cannot be expressed: operator 'Magic' of domain 'acme' is unknown"
    )


def test_shapes_that_do_not_fit_are_named_wrong(tmp_path: Path) -> None:
    made = model([node("MatMul", "x w", "y")], {"x": [2, 5]}, WEIGHT)
    assert (
        message(tmp_path, made)
        == "node 'y_node' (MatMul): Incompatible dimensions for matrix multiplication"
    )


def test_a_missing_operand_is_named_wrong(tmp_path: Path) -> None:
    made = model([node("Add", "x z", "y")], {"x": [2]})
    assert message(tmp_path, made) == (
        "node 'y_node' (Add): input 'z' is not computed before it is read"
    )


def test_an_output_without_meaning_here_is_named_wrong(tmp_path: Path) -> None:
    made = model(
        [node("Dropout", "x", "y mask"), node("Not", "mask", "z")], {"x": [2]}, outputs="z"
    )
    assert message(tmp_path, made) == (
        "node 'z_node' (Not): output 1 ('mask') of Dropout cannot be expressed"
    )


def test_shapes_that_data_decides_are_refused_wrong(tmp_path: Path) -> None:
    made = model(
        [node("Reshape", "x s", "y")], {"x": [6], "s": [2]}, types={"s": TensorProto.INT64}
    )
    assert message(tmp_path, made) == (
        "node 'y_node' (Reshape): the shape of its output depends on data"
    )


def test_windows_that_stand_still_are_refused_wrong(tmp_path: Path) -> None:
    kernel = {"w": np.zeros((1, 1, 2, 2), np.float32)}
    made = model([node("Conv", "x w", "y", strides=[0, 1])], {"x": [1, 1, 4, 4]}, kernel)
    assert message(tmp_path, made) == (
        "node 'y_node' (Conv): attribute 'strides' must be 1 or more, is [0, 1]"
    )


def test_a_graph_without_work_is_refused_wrong(tmp_path: Path) -> None:
    made = model([node("Identity", "x", "y")], {"x": [4]})
    assert message(tmp_path, made) == "the graph computes nothing"


def test_a_version_from_the_future_is_refused_wrong(tmp_path: Path) -> None:
    newest = onnx.defs.onnx_opset_version()
    assert message(tmp_path, model([RELU], {"x": [4]}, version=999)) == (
        f"operators of version 999; this onnx package knows 1 to {newest}"
    )


@pytest.mark.parametrize("content", [b"", b"\x00", b"not a model", b"\x0a" * 50])
def test_a_file_of_something_else_is_refused_wrong(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=re.escape(f"{path}: not a valid ONNX file: ")):
        reader.read(path)


def test_a_missing_file_is_named_wrong(tmp_path: Path) -> None:
    path = tmp_path / "none.onnx"
    with pytest.raises(SpecError, match=re.escape(f"{path}: no such file")):
        reader.read(path)


def test_a_truncated_file_is_refused_wrong(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    whole = LIGHT[0].read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CosynthError, match=re.escape(str(path))):
        reader.read(path)


def external(location: str) -> onnx.ModelProto:
    made = model([node("MatMul", "x w", "y")], {"x": [2, 4]}, WEIGHT)
    weight = made.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", location
    return made


def test_external_weights_need_not_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"")  # there, but far too short
    assert reader.read(saved(tmp_path, external("weights.bin"))).parameters == 12


@pytest.mark.parametrize(
    "place", ["../w.bin", "/etc/passwd", "a/../../w", "C:\\w.bin", "..\\w.bin"]
)
def test_external_weights_outside_the_folder_are_refused_wrong(place: str, tmp_path: Path) -> None:
    assert message(tmp_path, external(place)) == (
        f"constant 'w': external data lies outside the model's folder: {place!r}"
    )


def test_external_weights_behind_a_link_are_refused_wrong(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(b"0")
    (inside / "w.bin").symlink_to(tmp_path / "secret")
    assert message(inside, external("w.bin")) == (
        "constant 'w': external data is absent or leads out of the model's folder: 'w.bin'"
    )


def test_missing_external_weights_are_named_wrong(tmp_path: Path) -> None:
    assert message(tmp_path, external("w.bin")) == (
        "constant 'w': external data is absent or leads out of the model's folder: 'w.bin'"
    )


def function(name: str, calls: str) -> onnx.FunctionProto:
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("local", 1)]
    domain = "" if calls == "Relu" else "local"
    body = [
        helper.make_node(calls, ["a"], ["t"], domain=domain),
        helper.make_node(calls, ["t"], ["b"], domain=domain),
    ]
    return helper.make_function("local", name, ["a"], ["b"], body, opsets)


def call(name: str) -> onnx.NodeProto:
    return helper.make_node(name, ["x"], ["y"], domain="local")


def test_functions_are_written_out(tmp_path: Path) -> None:
    functions = [function("once", "Relu"), function("twice", "once")]
    made = model([call("twice")], {"x": [4]}, functions=functions)
    assert len(reader.read(saved(tmp_path, made)).einsums) == 4


def test_functions_that_call_themselves_are_refused_wrong(tmp_path: Path) -> None:
    made = model([call("f")], {"x": [4]}, functions=[function("f", "f")])
    assert message(tmp_path, made) == "function 'f' calls itself, or too deep"


def test_functions_that_explode_are_refused_wrong(tmp_path: Path) -> None:
    functions = [function("f0", "Relu")]
    functions += [function(f"f{at}", f"f{at - 1}") for at in range(1, 40)]
    made = model([call("f39")], {"x": [4]}, functions=functions)
    assert message(tmp_path, made) == "more than 1000000 nodes once its functions are written out"


def test_a_huge_constant_is_never_made(tmp_path: Path) -> None:
    shape = {"s": np.array([1 << 20, 1 << 20], np.int64)}
    nodes = [node("ConstantOfShape", "s", "w"), node("MatMul", "x w", "y")]
    made = reader.read(saved(tmp_path, model(nodes, {"x": [1, 1 << 20]}, shape)))
    assert made.parameters == made.operations == 1 << 40


def test_names_that_notation_cannot_hold_are_changed(tmp_path: Path) -> None:
    made = model([node("Relu", "a`b", "y")], {"a`b": [4]})
    assert str(reader.read(saved(tmp_path, made)).einsums[0]) == "y[c] = relu(a_b[c])"


def test_a_constant_read_twice_is_one_weight(tmp_path: Path) -> None:
    axes = {"w": np.zeros(3, np.float32), "a": np.array([0])}
    nodes = [node("Unsqueeze", "w a", "v"), node("Mul", "x w", "t"), node("Add", "t v", "y")]
    assert reader.read(saved(tmp_path, model(nodes, {"x": [2, 3]}, axes))).parameters == 3


def test_constants_without_dimensions_are_literals(tmp_path: Path) -> None:
    made = model([node("Mul", "x s", "y")], {"x": [3]}, {"s": np.float32(0.5)})
    workload = reader.read(saved(tmp_path, made))
    assert str(workload.einsums[0]) == "y[c] = x[c] * 0.5"
    assert workload.parameters == 0


def test_shape_arithmetic_is_folded(tmp_path: Path) -> None:
    """The pattern exporters write for `x.reshape(x.shape[0], -1)`."""
    nodes = [
        node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n first", "m"),
        node("Concat", "m rest", "to", axis=0), node("Reshape", "x to", "f"),
        node("Relu", "f", "y"),
    ]  # fmt: skip
    known = {"zero": np.array(0), "first": np.array([0]), "rest": np.array([-1])}
    made = reader.read(saved(tmp_path, model(nodes, {"x": ["n", 3, 4]}, known)), {"n": 5})
    assert made.tensor("y").shape == (5, 12)
    assert [e.operator for e in made.einsums] == ["Relu"]


def test_the_error_is_a_workload_error(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError):
        reader.read(saved(tmp_path, model([node("Conw", "x", "y")], {"x": [1]})))
