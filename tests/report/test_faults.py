"""Campaigns of faults as data and on the terminal."""

import jsonschema
import pytest
from rich.console import Console
from tests.rtl.test_inject import ENDS, campaign

from cosynth.hardware.families.engine import engine
from cosynth.report.faults import harden_data, inject_data
from cosynth.report.schema import schema
from cosynth.report.terminal import harden_view, inject_view
from cosynth.rtl import Measured, Protection, Run


class Made:
    """What these tables need of a circuit."""

    model = "two"

    chip = engine()


def shown(view):
    console = Console(width=80, record=True, file=None)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def test_shares_and_registers_are_told():
    data = inject_data(Made, campaign(ENDS), "", 3)
    jsonschema.validate(data, schema("faults"))
    assert sum(one["share"] for one in data["outcomes"].values()) == pytest.approx(1)
    assert data["registers"][0]["name"] == "m.words"
    assert data["answer"] == "same greatest element"
    text = shown(inject_view(data))
    assert "wrong" in text
    assert "detected" not in text
    assert "m.words" in text
    assert "33.3%" in text


def test_protection_is_told_with_what_it_cost_and_saved():
    before, after = campaign(ENDS), campaign([(0, "masked"), (4, "masked"), (4, "wrong")])
    layer = Measured(name="a", counters={"cycles": 5}, elements=1, bits=8, wrong=0, words=1)
    chosen = Protection(
        registers={"unit": ("turns",)},
        checked={"fifo": ("free",)},
        memories=("sums",),
        area=1e-9,
        left=0.5,
    )
    data = harden_data(
        Made, chosen, "safe", 0.1, (1e-7, 1.09e-7), before, after, Run(layers=(layer,))
    )
    jsonschema.validate(data, schema("protection"))
    assert data["added"] == pytest.approx(0.09)
    assert data["residual"] == pytest.approx((90 * 0.5) / (90 / 3 + 20 / 2))
    text = " ".join(shown(harden_view(data)).split())
    assert "turns" in text
    assert "corrected" in text
    assert "9.0% more, synthesised" in text
    assert "5 without, 5 with; every bit is right" in text
