"""The verb harden, with good input and bad."""

import json

import jsonschema
import pytest

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.hardware.families.engine import engine
from cosynth.report.schema import schema


@pytest.mark.slow
@pytest.mark.parametrize(("by", "keeper"), [("corrected", "tripled"), ("detected", "checked")])
def test_a_protected_circuit_runs_and_fails_less(run, tmp_path, by, keeper):
    chip = engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    circuit.write(circuit.generate(cs.load("deep-autoencoder"), chip), tmp_path / "chip")
    arguments = (
        "--area",
        "10",
        "--out",
        str(tmp_path / "safe"),
        "--faults",
        "150",
        "--by",
        by,
        "--json",
    )
    done = run("harden", str(tmp_path / "chip"), *arguments)
    assert done.code == 0, done.err
    data = json.loads(done.out)
    jsonschema.validate(data, schema("protection"))
    assert data["wrong"] == 0
    assert data["cycles"] == data["protected_cycles"]
    assert 0.05 < data["added"] < 0.12
    assert (data["detected"]["share"] > 0) == (by == "detected")
    assert f"{keeper} #(" in (tmp_path / "safe" / "rtl" / "unit.sv").read_text()
    again = run("simulate", str(tmp_path / "safe"))
    assert "every bit is right" in " ".join((again.out + again.err).split())


def test_bad_input_wrong(run, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    for arguments, said in (
        ((str(tmp_path), "--area", "0", "--out", "x"), "0.0 is not in the range x>0"),
        ((str(tmp_path), "--out", "x"), "missing option '--area'"),
        ((str(tmp_path), "--area", "5", "--out", str(tmp_path / "full")), "is there already"),
        ((str(tmp_path), "--area", "5", "--out", str(tmp_path / "new")), "no circuit.json there"),
    ):
        done = run("harden", *arguments)
        assert done.code == 2, done.err
        assert said in " ".join((done.out + done.err).split())
