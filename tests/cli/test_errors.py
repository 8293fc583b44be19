"""Errors become one message and an exit code."""

from __future__ import annotations

import errno

import click
import pytest

from cosynth.cli._errors import explain, plain
from cosynth.errors import InfeasibleError, SpecError, StudyError


@pytest.mark.parametrize(
    ("error", "message", "code"),
    [
        (SpecError("a: unknown key"), "error: a: unknown key", 2),
        (SpecError("a: one", "b: two"), "error: a: one\nb: two", 2),
        (StudyError("in use"), "error: in use", 2),
        (InfeasibleError("area <= 2 mm²"), "infeasible: area <= 2 mm²", 3),
        (click.ClickException("no"), "error: no", 2),
        (MemoryError(), "error: not enough memory for this; try a smaller model or batch", 2),
    ],
)
def test_each_error_is_explained(error, message, code):
    assert explain(error) == (message, code)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "no space left on the disk; make room and try again"),
        (errno.EACCES, "permission denied; choose another place or change its permissions"),
        (errno.EISDIR, "is a folder; give a file"),
        (errno.EROFS, "the file system is read-only; choose another place"),
    ],
)
def test_errors_of_the_system_name_the_file_and_a_remedy_wrong(number, reason):
    assert explain(OSError(number, "x", "out/a.json")) == (f"error: out/a.json: {reason}", 2)


def test_a_message_cannot_steer_the_terminal():
    assert plain("bad \x1b[2J name\nnext") == "bad �[2J name\nnext"
