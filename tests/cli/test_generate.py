"""The verb generate, with good input and bad."""

import jsonschema
import pytest
import tomli_w

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
        ((chip, "--model", "deep-autoencoder", "--format", "mxfp4", "--out", out),
         "scales of blocks have no array yet"),
        ((chip, "--model", "deep-autoencoder", "--out", chip), "is a file; give a folder"),
        (("nothing.json", "--out", out), "no such file"),
    ):  # fmt: skip
        done = run("generate", *arguments)
        assert done.code == 2, done.err
        assert said in " ".join((done.out + done.err).split())
