"""The command line as a whole: help, verbs, exit codes, what it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from cosynth.cli import call, verbs

VERBS = verbs.list_commands(click.Context(verbs))


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_the_verbs_are_the_files_of_the_folder():
    assert {"estimate", "explore", "list", "schema", "show"} <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_a_short_help_and_an_example(run, verb):
    said = run(verb, "--help")
    assert said.code == 0
    assert f"cosynth {verb} " in said.out.partition("Options:")[0].partition("\n\n")[2]
    assert said.widest <= 80
    command = verbs.get_command(click.Context(verbs), verb)
    assert command.short_help


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_every_verb_has_help(verb):
    command = verbs.get_command(click.Context(verbs), verb)
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_prints_a_result_prints_it_as_json_too(verb):
    command = verbs.get_command(click.Context(verbs), verb)
    assert verb == "schema" or "as_json" in {each.name for each in command.params}


def test_help_names_every_verb(run):
    said = run("--help")
    assert said.code == 0
    assert all(f"\n  {verb} " in said.out for verb in VERBS)


def test_version_is_printed(run):
    said = run("--version")
    assert said.code == 0
    assert said.out.startswith("cosynth ")


def test_unknown_verb_names_the_nearest_wrong(run):
    said = run("estimat")
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: no verb 'estimat'; did you mean 'estimate'?\ntry 'cosynth --help'\n"


def test_unknown_option_names_the_nearest_wrong(run):
    said = run("list", "models", "--jsn")
    assert said.code == 2
    assert "error: no such option '--jsn'" in said.err
    assert "--json" in said.err


def test_missing_argument_is_one_message_wrong(run):
    said = run("estimate")
    assert said.code == 2
    assert said.err == "error: missing argument 'MODEL'\ntry 'cosynth estimate --help'\n"


def test_help_imports_neither_arrays_nor_models_nor_tables():
    code = (
        "import sys; from cosynth.cli import call; call(['--help'])\n"
        "heavy = {'numpy', 'onnx', 'rich', 'moocore', 'torch', 'jax'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_estimate_of_the_zoo_imports_no_reader_of_other_files():
    code = (
        "import sys; from cosynth.cli import call\n"
        "call(['estimate', 'deep-autoencoder', '--on', 'eyeriss', '--json'])\n"
        "heavy = {'onnx', 'rich', 'moocore', 'torch', 'jax'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_stops_reading_ends_quietly():
    code = "from cosynth.cli import main; main()"
    command = [sys.executable, "-c", code, "list", "formats"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_interruption_is_one_word(run, monkeypatch):
    def interrupted(kind):
        raise KeyboardInterrupt

    monkeypatch.setattr("cosynth.report.catalogue.listing", interrupted)
    said = run("list", "models")
    assert (said.code, said.err) == (130, "interrupted\n")


def test_our_own_mistakes_are_a_sentence_too(run, monkeypatch):
    def broken(kind):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("cosynth.report.catalogue.listing", broken)
    said = run("list", "models")
    assert said.code == 70
    assert said.err == (
        "internal error: ZeroDivisionError: division by zero\n"
        "this is a mistake of Cosynth; COSYNTH_TRACEBACK=1 shows where, please report it\n"
    )


def test_a_full_disk_is_a_sentence():
    code = "from cosynth.cli import main; main()"
    command = [sys.executable, "-c", code, "list", "formats"]
    with (
        Path("/dev/full").open("w") as full,
        subprocess.Popen(command, stdout=full, stderr=subprocess.PIPE, text=True) as done,
    ):
        _, said = done.communicate(timeout=60)
    assert done.returncode == 2
    assert said == "error: no space left on the disk; make room and try again\n"


def test_call_returns_the_exit_code():
    assert call(["--help"]) == 0
