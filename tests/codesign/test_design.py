"""Designs on disk come back as they were."""

from __future__ import annotations

import json

import pytest

from cosynth.codesign import estimate
from cosynth.codesign.design import read, write
from cosynth.errors import SpecError
from cosynth.format import assignment
from cosynth.hardware import engine
from cosynth.mapper import FAST
from cosynth.workload.load import load


@pytest.fixture(scope="module")
def text():
    found = estimate(load("ds-cnn"), engine(rows=8), assignment("int8"), effort=FAST)
    return write("d1", {"ds-cnn": found}, {"latency": found.latency}, {"rows": 8}, 3), found


def test_a_design_comes_back(text, tmp_path):
    path = tmp_path / "d1.json"
    path.write_text(text[0])
    design = read(path)
    assert design.hardware == text[1].hardware
    assert design.formats == text[1].formats
    assert design.point == {"rows": 8}
    assert design.seed == 3
    again = estimate(
        load("ds-cnn"), design.hardware, design.formats, effort=FAST,
        mappings=design.mappings["ds-cnn"],
    )  # fmt: skip
    assert again.latency == pytest.approx(design.figures["latency"])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: "{", "not valid JSON"),
        (lambda d: "[]", "not a design that cosynth explore wrote"),
        (lambda d: json.dumps({**d, "version": 99}), "design of version 99; this Cosynth reads 1"),
        (
            lambda d: json.dumps({k: v for k, v in d.items() if k != "hardware"}),
            "hardware: required, absent",
        ),
        (lambda d: json.dumps({**d, "formats": {"weights": "itn9"}}), "unknown format 'itn9'"),
        (lambda d: json.dumps({**d, "hardware": 3}), "hardware: expected a table"),
    ],
)
def test_designs_wrong(text, tmp_path, change, sentence):
    path = tmp_path / "bad.json"
    path.write_text(change(json.loads(text[0])))
    with pytest.raises(SpecError, match=sentence):
        read(path)
