"""The verb estimate, with good and with bad input."""

from __future__ import annotations

import json

import jsonschema
import pytest

from cosynth.report.schema import schema


@pytest.fixture
def estimate(run, model):
    def called(*arguments):
        return run("estimate", model, "--on", "eyeriss", *arguments)

    return called


def test_json_keeps_the_contract(estimate):
    data = estimate("--json").data
    jsonschema.validate(data, schema("estimate"))
    assert (data["model"], data["hardware"]) == ("tiny", "eyeriss")
    assert (data["operations"], data["parameters"]) == (8 * 16 * 32, 16 * 32)
    assert data["bytes"] == {"input": 256, "weight": 512, "output": 128}


def test_the_issue_names_these_keys(estimate):
    data = estimate("--json").data
    figures = {
        "latency", "energy", "area", "power", "operations", "parameters", "bytes", "bound", "limit",
    }  # fmt: skip
    assert figures | {"model", "hardware", "layers", "citations"} <= set(data)
    assert figures <= set(data["layers"][0])
    assert {"latency", "energy", "area", "power"} <= set(data["bound"])


def test_the_table_fits_80_columns(run):
    said = run("estimate", "deep-autoencoder", "--on", "eyeriss")
    assert said.code == 0
    assert said.widest <= 80
    assert said.err == ""
    for word in ("latency", "at least", "Resources", "Layers", "× bound"):
        assert word in said.out


def test_layers_may_be_left_out(estimate):
    assert "Layers" in estimate("--layers").out
    assert "Layers" not in estimate("--no-layers").out


def test_format_batch_and_objective_are_heard(estimate):
    data = estimate("--format", "weights=int4", "--objective", "energy", "--json").data
    assert data["formats"]["weights"] == "int4"
    assert data["bytes"]["weight"] == 256
    assert data["objective"] == "energy"
    assert estimate("--batch", 32, "--json").data["operations"] == 4 * 8 * 16 * 32


def test_a_mapping_that_was_printed_is_read_back(estimate, tmp_path):
    found = estimate("--json").data["layers"][0]
    path = tmp_path / "nest.txt"
    path.write_text("\n".join(found["mapping"]))
    again = estimate("--mapping", path, "--json").data["layers"][0]
    assert again["latency"] == found["latency"]
    assert again["mapping"] == found["mapping"]


def test_a_mapping_that_breaks_a_rule_wrong(estimate, tmp_path):
    path = tmp_path / "nest.txt"
    path.write_text("dense on mac\n  dram: keeps x, w, y\n    for m in 8 steps of 9\n")
    said = estimate("--mapping", path)
    assert said.code == 2
    assert said.err.startswith("error: mapping of 'dense'")


def test_a_mapping_of_another_layer_wrong(estimate, tmp_path):
    path = tmp_path / "nest.txt"
    path.write_text("dens on mac\n  dram: keeps x\n")
    said = estimate("--mapping", path)
    assert (said.code, said.err) == (
        2,
        "error: mapping of 'dens': no such layer; did you mean 'dense'?\n",
    )


def test_the_report_is_one_file(estimate, tmp_path):
    path = tmp_path / "reports" / "tiny.html"
    said = estimate("--html", path)
    assert said.err == f"report  {path}\n"
    assert path.read_text().startswith("<!doctype html>")


def test_a_report_that_cannot_be_written_wrong(estimate, tmp_path):
    said = estimate("--html", tmp_path)
    assert said.code == 2
    assert said.err == f"error: {tmp_path}: is a folder; give a file\n"
    said = estimate("--html", tmp_path / "tiny.toml" / "x.html")
    assert said.code == 2
    assert "tiny.toml" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet81", "--on", "eyeriss"], "did you mean 'resnet8'?"),
        (["resnet8", "--on", "eyeris"], "unknown hardware 'eyeris'; did you mean 'eyeriss'?"),
        (["resnet8", "--on", "no.toml"], "no.toml: no such file"),
        (["resnet8", "--on", "no.json"], "no.json: no such file"),
        (["no.onnx", "--on", "eyeriss"], "no.onnx: no such file"),
        (["resnet8", "--on", "eyeriss", "--format", "itn8"], "'itn8'; did you mean 'int8'?"),
        (["resnet8", "--on", "eyeriss", "--format", "wieghts=int4"],
            "did you mean 'weights'?"),
        (["resnet8", "--on", "eyeriss", "--dim", "n=2"], "only ONNX files have named dimensions"),
        (["resnet8", "--on", "eyeriss", "--dim", "n"], "--dim 'n': write for example batch=8"),
        (["resnet8", "--on", "eyeriss", "--batch", "0"], "0 is not in the range x>=1"),
        (["resnet8", "--on", "eyeriss", "--objective", "speed"], "'speed' is not one of"),
        (["resnet8", "--on", "eyeriss", "--mapping", "no.txt"], "no.txt: no such file or folder"),
        (["resnet8@decod", "--on", "eyeriss"], "unknown option 'decod'; did you mean 'decode'?"),
        (["resnet8"], "missing option '--on'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_wrong(run, arguments, message):
    said = run("estimate", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert message in said.err


BAD_CHIPS = {
    'frequency = "200 MB"': "frequency: '200 MB': 'MB' is no unit of frequency",
    "frequency = nan": "frequency: nan has no unit",
    'frequency = "-1 MHz"': "frequency: -1e+06 must be more than 0",
    'frequency = "1 MHz"\nfrequncy = "1 MHz"': "frequncy: unknown key; did you mean 'frequency'?",
    "": "frequency: required, absent (clock)",
    'frequency = "1 MHz"\nname = "again"': "not valid TOML",
}


@pytest.mark.parametrize("line", BAD_CHIPS)
def test_bad_hardware_names_the_key_wrong(run, tmp_path, line):
    path = tmp_path / "chip.toml"
    path.write_text(
        f'name = "c"\ntechnology = "28 nm"\n{line}\n[[component]]\nkind = "compute"\nname = "mac"\n'
    )
    said = run("estimate", "resnet8", "--on", path)
    assert said.code == 2
    assert said.err.startswith(f"error: {path}: ")
    assert BAD_CHIPS[line] in said.err


@pytest.mark.parametrize("length", [0, 1, 100])
def test_a_truncated_onnx_file_wrong(run, tmp_path, length):
    import onnx

    graph = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]>g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }'
    )
    whole = graph.SerializeToString()
    path = tmp_path / "cut.onnx"
    path.write_bytes(whole[: length or 0] if length < len(whole) else whole[:-3])
    said = run("estimate", path, "--on", "eyeriss")
    assert said.code == 2
    assert said.err.startswith(f"error: {path}: ")


def test_a_name_that_steers_terminals_is_shown_harmless(run, model):
    model.write_text(model.read_text().replace('"dense"', '"den\\u001b[2Jse"'))
    said = run("estimate", model, "--on", "eyeriss")
    assert said.code == 0
    assert "\x1b" not in said.out
    assert json.loads(run("estimate", model, "--on", "eyeriss", "--json").out)


def test_what_cannot_run_at_all_is_infeasible(run, model, tmp_path):
    path = tmp_path / "chip.toml"
    path.write_text(
        'name = "c"\ntechnology = "28 nm"\nfrequency = "1 MHz"\n'
        '[[component]]\nkind = "memory"\nname = "ram"\nsize = "16 B"\n'
        '[[component]]\nkind = "compute"\nname = "mac"\n'
    )
    said = run("estimate", model, "--on", path)
    assert said.code == 3
    assert said.err.startswith("infeasible: dense: ram ")
    assert "16 B" in said.err
