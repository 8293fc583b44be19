"""Mappings as data, on the terminal and as a page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console
from tests.report.chromium import Browser

import cosynth.hardware as hw
from cosynth.cli._inputs import mappings
from cosynth.codesign.mapping import MapRequest, map_model
from cosynth.mapper import FAST
from cosynth.report import html
from cosynth.report.mapping import map_data, nests
from cosynth.report.schema import schema
from cosynth.report.terminal import mapping_view
from cosynth.workload.load import load


@pytest.fixture(scope="module")
def found():
    request = MapRequest(objective="edp", effort=FAST, limits=("buffer=0.9",))
    return map_model(load("resnet8"), hw.load("eyeriss"), None, request)


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    request = MapRequest(objective="energy", front=3, fuse=True)
    model, chip = load("examples/gemm.toml"), hw.load("examples/pocket.toml")
    return map_data(map_model(model, chip, None, request))


def printed(data, single):
    console = Console(width=80, no_color=True)
    with console.capture() as captured:
        console.print(mapping_view(data, single=single))
    return captured.get()


def test_data_keeps_the_contract(found, full):
    jsonschema.validate(map_data(found), schema("mapping"))
    jsonschema.validate(full, schema("mapping"))


def test_sums_are_those_of_the_layers(found):
    data = map_data(found)
    for name in ("latency", "energy", "value"):
        whole = math.fsum(each[name] * each["count"] for each in data["layers"])
        assert data[name] == pytest.approx(whole)
    assert data["gap"] == pytest.approx(data["value"] / data["bound"] - 1)
    assert data["limits"] == ["buffer=0.9"]


def test_nests_are_read_back(found, tmp_path):
    path = tmp_path / "nests.txt"
    path.write_text(nests(found))
    assert mappings(path) == {layer.job.name: layer.mapped.mapping for layer in found.layers}


def test_a_model_is_a_line_a_layer_and_totals(found):
    said = printed(map_data(found), single=False)
    assert max(map(len, said.splitlines())) <= 80
    for layer in found.layers:
        assert layer.job.name[:8] in said
    for word in ("latency", "energy", "gap", "objective", "all, one", "buffer=0.9"):
        assert word in said


def test_a_layer_is_shown_in_full(full):
    said = printed(full, single=True)
    for line in full["layers"][0]["mapping"]:
        assert line in said
    for word in ("Levels", "two tiles", "bound", "Proof", "Latency against energy", "Groups"):
        assert word in said
    assert "no fusion is better than each layer alone" in said


def test_a_name_cannot_steer_the_terminal(full):
    evil = {**full, "model": "a\x1b[2J", "objective": "energy"}
    assert "\x1b" not in printed(evil, single=True)


@pytest.mark.browser
def test_the_page_draws_tiles_over_time(browser: Browser, full, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text(html.write_mapping(full), encoding="utf-8")
    browser.size(1280, 800)
    browser.open(path)
    browser.until("document.querySelector('.tile')")
    stays = [lane["stays"] for row in full["layers"][0]["timeline"] for lane in row["lanes"]]
    assert browser.value("document.querySelectorAll('.tile').length") == sum(map(len, stays))
    lines = browser.value("[...document.querySelectorAll('pre span')].map(e => e.textContent)")
    assert lines[: len(full["layers"][0]["mapping"])] == [
        line.strip() for line in full["layers"][0]["mapping"]
    ]
    browser.size(360, 800)
    browser.until("document.documentElement.scrollWidth === 360")
    assert browser.problems == []


@pytest.mark.browser
def test_choosing_a_layer_shows_its_nest(browser: Browser, found, tmp_path: Path) -> None:
    data = map_data(found)
    path = tmp_path / "map.html"
    path.write_text(html.write_mapping(data), encoding="utf-8")
    browser.size(1280, 800)
    browser.open(path, "#layer=1")
    browser.until("document.querySelector('.tile')")
    name = data["layers"][1]["name"]
    assert browser.value("document.querySelector('.nest h3').textContent") == name
    browser.value("document.querySelectorAll('tbody button.link')[2].click()")
    name = data["layers"][2]["name"]
    assert browser.value("document.querySelector('.nest h3').textContent") == name
    assert browser.problems == []
