"""The verb explore: a study, a front, a report; and everything that may go wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import jsonschema
import pytest

from cosynth.codesign import ChipProblem
from cosynth.report.schema import schema
from cosynth.search import Study


@pytest.fixture
def explore(run, model, space, tmp_path):
    def called(*arguments, budget=8):
        fixed = ["--space", space, "--workers", 1, "--out", tmp_path / "out", "--budget", budget]
        return run("explore", model, *fixed, *arguments)

    return called


def test_the_folder_holds_study_front_designs_and_report(explored):
    assert {each.name for each in explored.iterdir()} >= {
        "study.sqlite", "front.json", "designs", "report.html",
    }  # fmt: skip
    data = json.loads((explored / "front.json").read_text())
    jsonschema.validate(data, schema("exploration"))
    assert len(data["evaluations"]) == 8
    assert {each.stem for each in (explored / "designs").iterdir()} == set(data["designs"])
    assert data["knee"] in data["designs"]
    assert (explored / "report.html").read_text().startswith("<!doctype html>")
    for path in (explored / "designs").iterdir():
        jsonschema.validate(json.loads(path.read_text()), schema("design"))


def test_json_is_the_front_on_disk(explore, tmp_path):
    said = explore("--json", "--seed", 3)
    assert said.data == json.loads((tmp_path / "out" / "front.json").read_text())
    assert said.data["seed"] == 3
    assert f"report  {tmp_path / 'out' / 'report.html'}" in said.err


def test_the_table_fits_80_columns_and_marks_the_knee(explore, tmp_path):
    said = explore()
    assert said.widest <= 80 or max(map(len, said.out.split("\nreport ")[0].splitlines())) <= 80
    assert "Pareto front" in said.out
    assert "◆" in said.out
    assert f"report  {tmp_path / 'out' / 'report.html'}" in said.out
    assert said.err == ""


def test_a_front_holds_no_dominated_member(explored):
    data = json.loads((explored / "front.json").read_text())
    names = data["objectives"]
    points = [[each["figures"][name] for name in names] for each in data["front"]]
    tried = [[each["figures"][name] for name in names] for each in data["evaluations"]]
    for one in points:
        for other in tried:
            better = [b <= a for a, b in zip(one, other, strict=True)]
            assert not all(better) or other == one


def test_a_design_is_hardware_for_estimate(run, explored, model):
    data = json.loads((explored / "front.json").read_text())
    path = explored / "designs" / f"{data['knee']}.json"
    said = run("estimate", model, "--on", path, "--json")
    assert said.code == 0
    knee = next(each for each in data["front"] if each["id"] == data["knee"])
    assert said.data["area"] == pytest.approx(knee["figures"]["area"])


def test_a_study_is_not_overwritten_wrong(explore, tmp_path):
    assert explore().code == 0
    said = explore()
    assert said.code == 2
    remedy = "--resume continues it, --force replaces it"
    assert said.err == f"error: {tmp_path / 'out'}: holds a study already; {remedy}\n"


def test_resume_gives_what_one_run_gives(explore, tmp_path):
    explore(budget=3)
    resumed = explore("--resume", "--json", budget=8).data
    for name in ("study.sqlite", "study.sqlite.lock"):
        (tmp_path / "out" / name).unlink()
    whole = explore("--json").data
    for data in (resumed, whole):
        for each in data["evaluations"]:
            del each["elapsed"]
    assert {str(e["point"]): e["figures"] for e in resumed["evaluations"]} == {
        str(e["point"]): e["figures"] for e in whole["evaluations"]
    }


def test_resume_without_a_study_begins_one(explore):
    assert explore("--resume").code == 0


def test_force_replaces_the_study_and_leaves_other_files(explore, tmp_path):
    explore()
    mine = tmp_path / "out" / "designs" / "mine.txt"
    mine.write_text("keep")
    said = explore("--force", "--seed", 7, "--json")
    assert said.code == 0
    assert said.data["seed"] == 7
    assert mine.read_text() == "keep"


def test_force_and_resume_exclude_each_other_wrong(explore):
    said = explore("--force", "--resume")
    assert said.code == 2
    assert "choose one" in said.err


def test_resume_of_another_question_names_the_difference_wrong(explore, tmp_path, space):
    explore()
    study = tmp_path / "out" / "study.sqlite"
    said = explore("--resume", "--seed", 1)
    assert said.err == f"error: {study}: is another study: its seed is 0, not 1\n"
    space.write_text(space.read_text().replace("[4, 8]", "[4, 16]"))
    said = explore("--resume")
    assert said.code == 2
    assert said.err.startswith(f"error: {study}: is another study: its space is ")


def test_a_study_of_another_version_wrong(explore, tmp_path):
    explore()
    study = tmp_path / "out" / "study.sqlite"
    with sqlite3.connect(study) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    said = explore("--resume")
    assert said.code == 2
    assert "is a study of format 99, this Cosynth reads format" in said.err


def test_a_damaged_study_wrong(explore, tmp_path):
    explore()
    (tmp_path / "out" / "study.sqlite").write_bytes(b"SQLite format 3\0" + bytes(4000))
    said = explore("--resume")
    assert said.code == 2
    assert said.err.startswith(f"error: {tmp_path / 'out' / 'study.sqlite'}: ")


def test_a_study_at_work_is_refused_wrong(explore, tmp_path):
    explore()
    study = tmp_path / "out" / "study.sqlite"
    with Study.read(study) as kept:
        header = kept.header
    with Study.resume(study, header):
        for option in ("--resume", "--force"):
            said = explore(option)
            assert said.code == 2
            assert "another process is using this study" in said.err
    assert explore("--resume").code == 0


def test_nothing_feasible_names_the_limit_and_keeps_the_study(explore, tmp_path):
    said = explore("--limit", "area=1um2", "--limit", "latency=1s")
    assert said.code == 3
    assert said.err.startswith(
        "infeasible: none of 8 points is feasible; most often broken: area <= 1 µm² (8 points;"
        " the least found is "
    )
    assert "No point is feasible" in said.out
    data = json.loads((tmp_path / "out" / "front.json").read_text())
    jsonschema.validate(data, schema("exploration"))
    assert (data["front"], data["knee"]) == ([], None)
    assert (tmp_path / "out" / "study.sqlite").is_file()


def test_a_format_that_is_given_is_no_choice_of_the_space(run, model, tmp_path):
    fixed = ["explore", model, "--budget", 2, "--workers", 1, "--json", "--force"]
    free = run(*fixed, "--out", tmp_path / "out").data
    assert "format" in {each["name"] for each in free["space"]}
    held = run(*fixed, "--out", tmp_path / "out", "--format", "mxfp4").data
    assert "format" not in {each["name"] for each in held["space"]}
    estimates = [one for models in held["designs"].values() for one in models.values()]
    assert {one["formats"]["weights"] for one in estimates} == {"mxfp4"}


@pytest.mark.slow
def test_a_dask_cluster_gives_the_same_front(explore):
    distributed = pytest.importorskip("distributed")
    here = explore("--json").data
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = explore("--json", "--force", "--on-cluster", f"dask:{cluster.scheduler_address}")
    assert there.code == 0, there.err
    assert there.data["front"] == here["front"]


def test_limits_hold_on_the_front(explore):
    free = explore("--json").data
    middle = sorted(each["figures"]["area"] for each in free["front"])[len(free["front"]) // 2]
    held = explore("--force", "--json", "--limit", f"area={middle * 1e6 * 1.0001}mm2").data
    assert 0 < len(held["front"]) <= len(free["front"])
    assert all(each["figures"]["area"] <= middle * 1.001 for each in held["front"])


@pytest.mark.parametrize("stopped", [1, 5])
def test_interruption_says_how_to_go_on(explore, monkeypatch, tmp_path, stopped):
    evaluate = ChipProblem.evaluate
    calls = []

    def interrupted(problem, points):
        calls.append(len(points))
        if sum(calls) > stopped:
            raise KeyboardInterrupt
        return evaluate(problem, points)

    typed = ["cosynth", "explore", "my net.onnx", "--out", "out", "--force"]
    monkeypatch.setattr(sys, "argv", typed)
    monkeypatch.setattr(ChipProblem, "evaluate", interrupted)
    said = explore()
    assert said.code == 130
    assert said.err.endswith(
        "evaluations are stored, continue with:\ncosynth explore 'my net.onnx' --out out --resume\n"
    )
    monkeypatch.setattr(ChipProblem, "evaluate", evaluate)
    assert len(explore("--resume", "--json").data["evaluations"]) == 8


def test_a_full_disk_leaves_a_study_that_continues(explore, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, "x", str(path))

    monkeypatch.setattr("cosynth.cli.explore.save", full)
    said = explore()
    assert said.code == 2
    assert "no space left on the disk; make room and try again" in said.err
    assert "continue with:" in said.err
    monkeypatch.undo()
    assert explore("--resume").code == 0


@pytest.mark.slow
def test_a_real_interrupt_leaves_a_study_that_resumes(model, tmp_path, run):
    out = tmp_path / "out"
    # where the tests run in the background, children would ignore an interrupt
    begin = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    begin += "; from cosynth.cli import main; main()"
    command = [sys.executable, "-c", begin, "explore", str(model), "--budget", "100000"]
    command += ["--out", str(out), "--workers", "2"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not (out / "study.sqlite").is_file():
        time.sleep(0.1)
    time.sleep(5)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith(" --workers 2 --resume\n")
    assert "Traceback" not in err
    stored = run("show", out, "--json").data["evaluations"]
    assert stored


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--minimize", "latncy"], "--minimize: 'latncy' is not one of latency, energy"),
        (["--minimize", ","], "--minimize: name at least one of"),
        (["--limit", "area=2mm"], "--limit 'area=2mm': '2mm': 'mm' is no unit of area"),
        (["--limit", "area=nan"], "--limit 'area=nan': 'nan' is not a quantity"),
        (["--limit", "area=-1mm2"], "a limit must be more than 0"),
        (["--limit", "aera=1mm2"], "did you mean 'area'?"),
        (["--limit", "area"], "write for example area=2mm2"),
        (["--optimizer", "decent"], "did you mean 'descent'?"),
        (["--format", "itn8"], "unknown format 'itn8'; did you mean 'int8'?"),
        (["--on-cluster", "tcp://x"], "'tcp://x' is no cluster; write for example 'dask:tcp://localhost:8786'"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
        (["--workers", "0"], "0 is not in the range x>=1"),
        (["--dim", "n=1"], "only ONNX files have named dimensions"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_no_study_wrong(explore, tmp_path, arguments, message):
    said = explore(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert message in said.err
    assert not (tmp_path / "out" / "study.sqlite").exists()


@pytest.mark.parametrize("budget", ["0", "-3", "2 parsecs", "ten"])
def test_bad_budget_wrong(explore, budget):
    said = explore(budget=budget)
    assert said.code == 2
    assert "write evaluations as 2000, or a time as 90s or 10min" in said.err


def test_a_budget_of_time_ends(explore):
    data = explore("--json", budget="2s").data
    assert 1 <= len(data["evaluations"]) <= 8


def test_unknown_model_wrong(run, tmp_path):
    said = run("explore", "resnet81", "--out", tmp_path / "out")
    assert said.err == "error: 'resnet81' is no model of the zoo; did you mean 'resnet8'?\n"
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_hold_a_study_wrong(run, model, space, tmp_path):
    fixed = ["explore", model, "--space", space, "--budget", 1, "--out"]
    said = run(*fixed, model)
    assert (said.code, said.err) == (2, f"error: {model}: is a file; give a folder for --out\n")
    said = run(*fixed, model / "below")
    assert (said.code, said.err) == (
        2,
        f"error: {model / 'below'}: cannot be made: Not a directory\n",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_wrong(explore, tmp_path):
    (tmp_path / "out").mkdir(mode=0o500)
    said = explore()
    assert said.code == 2
    assert "cannot be written; change its permissions or choose another" in said.err


BAD_SPACES = {
    "": "parameter",
    '[[parameter]]\nname = "rows"\nkind = "category"\nvalues = []\n': "lists no value",
    '[[parameter]]\nname = "rows"\nkind = "catgory"\nvalues = [1]\n': "did you mean 'category'?",
    '[[parameter]]\nname = "rws"\nkind = "category"\nvalues = [1]\n': "did you mean 'rows'?",
    '[[parameter]]\nname = "buffer"\nkind = "power"\nlow = "1 kg"\nhigh = "2 KiB"\n'
    'dimension = "bytes"\n': "'kg' is no unit of bytes",
}


@pytest.mark.parametrize("text", BAD_SPACES)
def test_bad_space_wrong(explore, space, text):
    space.write_text(text)
    said = explore()
    assert said.code == 2
    assert BAD_SPACES[text] in said.err


def test_open_prints_the_path_where_there_is_no_display(explore, tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("webbrowser.open", lambda where: pytest.fail("opened"))
    assert "report.html" in explore("--open").out


def test_open_opens_the_report_where_there_is_a_display(explore, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("cosynth.cli.explore._display", lambda: True)
    monkeypatch.setattr("webbrowser.open", opened.append)
    explore("--open")
    assert opened == [(tmp_path / "out" / "report.html").as_uri()]


def test_several_models_share_a_chip(run, model, space, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(model.read_text().replace("[8, 32]", "[4, 32]").replace("m = 8", "m = 4")
                     .replace("[8, 16]", "[4, 16]"))  # fmt: skip
    said = run("explore", model, other, "--space", space, "--workers", 1, "--budget", 2,
               "--out", tmp_path / "both", "--json")  # fmt: skip
    assert said.code == 0, said.err
    for models in said.data["designs"].values():
        assert list(models) == [str(model), str(other)]
    member = said.data["front"][0]
    parts = said.data["designs"][member["id"]].values()
    total = sum(each["latency"] for each in parts)
    assert member["figures"]["latency"] == pytest.approx(total)


def test_verified_designs_are_told_beside_the_search(run, tmp_path):
    space = tmp_path / "space.toml"
    space.write_text(
        '[[parameter]]\nname = "rows"\nkind = "category"\nvalues = [2, 4]\n'
        '[[parameter]]\nname = "columns"\nkind = "category"\nvalues = [4]\n'
        '[[parameter]]\nname = "registers"\nkind = "category"\nvalues = [8]\n'
        '[[parameter]]\nname = "buffer_width"\nkind = "category"\nvalues = [64]\n'
    )
    fixed = ["--space", space, "--workers", 1, "--budget", 2, "--out", tmp_path / "out"]
    said = run("explore", "deep-autoencoder", *fixed, "--verify", 1)
    data = json.loads((tmp_path / "out" / "front.json").read_text())
    jsonschema.validate(data, schema("exploration"))
    (check,) = data["verification"]["checks"]
    assert (check["id"], check["wrong"]) == (data["knee"], 0)
    assert "Circuits: what was searched and what was measured" in said.out
    assert f"0 of {check['bits']:,}" in said.out
    assert (tmp_path / "out" / "designs" / f"{check['id']}.json").exists()
    assert '"verification"' in (tmp_path / "out" / "report.html").read_text()
    table = said.out.split("Circuits:")[1].splitlines()
    assert max(map(len, table[:6])) <= 80


def test_verify_with_nothing_to_verify_wrong(run, tmp_path):
    said = run("explore", "deep-autoencoder", "--verify", 0, "--out", tmp_path / "out")
    assert said.code == 2
    assert "--verify" in said.err
