"""The verb generate, with good input and bad."""

import jsonschema
import numpy as np
import onnx
import pytest
import tomli_w
from onnx import TensorProto, helper, numpy_helper

import cosynth.hardware as hw
from cosynth.hardware.families.engine import engine
from cosynth.report.schema import schema


@pytest.fixture
def chip(tmp_path):
    table = hw.table(engine(rows=4, columns=4, buffer=32 * 1024, registers=16))
    path = tmp_path / "engine.toml"
    path.write_text(tomli_w.dumps(table))
    return str(path)


def test_a_folder_is_written_and_kept(run, chip, tmp_path):
    out = str(tmp_path / "chip")
    done = run("generate", chip, "--model", "deep-autoencoder", "--out", out)
    assert done.code == 0, done.err
    assert "engine: 4 x 4, weight-stationary, int8 x int8" in (done.out + done.err)
    assert "10 layers on the array" in (done.out + done.err)
    again = run("generate", chip, "--model", "deep-autoencoder", "--out", out)
    assert again.code == 2
    assert "is not empty; --force writes into it" in (again.out + again.err)
    forced = run("generate", chip, "--model", "deep-autoencoder", "--out", out, "--force")
    assert forced.code == 0
    told = run("generate", chip, "--model", "deep-autoencoder", "--out", out, "--force", "--json")
    jsonschema.validate(told.data, schema("generation"))
    assert len(told.data["layers"]) == 10


def test_bad_input_wrong(run, chip, tmp_path):
    out = str(tmp_path / "chip")
    for arguments, said in (
        ((chip, "--out", out), "--model: required: hardware alone has no model"),
        ((chip, "--model", "resnet9", "--out", out), "no model of the zoo"),
        (("eyeriss", "--model", "resnet8", "--out", out), "generated for the family 'engine'"),
        ((chip, "--model", "deep-autoencoder", "--format", "nvfp4", "--out", out),
         "scales of blocks that are no powers of two have no array"),
        ((chip, "--model", "deep-autoencoder", "--out", chip), "is a file; give a folder"),
        (("nothing.json", "--out", out), "no such file"),
    ):  # fmt: skip
        done = run("generate", *arguments)
        assert done.code == 2, done.err
        assert said in " ".join((done.out + done.err).split())


def test_a_file_brings_its_weights_unless_they_are_drawn(run, chip, tmp_path):
    draw = np.random.default_rng(1)
    weights = {"w": draw.normal(size=(8, 12)), "b": draw.normal(size=8)}
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)], "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 12])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 8])],
        [numpy_helper.from_array(v.astype(np.float32), name) for name, v in weights.items()],
    )  # fmt: skip
    path = tmp_path / "net.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path
    )
    images = []
    np.savez(tmp_path / "data.npz", x=draw.normal(0, 3, (4, 12)))
    data = ("--data", str(tmp_path / "data.npz"))
    wanted = ((), f"weights: of {path}"), (("--drawn",), "weights: drawn by seed 0")
    for more, said in (*wanted, (data, f"weights: of {path}")):
        out = tmp_path / f"chip{len(more)}"
        options = ("--model", str(path), "--dim", "rows=4", "--out", str(out))
        done = run("generate", chip, *options, *more)
        assert done.code == 0, done.err
        assert said.replace(" ", "") in "".join((done.out + done.err).split())
        images.append((out / "image.bin").read_bytes())
    assert len(set(images)) == 3
    for folder in ("chip0", "chip2"):
        told = run("simulate", str(tmp_path / folder), "--json")
        assert (told.code, told.data["wrong"]) == (0, 0)
