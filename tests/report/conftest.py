"""A small model on a small chip, and a search over eight chips, made once."""

from __future__ import annotations

import pytest

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
