"""The verb synthesize, with good input and bad."""

import json

import jsonschema
import pytest

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.hardware.families.engine import engine
from cosynth.report.schema import schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = circuit.generate(
        cs.load("deep-autoencoder"),
        engine(rows=2, columns=2, buffer=32 * 1024, registers=4, buffer_width=64),
    )
    out = tmp_path_factory.mktemp("chip")
    circuit.write(made, out)
    return out


@pytest.mark.slow
def test_area_stands_beside_the_prediction(run, folder):
    done = run("synthesize", str(folder), "--json")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    jsonschema.validate(data, schema("synthesis"))
    names = {block["name"] for block in data["blocks"]}
    assert {"unit_held", "reader", "drain", "load"} <= names
    # smaller than any chip that the law was fitted to
    assert data["predicted"] == pytest.approx(data["logic"], rel=0.1)
    assert {macro["bits"] for macro in data["macros"]} >= {42, 64}


def test_bad_input_wrong(run, folder, tmp_path):
    for arguments, said in (
        ((str(tmp_path),), "no circuit.json there"),
        ((str(folder), "--target", "xilinx"), "write generic, ecp5, or a Liberty file's path"),
    ):
        done = run("synthesize", *arguments)
        assert done.code == 2, done.err
        assert said in " ".join((done.out + done.err).split())
