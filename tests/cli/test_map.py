"""The verb map, with good and with bad input."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from cosynth.report.schema import schema

ON = ("examples/gemm.toml", "--on", "examples/pocket.toml")


def test_json_keeps_the_contract(run):
    data = run("map", *ON, "--json").data
    jsonschema.validate(data, schema("mapping"))
    assert (data["model"], data["hardware"], data["objective"]) == ("gemm", "pocket", "latency")


def test_a_proof_is_said(run):
    said = run("map", *ON, "--objective", "energy", "--prove")
    assert said.code == 0
    assert "met: proven optimal" in said.out
    assert "not in the space" in said.out
    assert said.err == ""
    assert said.widest <= 80


def test_a_model_is_mapped_layer_by_layer(run):
    said = run("map", "deep-autoencoder", "--on", "eyeriss", "--seconds", "0.01")
    assert said.code == 0
    assert said.widest <= 80
    assert "fc10" in said.out
    assert "all, one after the other" in said.out


def test_time_that_is_up_still_answers(run):
    data = run("map", *ON, "--objective", "edp", "--prove", "--seconds", "0.001", "--json").data
    assert data["layers"][0]["proof"]["gap"] >= 0


def test_what_was_saved_is_priced_by_estimate(run, tmp_path):
    path = tmp_path / "nests.txt"
    said = run("map", *ON, "--objective", "energy", "--save", path, "--json")
    assert said.err == f"written  {path}\n"
    again = run("estimate", *ON, "--mapping", path, "--json").data
    assert again["dynamic_energy"] == pytest.approx(said.data["energy"])
    assert again["layers"][0]["mapping"] == said.data["layers"][0]["mapping"]


def test_an_edited_nest_that_breaks_a_rule_names_loop_and_limit_wrong(run, tmp_path):
    path = tmp_path / "nests.txt"
    run("map", *ON, "--objective", "energy", "--save", path)
    text = path.read_text()
    path.write_text(text.replace("along x", "along y"))
    said = run("estimate", *ON, "--mapping", path)
    assert said.code == 2
    message = "error: mapping of 'gemm': pe: loop over 'n': array dimension 'y' is not one of x\n"
    assert said.err == message
    path.write_text(text)
    small = tmp_path / "pocket.toml"
    small.write_text(Path("examples/pocket.toml").read_text().replace("4 KiB", "16 B"))
    said = run("estimate", ON[0], "--on", small, "--mapping", path)
    assert said.code == 2
    assert "'gemm': buffer must hold" in said.err
    assert "it has 16 B" in said.err


def test_out_gets_nests_data_and_report(run, tmp_path):
    said = run("map", *ON, "--out", tmp_path / "o")
    assert said.code == 0
    names = ["mapping.json", "mappings.txt", "report.html"]
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == names
    assert (tmp_path / "o" / "report.html").read_text().startswith("<!doctype html>")


def test_groups_are_shown(run):
    said = run("map", *ON, "--fuse")
    assert said.code == 0
    assert "Groups that run as one" in said.out


def test_limits_are_heard_and_named_when_broken(run):
    said = run("map", *ON, "--limit", "buffer=0.5", "--limit", "utilisation=0.3")
    assert said.code == 0
    assert "buffer=0.5, utilisation=0.3" in said.out
    said = run("map", *ON, "--limit", "utilisation=0.99")
    assert said.code == 3
    assert said.err.startswith("infeasible: gemm: nothing keeps the limit utilisation=0.99")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layer", "gem"], "--layer 'gem': no such layer; did you mean 'gemm'?"),
        (["--limit", "bufer=1"], "--limit 'bufer=1': no memory 'bufer'; did you mean 'buffer'?"),
        (["--limit", "buffer=3"], "a share is more than 0 and at most 1"),
        (["--objective", "speed"], "objective 'speed': 'speed' is none of latency, energy, edp"),
        (["--objective", "traffic:drm"], "no memory 'drm'; did you mean 'dram'?"),
        (["--seconds", "0"], "--seconds"),
        (["--front", "1"], "--front"),
        (["--fuse", "--layer", "gemm"], "--fuse: groups are of a whole model"),
        (["--out", "examples/gemm.toml"], "--out examples/gemm.toml: is a file; give a folder"),
        (["--format", "itn8"], "'itn8'; did you mean 'int8'?"),
    ],
)
def test_bad_input_is_one_message_wrong(run, arguments, message):
    said = run("map", *ON, *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert message in said.err
