"""The verb inject, with good input and bad."""

import json

import jsonschema
import pytest

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.hardware.families.engine import engine
from cosynth.report.schema import schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    chip = engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    out = tmp_path_factory.mktemp("chip")
    circuit.write(circuit.generate(cs.load("deep-autoencoder"), chip), out)
    return out


@pytest.mark.slow
def test_shares_add_up_and_registers_are_ranked(run, folder):
    done = run("inject", str(folder), "--faults", "60", "--json", "--seed", "2")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    jsonschema.validate(data, schema("faults"))
    for one in data["strata"]:
        assert sum(each["share"] for each in one["outcomes"].values()) == pytest.approx(1)
    assert sum(one["faults"] for one in data["strata"]) == data["faults"]


def test_bad_input_wrong(run, tmp_path):
    for arguments, said in (
        ((str(tmp_path),), "no circuit.json there"),
        ((str(tmp_path), "--faults", "0"), "0 is not in the range x>=1"),
        ((str(tmp_path), "--tolerance", "-1"), "-1.0 is not in the range x>=0"),
    ):
        done = run("inject", *arguments)
        assert done.code == 2, done.err
        assert said in " ".join((done.out + done.err).split())
