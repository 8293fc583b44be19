"""Goals: what is minimised, and limits with units."""

from __future__ import annotations

import pytest

from cosynth.codesign import goal
from cosynth.errors import SpecError


def test_figures_and_limits_are_read():
    found = goal("latency, area", ("area<=2mm2", "power=0.5 W"))
    assert found.minimize == ("latency", "area")
    assert [str(limit) for limit in found.limits] == ["area <= 2 mm²", "power <= 500 mW"]


def test_the_mapper_is_asked_for_what_is_wanted():
    assert goal("latency,area").objective == "latency"
    assert goal("energy").objective == "energy"
    assert goal("latency,energy").objective == "edp"
    assert goal("area").objective == "edp"


@pytest.mark.parametrize(
    ("minimize", "limits", "sentence"),
    [
        (
            "latncy",
            (),
            "--minimize: 'latncy' is not one of latency, energy, area, power, edp, error; did",
        ),
        ("", (), "--minimize: name at least one of latency"),
        ("area", ("area",), "--limit 'area': write for example area=2mm2"),
        ("area", ("aera=2mm2",), "--limit 'aera=2mm2': 'aera' is not one of"),
        ("area", ("area=2mm",), "--limit 'area=2mm': '2mm': 'mm' is no unit of area"),
        ("area", ("area=-2mm2",), "--limit 'area=-2mm2': a limit must be more than 0"),
    ],
)
def test_goals_wrong(minimize, limits, sentence):
    with pytest.raises(SpecError) as caught:
        goal(minimize, limits)
    assert str(caught.value).startswith(sentence)
