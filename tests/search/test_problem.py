"""Evaluations: feasible or not, never a penalty."""

import math

import pytest
from tests.search.toys import Blind

from cosynth.search import Bounded, Evaluation, Violation
from cosynth.testing.problems import Staircase, Toy


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_an_objective_that_is_no_number_is_infeasible(value: float) -> None:
    evaluation = Evaluation(objectives=(1.0, value))
    assert not evaluation.feasible
    assert evaluation.violation == math.inf


def test_a_broken_limit_is_infeasible_and_leaves_the_objectives() -> None:
    broken = (Violation(limit="a", amount=0.5), Violation(limit="b", amount=2.0))
    evaluation = Evaluation(objectives=(1.0,), violations=broken)
    assert (evaluation.feasible, evaluation.finite, evaluation.violation) == (False, True, 2.5)
    assert evaluation.objectives == (1.0,)


def test_problems_say_whether_they_have_bounds() -> None:
    assert isinstance(Staircase(), Bounded)
    assert not isinstance(Blind(Toy()), Bounded)
