"""Views fit the terminal they are given, and hostile names cannot steer it."""

from __future__ import annotations

import io
from copy import deepcopy

import pytest
from rich.console import Console

from cosynth import hardware as room
from cosynth.codesign.front import identity
from cosynth.report.catalogue import listing
from cosynth.report.chip import hardware_data
from cosynth.report.data import estimate_data, explore_data, members, space_data
from cosynth.report.network import model_data
from cosynth.report.number import format_data
from cosynth.report.terminal import (
    chip_view,
    estimate_view,
    format_view,
    front_view,
    list_view,
    model_view,
)
from cosynth.report.terminal.design import design_view, space_view
from cosynth.report.terminal.text import bar, count, percent, safe
from cosynth.workload.load import load

HOSTILE = "[red]evil\x1b]0;title\x07\x1b[2J\u202ename\nsecond"


def shown(view, width=80):
    screen = Console(width=width, file=io.StringIO(), markup=False, emoji=False, highlight=False)
    screen.print(view)
    return screen.file.getvalue()


@pytest.fixture(scope="module")
def search(front):
    return explore_data(front, {identity(m): front.estimates(m) for m in members(front)})


def views(estimate, front, search, width):
    design = front.knee()
    yield estimate_view(estimate_data(estimate))
    yield front_view(search, width)
    yield design_view(design, hardware_data(design.hardware))
    yield space_view(space_data(front.problem.space))
    for name in ("mxfp4", "nf4", "uint4_g128", "fp32", "mxfp6_e3m2-even-g128"):
        yield format_view(format_data(name))
    yield list_view(listing("formats"))
    for name in ("resnet18", "llama-3.1-8b", "deepseek-v3"):
        yield model_view(model_data(load(name)))
    for name in room.names():
        yield chip_view(hardware_data(room.load(name)))


@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_view_fits(estimate, front, search, width):
    for view in views(estimate, front, search, width):
        assert max(map(len, shown(view, width).splitlines())) <= width


def test_a_narrow_terminal_breaks_nothing(estimate, front, search):
    for view in views(estimate, front, search, 40):
        assert shown(view, 40)


def test_wider_terminals_show_more_parameters(front, search):
    narrow, wide = shown(front_view(search, 46), 46), shown(front_view(search, 80))
    assert "columns" not in narrow.partition("Knee")[0]
    assert "columns" in wide.partition("Knee")[0]


def test_numbers_are_never_cut_at_80_columns(estimate):
    lines = shown(estimate_view(estimate_data(estimate))).splitlines()
    for line in lines:
        assert "…" not in line[22:]


def test_hostile_names_are_shown_harmless(estimate, search):
    data = deepcopy(estimate_data(estimate))
    data["model"] = data["hardware"] = data["limit"] = data["assumed"][0] = HOSTILE
    data["layers"][0]["name"] = data["layers"][0]["limit"] = data["parts"][0]["name"] = HOSTILE
    model = model_data(load("resnet8"))
    model["name"] = model["citations"] = [HOSTILE]
    model["blocks"][0]["layers"][0]["name"] = HOSTILE
    model["blocks"][0]["layers"][0]["operators"] = [HOSTILE]
    chip = hardware_data(room.load("eyeriss"))
    chip["name"] = chip["title"] = chip["tree"][0]["name"] = HOSTILE
    chip["notes"] = chip["sources"] = chip["assumed"] = [HOSTILE]
    front = deepcopy(search)
    front["models"] = [HOSTILE]
    front["front"][0]["point"]["rows"] = HOSTILE
    for view in (estimate_view(data), model_view(model), chip_view(chip), front_view(front, 80)):
        text = shown(view)
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert "[red]" in text


def test_nothing_feasible_lists_the_limits(search):
    data = deepcopy(search)
    data["front"], data["knee"] = [], None
    for each in data["evaluations"]:
        each["feasible"], each["broken"] = False, {"area <= 1 µm²": 3.0}
    text = shown(front_view(data, 80))
    assert "No point is feasible" in text
    assert "8       area <= 1 µm²" in text


def test_small_things():
    assert safe("a\tb") == "a�b"
    assert (count(0), count(9999), count(10_000)) == ("", "9,999", "10 k")
    assert (percent(1.0), percent(0.004), percent(-1)) == ("100 %", "<1 %", "")
    assert (bar(2.0, 2).plain, bar(-1, 2).plain) == ("██", "  ")
