"""Circuits of a front's designs: data that fits its schema, and what a person reads."""

import jsonschema
import numpy as np
import pytest
from rich.console import Console

from cosynth import codesign, search
from cosynth.codesign.front import explore, temporary_study
from cosynth.codesign.residual import residuals
from cosynth.codesign.verify import Check, Refused, Verification
from cosynth.report.data import explore_data
from cosynth.report.schema import schema
from cosynth.report.terminal import verification_view
from cosynth.report.verification import verification_data
from cosynth.search import category


@pytest.fixture(scope="module")
def front():
    space = search.Space.of(category("rows", [4, 8]), category("columns", [4, 8]))
    problem = codesign.ChipProblem(
        models=("deep-autoencoder",), space=space, goal=codesign.goal("latency,area")
    )
    chosen = search.optimiser("exhaustive", problem, 0)
    with temporary_study(problem, chosen) as study:
        return explore(problem, chosen, study, search.Budget(evaluations=4))


def made(front):
    record, other = front.members[0], front.members[-1]
    check = Check(
        record=record, predicted={"latency": 1e-3, "area": 1e-6},
        measured={"latency": 2e-3, "area": 1.5e-6}, cycles=100, bits=64, wrong=0, host=2,
        seconds=3.0,
    )  # fmt: skip
    model = residuals(np.zeros((1, 2)), [2.0])
    return Verification(
        checks=(check,),
        refused=(Refused(record=other, why="[b]no array[/b]"),),
        models={"latency": model, "area": model},
        corrected=front.records,
        front=front.members,
    )


def test_data_fit_the_schema_of_a_search(front):
    data = verification_data(front, made(front))
    whole = {**explore_data(front, {}), "verification": data}
    jsonschema.validate(whole, schema("exploration"))
    assert data["stayed"] == len(front.members) == len(data["front"])
    assert [one["measured"] for one in data["front"]] == [True, *[False] * (data["stayed"] - 1)]
    assert data["residuals"]["latency"] == {"error": None, "width": None}


def test_a_person_reads_what_was_measured_and_what_was_not(front):
    data = verification_data(front, made(front))
    console = Console(width=100, record=True, file=None)
    with console.capture() as said:
        console.print(verification_view(data, len(front.members)))
    text = " ".join(said.get().split())
    assert "1 ms" in text
    assert "2 ms" in text
    assert "+100%" in text
    assert "+50%" in text
    assert "0 of 64" in text
    assert "has no circuit: [b]no array[/b]" in text
    assert "Energy is not measured" in text
