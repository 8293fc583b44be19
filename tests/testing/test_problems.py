"""The problems that suites and benchmarks use are what they claim."""

import numpy as np

from cosynth.search import front
from cosynth.testing.problems import Staircase, Toy


def test_bounds_never_exceed_the_objectives() -> None:
    for problem in (Toy(), Staircase()):
        points = problem.space.sample(np.random.default_rng(0), 500)
        values = np.array([each.objectives for each in problem.evaluate(points)])
        assert np.all(problem.bounds(points) <= values * (1 + 1e-12))


def test_the_front_of_the_staircase_has_all_but_the_first_at_zero() -> None:
    problem = Staircase(parameters=3, steps=6)
    points = problem.space.encode(list(problem.space.grid()))
    chosen = front(problem.evaluate(points))
    assert not points.codes[chosen][:, 1:].any()
    assert len(chosen) == 6


def test_one_point_and_a_batch_agree() -> None:
    problem = Toy(largest_area=1.0)
    points = problem.space.sample(np.random.default_rng(1), 20)
    together = problem.evaluate(points)
    assert [problem.evaluate(points[at : at + 1])[0] for at in range(20)] == together
