"""Where output goes, and how wide it is."""

from __future__ import annotations

import sys

import pytest
from rich.text import Text

from cosynth.cli import _output


def test_a_pipe_has_80_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert _output.width() == 80


@pytest.mark.parametrize(("columns", "width"), [(100, 100), (10, 20), (1000, 160)])
def test_a_terminal_has_its_own(monkeypatch, columns, width):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    assert _output.width() == width


def test_a_view_has_no_trailing_spaces_and_no_colours_in_a_pipe(capfd):
    _output.show(Text("red   ", style="red"))
    assert capfd.readouterr().out == "red\n"


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_no_color_is_respected(monkeypatch, capfd, no_color, coloured):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    _output.show(Text("red", style="red"))
    assert ("\x1b[31m" in capfd.readouterr().out) is coloured


def test_json_refuses_numbers_that_are_none():
    with pytest.raises(ValueError, match="not JSON compliant"):
        _output.json_text({"latency": float("inf")})


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "x.txt"
    _output.save(path, "one")
    assert path.read_text() == "one"
    with pytest.raises(IsADirectoryError) as caught:
        _output.save(path.parent, "two")
    assert caught.value.filename == str(path.parent)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["deep"]
