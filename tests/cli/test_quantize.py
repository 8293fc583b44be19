"""The verb quantize, with good and with bad input."""

from __future__ import annotations

import jsonschema
import numpy as np
import onnx
import pytest
from tests.compress import nets

from cosynth.report.schema import schema


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    path = tmp_path_factory.mktemp("net") / "net.onnx"
    onnx.save(nets.convolutions(), path)
    return str(path)


@pytest.fixture
def quantize(run, net):
    def called(*arguments, formats="mxint8,mxfp4,int4"):
        return run("quantize", net, "--formats", formats, "--samples", "8", *arguments)

    return called


@pytest.fixture
def samples(tmp_path):
    def saved(**arrays):
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return str(path)

    return saved


IMAGES = np.random.default_rng(3).standard_normal((12, 3, 8, 8)).astype(np.float32)


def test_json_keeps_the_contract(quantize):
    data = quantize("--average-bits", "5.5", "--json").data
    jsonschema.validate(data, schema("quantize"))
    assert data["best"]["bits"] <= 5.5
    assert data["elements"] == 432 + 144 + 512 + 320
    assert data["left"] == 16 + 10
    assert [each["name"] for each in data["layers"]] == ["c1", "c2", "c3", "y"]
    assert {"mxint8", "mxfp4", "int4"} <= {each["uniform"] for each in data["front"]}


def test_json_on_a_chip_keeps_the_contract(quantize):
    more = ("--activations", "int8", "--on", "gemmini", "--dim", "n=1", "--average-bits", "8")
    data = quantize(*more, "--json", formats="int8,int4").data
    jsonschema.validate(data, schema("quantize"))
    assert data["cost"]["hardware"] == "gemmini"
    assert all(each["latency"] > 0 for each in data["front"])


def test_the_table_fits_80_columns(quantize):
    said = quantize("--average-bits", "5.5", "--activations", "same", "--metric", "top1")
    assert (said.code, said.err) == (0, "")
    assert said.widest <= 80
    for word in ("bits of a weight", "predicted", "top1", "Layers", "Front", "chosen"):
        assert word in said.out


def test_equal_seeds_give_equal_choices(quantize):
    first, second, other = (
        quantize("--average-bits", "5.5", "--json", "--seed", seed).data for seed in "001"
    )
    assert first == second
    assert first["best"]["noise"] != other["best"]["noise"]


def test_samples_of_a_file_and_their_labels(quantize, samples):
    file = samples(images=IMAGES, labels=np.arange(12) % 10)
    data = quantize("--data", file, "--metric", "accuracy", "--metric", "loss", "--json").data
    assert (data["data"], data["samples"]) == ("data.npz", 8)
    assert [each["name"] for each in data["metrics"]] == ["accuracy", "loss"]
    assert 0 <= data["metrics"][0]["exact"] <= 1


@pytest.mark.parametrize(("pruning", "share"), [("0.5", 1.0), ("2:4", 1.0), ("channels:0.5", 0.6)])
def test_pruning_comes_first(quantize, tmp_path, pruning, share):
    out = tmp_path / "out.onnx"
    said = quantize("--average-bits", "9", "--prune", pruning, "--json", "--out", str(out))
    assert said.data["elements"] <= share * (432 + 144 + 512 + 320)
    onnx.checker.check_model(str(out), full_check=True)


def test_steps_and_the_file_are_told(quantize, tmp_path):
    out = tmp_path / "deep" / "out.onnx"
    said = quantize(
        "--average-bits", "8", "--step", "clip-mse", "--out", str(out), formats="int5,int8"
    )
    assert said.code == 0
    assert f"written  {out}" in said.err
    assert "ONNX has no type for int5" in said.out


def test_least_bits_for_an_error(quantize):
    data = quantize("--qsnr", "25", "--json").data
    assert data["minimize"] == "bits"
    assert data["best"]["qsnr"] >= 25


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--average-bits", "2"), "bits cannot be 2 or less: these formats reach 4."),
        (("--qsnr", "200"), "noise cannot be 1e-20 or less"),
        (("--on", "gemmini", "--dim", "n=1"), "gemmini"),
    ],
)
def test_what_cannot_be_had_ends_with_3_wrong(quantize, options, said):
    found = quantize(*options)
    assert found.code == 3
    assert said in found.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--formats", "mxfp5"), "unknown format 'mxfp5'; did you mean 'mxfp"),
        (("--formats", " , "), "--formats: name at least one format"),
        (("--average-bits", "-1"), "--average-bits -1: must be more than 0"),
        (("--average-bits", "many"), "'many' is not a valid float"),
        (("--latency", "5ms"), "latency is that of a chip: name one with --on"),
        (("--latency", "5m", "--on", "gemmini"), "--latency '5m'"),
        (("--keep", "c1"), "--keep 'c1': write for example conv1=int8"),
        (("--keep", "c7=int8"), "--keep: no layer 'c7'; there are c1, c2, c3, y"),
        (("--metric", "top5"), "no metric 'top5'; did you mean 'top1'"),
        (("--metric", "accuracy"), "--metric accuracy: needs samples with labels (--data)"),
        (("--data", "nowhere.npz"), "nowhere.npz: no such file"),
        (("--activations", "int9000"), "unknown format 'int9000'"),
        (("--dim", "n"), "--dim 'n': write for example batch=8"),
        (("--prune", "half"), "--prune 'half': write 0.5, 2:4 or channels:0.25"),
        (("--prune", "1.5"), "share to prune 1.5: must be from 0 to below 1"),
        (("--prune", "5:4"), "5:4 sparsity: keep from 1 to 4 of 4"),
        (("--step", "hadamrd"), "no step 'hadamrd'; did you mean 'hadamard'"),
        (("--out", "."), "--out .: is a folder; give a file"),
        (
            ("--out", "o.onnx", "--formats", "int8,olive4"),
            "layer 'c1': format 'olive4': ONNX has no",
        ),
        (("--out", "o.onnx", "--activations", "nf4"), "activations in 'nf4': it is looked up"),
    ],
)
def test_requests_wrong(quantize, options, said):
    found = quantize(*options)
    assert found.code == 2
    assert said in found.err
    assert "Traceback" not in found.err


def test_data_wrong(quantize, samples):
    for arrays, said in (
        ({"a": IMAGES, "b": IMAGES}, "no array for input 'x'; it holds a, b"),
        ({"x": IMAGES[:, :2]}, "x: is 12 x 2 x 8 x 8; the model takes ? x 3 x 8 x 8"),
        ({"x": IMAGES * np.nan}, "x: holds infinity or NaN"),
        ({"x": np.array(["a"])}, "x: "),
        ({"x": IMAGES, "labels": np.zeros(3, int)}, "labels: int64 3; expected whole numbers"),
    ):
        found = quantize("--data", samples(**arrays))
        assert found.code == 2
        assert said in found.err


@pytest.mark.parametrize("name", ["resnet18", "net.toml", "nothing.onnx"])
def test_what_is_no_onnx_file_wrong(run, tmp_path, name):
    found = run("quantize", str(tmp_path / name), "--formats", "int8")
    assert found.code == 2
    assert name in found.err
