"""The verb simulate, with good input and bad."""

import json

import jsonschema
import numpy as np
import pytest

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.hardware.families.engine import engine
from cosynth.report.schema import schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = circuit.generate(
        cs.load("deep-autoencoder"), engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    )
    out = tmp_path_factory.mktemp("chip")
    circuit.write(made, out)
    return out


def test_cycles_stand_beside_the_prediction(run, folder):
    done = run("simulate", str(folder))
    assert done.code == 0, done.err
    assert "13,376 bits compared: every bit is right." in " ".join((done.out + done.err).split())


def test_inputs_of_a_file_and_json(run, folder, tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, spectrum=np.ones((1, 640)))
    done = run("simulate", str(folder), "--input", str(path), "--json", "--latency", "5")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    jsonschema.validate(data, schema("simulation"))
    assert data["wrong"] == 0


def test_a_circuit_that_was_broken_is_found_out(run, folder):
    path = folder / "rtl" / "tree.sv"
    text = path.read_text()
    try:
        path.write_text(text.replace("BITS'(left) + BITS'(right)", "BITS'(left) - BITS'(right)"))
        done = run("simulate", str(folder))
    finally:
        path.write_text(text)
    assert done.code == 1
    assert "bits are WRONG" in " ".join((done.out + done.err).split())


def test_bad_input_wrong(run, folder, tmp_path):
    path = tmp_path / "x.npz"
    path.write_text("no")
    for arguments, said in (
        ((str(tmp_path),), "no circuit.json there"),
        ((str(folder), "--input", str(path)), "not an .npz file of numbers"),
        ((str(folder), "--input", str(path), "--seed", "1"), "give one of them"),
        ((str(folder), "--input", "nothing.npz"), "no such file"),
        ((str(folder), "--trace", "x.txt"), "ends in neither .fst nor .vcd"),
    ):
        done = run("simulate", *arguments)
        assert done.code == 2, done.err
        assert said in " ".join((done.out + done.err).split())
