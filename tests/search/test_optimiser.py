"""Optimisers are found by their file's name."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from tests.search.toys import Blind

import cosynth.search as room
from cosynth.errors import SpecError
from cosynth.search import Evaluation, Points, optimiser, optimisers
from cosynth.search.pareto import volume
from cosynth.testing.problems import Toy


def test_each_file_is_an_optimiser_of_that_name() -> None:
    files = {path.stem for path in (Path(room.__file__).parent / "optimisers").glob("*.py")}
    assert set(optimisers()) == files - {"__init__"}
    for name in optimisers():
        assert optimiser(name, Toy()).name == name


def test_entry_points_of_other_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("mine", "cosynth.search.optimisers.random:Random", "cosynth.optimisers")
    module = sys.modules["cosynth.search.optimiser"]
    monkeypatch.setattr(module, "entry_points", lambda group: [entry])
    assert "mine" in optimisers()
    assert len(optimiser("mine", Toy()).ask(3)) == 3


def test_an_unknown_name_wrong() -> None:
    with pytest.raises(SpecError) as caught:
        optimiser("decent", Toy())
    assert str(caught.value) == (
        f"'decent': no such optimiser; there are {', '.join(optimisers())}; did you mean 'descent'?"
    )


def test_nsga2_without_pymoo_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymoo.algorithms.moo.nsga2", None)
    with pytest.raises(SpecError) as caught:
        optimiser("nsga2", Toy())
    assert str(caught.value) == "nsga2 needs pymoo; install it with: pip install 'cosynth[nsga2]'"


def reached(problem: Toy | Blind, name: str, seed: int) -> float:
    searcher = optimiser(name, problem, seed)
    values: list[tuple[float, ...]] = []
    for _ in range(10):
        points = searcher.ask(32)
        evaluations = problem.evaluate(points)
        searcher.tell(points, evaluations)
        values += [each.objectives for each in evaluations if each.feasible]
    low, high = np.log([3e-4, 1e-5, 0.1]), np.log([0.3, 5e-3, 10.0])
    return volume((np.log(values) - low) / (high - low), [1.0] * 3)


@pytest.mark.parametrize("problem", [Toy(), Toy(largest_area=2.0), Blind(Toy())])
def test_descent_beats_the_others_with_bounds_and_without(problem: Toy | Blind) -> None:
    for seed in range(2):
        own = reached(problem, "descent", seed)
        assert own > 1.02 * max(reached(problem, name, seed) for name in ("random", "nsga2"))


def test_descent_never_evaluates_what_the_bounds_exclude() -> None:
    problem = Toy()
    searcher = optimiser("descent", problem, 0)
    told: list[Evaluation] = []
    excluded = []
    for _ in range(12):
        points: Points = searcher.ask(32)
        best = np.array([each.objectives for each in told]).reshape(-1, 1, 3)
        excluded.append(np.any(np.all(best <= problem.bounds(points), axis=2), axis=0))
        told += problem.evaluate(points)
        searcher.tell(points, told[-len(points) :])
    assert not np.any(excluded[1:])
