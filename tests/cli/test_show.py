"""The verb show: anything there is, and a near name for what there is not."""

from __future__ import annotations

import json

import jsonschema
import pytest

from cosynth.report.schema import schema


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        ("resnet18", "model"),
        ("llama-3.1-8b@decode:4096", "model"),
        ("eyeriss", "chip"),
        ("engine", "chip"),
        ("mxfp4", "format"),
        ("mxfp4-even-g16", "format"),
    ],
)
def test_a_name_is_shown_in_80_columns_and_as_data(run, thing, kind):
    said = run("show", thing)
    assert (said.code, said.err) == (0, "")
    assert said.widest <= 80
    jsonschema.validate(run("show", thing, "--json").data, schema(kind))


def test_a_model_reads_as_blocks_with_totals(run):
    said = run("show", "resnet18").out
    assert "╭ 2 times:" in said
    assert "1.81 G" in said
    assert "11.7 M" in said


def test_a_chip_tells_law_and_assumption_and_source(run):
    said = run("show", "eyeriss").out
    assert "~" in said
    assert "Sources" in said
    assert "Assumed" in said


def test_an_optimizer_is_a_line(run):
    assert run("show", "random").out.startswith("random")
    assert run("show", "random", "--json").data["name"] == "random"


def test_files_are_told_apart(run, model, space, tmp_path):
    assert run("show", model, "--json").data["cosynth"] == "model"
    assert run("show", space, "--json").data["cosynth"] == "space"
    jsonschema.validate(run("show", space, "--json").data, schema("points"))
    assert "8 combinations at most" in run("show", space).out
    from cosynth.hardware import load, write

    chip = tmp_path / "chip.toml"
    chip.write_text(write(load("eyeriss")))
    assert run("show", chip, "--json").data["cosynth"] == "hardware"


def test_a_format_of_ones_own_is_shown_from_its_file(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('element = "fp4_e2m1"\nscale = "e8m0"\nrule = "even"\nblock = 12\n')
    data = run("show", path, "--json").data
    assert (data["cosynth"], data["block"], data["rule"]) == ("format", 12, "even")
    plain = tmp_path / "plain.toml"
    plain.write_text('kind = "float"\nbits = 3\nexponent = 1\nmantissa = 1\n')
    assert "values   ±  0  1  2  3\n" in run("show", plain).out
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('kind = "flaot"\nbits = 3\n')
    said = run("show", wrong)
    assert said.code == 2
    assert said.err.startswith("error: wrong.toml: kind: ")


def test_a_search_is_shown_by_its_folder(run, explored):
    said = run("show", explored)
    assert "Pareto front" in said.out
    assert said.widest <= 80
    assert run("show", explored, "--json").data["cosynth"] == "exploration"
    assert run("show", explored / "front.json").out == said.out
    assert run("show", explored / "study.sqlite").out == said.out


def test_an_unfinished_search_shows_what_it_has(run, explored):
    (explored / "front.json").unlink()
    said = run("show", explored)
    assert "Front so far" in said.out
    assert "--resume" in said.out
    data = run("show", explored, "--json").data
    jsonschema.validate(data, schema("study"))
    assert len(data["evaluations"]) == 8


def test_a_design_shows_figures_choices_and_chip(run, explored):
    path = next((explored / "designs").iterdir())
    said = run("show", path)
    assert said.widest <= 80
    for word in ("design", "latency", "Choices", "rows", "component"):
        assert word in said.out
    assert run("show", path, "--json").data == json.loads(path.read_text())


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("resnet81", "did you mean 'resnet8'?"),
        ("eyeris", "did you mean 'eyeriss'?"),
        ("mxfp44", "did you mean 'mxfp4'?"),
        ("mxfp4-evn", "unknown option 'evn'; did you mean 'even'?"),
        ("nsga", "did you mean 'nsga2'?"),
        ("engin", "did you mean 'engine'?"),
        ("qqq", "cosynth list models (hardware, formats, ...) tells the names"),
        ("", "nothing to show: give a name or a file"),
        ("no.onnx", "no.onnx: no such file"),
        ("no.toml", "no.toml: no such file"),
        ("no.json", "no.json: no such file"),
    ],
)
def test_what_there_is_not_has_a_near_name_wrong(run, thing, message):
    said = run("show", thing)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert message in said.err


@pytest.mark.parametrize(
    "text", ["{", '{"cosynth": "design"}', '{"cosynth": "design", "version": 99}', "[" * 100000]
)
def test_a_broken_design_is_one_message_wrong(run, tmp_path, text):
    path = tmp_path / "d1.json"
    path.write_text(text)
    said = run("show", path)
    assert said.code == 2
    assert said.err.startswith(f"error: {path}: ")


def test_a_front_of_something_else_wrong(run, tmp_path):
    path = tmp_path / "front.json"
    path.write_text('{"cosynth": "estimate"}')
    said = run("show", path)
    assert said.err == f"error: {path}: not a front that cosynth explore wrote\n"


def test_an_empty_folder_wrong(run, tmp_path):
    said = run("show", tmp_path)
    assert said.err == f"error: {tmp_path}: a folder without a study or a config.json\n"


def test_the_program_of_a_layer_is_listed(run, tmp_path):
    from cosynth.rtl.instructions import Assembler, Command, encode

    assembler = Assembler()
    assembler.add(Command(unit="fill", turns=(4,)))
    assembler.end()
    path = tmp_path / "fc1.bin"
    path.write_bytes(encode(assembler.program).astype("<u8").tobytes())
    said = run("show", path)
    assert "turns0 = 3" in said.out
    assert run("show", path, "--json").data["cosynth"] == "program"
    path.write_bytes(b"no program")
    said = run("show", path)
    assert said.code != 0
    assert "10 bytes; a program has words of 8 bytes" in said.err
