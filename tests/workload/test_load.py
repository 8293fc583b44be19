"""One name, several kinds of model; and what is said when it names none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cosynth.errors import SpecError
from cosynth.workload import zoo
from cosynth.workload.load import load
from cosynth.workload.readers import toml


@pytest.fixture
def file(tmp_path: Path) -> Path:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.zeros((4, 3), np.float32), "w")],
    )
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_an_onnx_file_takes_sizes(file: Path) -> None:
    assert load(str(file), {"batch": 5}).operations == 60


def test_a_name_of_the_zoo_takes_options() -> None:
    assert load("resnet8@batch:2") == zoo.load("resnet8@batch:2")


def test_a_toml_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(toml.write(zoo.load("resnet8")))
    assert load(str(path)).operations == zoo.load("resnet8").operations


@pytest.mark.parametrize("as_folder", [True, False])
def test_a_config_is_read_by_its_file_or_folder(as_folder: bool, tmp_path: Path) -> None:
    config = {
        "model_type": "gpt2", "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 11,
        "n_positions": 16,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    place = tmp_path if as_folder else tmp_path / "config.json"
    assert (
        load(f"{place}@prefill:4,batch:2").operations == 2 * load(f"{place}@prefill:4").operations
    )


def test_a_folder_called_like_a_model_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "resnet8").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("resnet8").name == "resnet8"


def said(model: str, **dims: int) -> str:
    with pytest.raises(SpecError) as caught:
        load(model, dims)
    return str(caught.value)


def test_a_missing_file_is_named_with_its_neighbour_wrong(file: Path) -> None:
    wrong = file.with_name("ned.onnx")
    assert said(str(wrong)) == f"{wrong}: no such file; did you mean 'net.onnx'?"


def test_a_missing_folder_is_named_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "none" / "net.onnx"
    assert said(str(wrong)) == f"{wrong}: no such folder: {tmp_path / 'none'}"


def test_a_folder_called_onnx_is_refused_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").mkdir()
    assert said(str(tmp_path / "a.onnx")) == f"{tmp_path / 'a.onnx'}: a folder, not a file"


def test_a_folder_without_config_is_refused_wrong(tmp_path: Path) -> None:
    assert said(str(tmp_path)).startswith(f"{tmp_path / 'config.json'}: no such file")


def test_another_kind_of_file_is_refused_wrong(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(b"0")
    assert said(str(path)) == (
        f"{path}: not a model file; use .onnx, .toml, config.json or a name of the zoo"
    )


def test_an_unknown_name_is_named_wrong() -> None:
    assert said("resnet-18") == "'resnet-18' is no model of the zoo; did you mean 'resnet18'?"


def test_options_on_an_onnx_file_are_refused_wrong(file: Path) -> None:
    assert said(f"{file}@batch:2") == (
        f"{file}@batch:2: a file of this kind takes no options; write --dim name=8"
    )


def test_sizes_for_the_zoo_are_refused_wrong() -> None:
    assert said("resnet8", batch=2) == (
        "resnet8: only ONNX files have named dimensions; write resnet8@batch:8"
    )


@pytest.mark.parametrize("name", ["", "@", "a" * 5000, "\x00", "../..", "~", ".onnx", "@batch:2"])
def test_odd_names_are_refused_wrong(name: str) -> None:
    assert re.match(r"^.*: |^'.*' is no model", said(name), re.DOTALL)


def test_importing_loads_no_heavy_library() -> None:
    code = "import sys, cosynth.workload.load, cosynth.workload; "
    code += "sys.exit(bool({'onnx', 'torch', 'google.protobuf'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
