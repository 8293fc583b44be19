"""A small model on a small chip, a search over eight chips, and a browser, made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.report.chromium import Browser, executable

from cosynth import codesign, search
from cosynth import hardware as room
from cosynth.codesign.front import explore, temporary_study
from cosynth.search import category, power
from cosynth.workload.load import load


@pytest.fixture(scope="session")
def estimate():
    return codesign.estimate(load("deep-autoencoder"), room.load("eyeriss"))


@pytest.fixture(scope="session")
def front():
    space = search.Space.of(
        category("rows", [4, 8]), category("columns", [4, 8]), power("buffer", 2**15, 2**16)
    )
    goal = codesign.goal("latency,energy,area")
    problem = codesign.ChipProblem(models=("deep-autoencoder",), space=space, goal=goal)
    chosen = search.optimiser("exhaustive", problem, 5)
    with temporary_study(problem, chosen) as study:
        return explore(problem, chosen, study, search.Budget(evaluations=8))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = executable()
    if path is None:
        pytest.skip("no Chromium is installed, so the report was not tried in a browser")
    with Browser(path) as found:
        yield found
