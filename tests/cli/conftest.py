"""A small model, a small space, and the command line as a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cosynth.cli import call

MODEL = """
name = "tiny"
[[tensor]]
name = "x"
shape = [8, 32]
role = "input"
[[tensor]]
name = "w"
shape = [32, 16]
role = "weight"
[[tensor]]
name = "y"
shape = [8, 16]
role = "output"
[[einsum]]
name = "dense"
text = "y[m,n] += x[m,k] * w[k,n]"
operator = "Linear"
[einsum.bounds]
m = 8
n = 16
k = 32
"""
SPACE = """
[[parameter]]
name = "rows"
kind = "category"
values = [4, 8]
[[parameter]]
name = "columns"
kind = "category"
values = [4, 8]
[[parameter]]
name = "buffer"
kind = "power"
low = "32 KiB"
high = "64 KiB"
dimension = "bytes"
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def widest(self) -> int:
        return max(map(len, self.out.splitlines()))


Run = Callable[..., Said]


@pytest.fixture
def run(capfd) -> Run:
    """Run a command line; no error may ever be a traceback."""

    def called(*arguments: object) -> Said:
        capfd.readouterr()
        code = call([str(each) for each in arguments])
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return Said(code, printed.out, printed.err)

    return called


@pytest.fixture
def model(tmp_path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(MODEL)
    return path


@pytest.fixture
def space(tmp_path) -> Path:
    path = tmp_path / "space.toml"
    path.write_text(SPACE)
    return path


@pytest.fixture
def explored(run, model, space, tmp_path) -> Path:
    """The folder of a finished search of all eight chips."""
    out = tmp_path / "out"
    said = run("explore", model, "--space", space, "--budget", 8, "--workers", 1, "--out", out)
    assert said.code == 0, said.err
    return out
