"""Progress is for people who wait at a terminal."""

from __future__ import annotations

import pytest

from cosynth.cli import _progress
from cosynth.search import Evaluation, Progress, Record
from cosynth.search.points import Point


@pytest.fixture
def terminal(monkeypatch, capfd):
    monkeypatch.setattr(_progress, "_watched", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(_progress, "_PATIENCE", 0.0)


def heard(number, objectives, total=10):
    record = Record(
        number=number,
        batch=0,
        point=Point({}),
        evaluation=Evaluation(objectives=objectives),
        elapsed=1.0,
    )
    return Progress(done=number + 1, total=total, elapsed=1.0, records=(record,))


def test_nobody_watches_a_pipe(capfd):
    with _progress.search_progress("x", ("latency",), None) as hear:
        assert hear is None
    with _progress.layer_progress("x") as hear:
        assert hear is None
    assert capfd.readouterr().err == ""


def test_a_search_shows_count_rate_and_best(terminal, capfd):
    with _progress.search_progress("tiny", ("latency", "edp"), None) as hear:
        hear(heard(0, (2e-3, 5.0)))
        hear(heard(1, (1e-3, 7.0)))
    said = capfd.readouterr().err
    assert "tiny" in said
    assert "/s · best 1 ms, 5" in said


def test_a_budget_of_time_counts_seconds(terminal, capfd):
    with _progress.search_progress("tiny", ("latency",), 4.0) as hear:
        hear(heard(0, (2e-3,), total=None))
    assert "25 %" in capfd.readouterr().err


def test_what_is_quick_shows_nothing(terminal, capfd, monkeypatch):
    monkeypatch.setattr(_progress, "_PATIENCE", 60.0)
    with _progress.layer_progress("mapping") as hear:
        hear(1, 2)
    assert capfd.readouterr().err == ""


def test_layers_are_counted(terminal, capfd):
    with _progress.layer_progress("mapping resnet18") as hear:
        hear(1, 4)
    said = capfd.readouterr().err
    assert "mapping resnet18" in said
    assert "25 %" in said


def test_a_first_search_is_announced_to_who_watches(monkeypatch, capsys, tmp_path):
    from cosynth.mapper import compiled

    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(_progress, "_watched", lambda: True)
    _progress.say_if_cold()
    assert "once, about a minute" in capsys.readouterr().err
    (tmp_path / "walk.nbi").touch()
    _progress.say_if_cold()
    monkeypatch.setattr(_progress, "_watched", lambda: False)
    assert capsys.readouterr().err == ""
