"""Fronts, hypervolumes and knees against brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosynth.errors import SpecError
from cosynth.search import (
    Evaluation,
    Violation,
    front,
    hypervolume,
    hypervolume_over,
    knee,
    reference_point,
)

number = st.one_of(st.integers(0, 6).map(float), st.sampled_from([math.inf, math.nan]))


@st.composite
def answers(draw: st.DrawFn) -> list[Evaluation]:
    width = draw(st.integers(1, 4))
    broken = (Violation(limit="area", amount=1.0),)
    return [
        Evaluation(
            objectives=tuple(draw(number) for _ in range(width)),
            violations=draw(st.sampled_from([(), (), (), broken])),
        )
        for _ in range(draw(st.integers(0, 25)))
    ]


def dominates(one: Evaluation, other: Evaluation) -> bool:
    pairs = list(zip(one.objectives, other.objectives, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@given(answers())
@settings(max_examples=200, deadline=None)
def test_front_is_what_brute_force_finds(evaluations: list[Evaluation]) -> None:
    feasible = [each for each in evaluations if each.feasible]
    expected = {
        each.objectives for each in feasible if not any(dominates(o, each) for o in feasible)
    }
    chosen = front(evaluations)
    assert chosen == sorted(chosen)
    assert {evaluations[index].objectives for index in chosen} == expected
    assert len(chosen) == len(expected)
    first: dict[tuple[float, ...], int] = {}
    for index, each in enumerate(evaluations):
        if each.feasible:
            first.setdefault(each.objectives, index)
    assert all(first[evaluations[index].objectives] == index for index in chosen)


@given(answers())
@settings(max_examples=100, deadline=None)
def test_hypervolume_counts_the_unit_cubes(evaluations: list[Evaluation]) -> None:
    width = len(evaluations[0].objectives) if evaluations else 2
    feasible = [each.objectives for each in evaluations if each.feasible]
    corners = itertools.product(range(5), repeat=width)
    cubes = sum(
        any(all(o <= c for o, c in zip(each, corner, strict=True)) for each in feasible)
        for corner in corners
    )
    assert hypervolume(evaluations, [5.0] * width) == pytest.approx(cubes)
    curve = hypervolume_over(evaluations, [5.0] * width)
    assert curve == sorted(curve)
    assert not curve or curve[-1] == pytest.approx(cubes)


@given(answers())
@settings(max_examples=100, deadline=None)
def test_knee_is_on_the_front(evaluations: list[Evaluation]) -> None:
    chosen = front(evaluations)
    assert knee(evaluations) in (chosen or [None])


def test_knee_does_not_move_with_the_units() -> None:
    generator = np.random.default_rng(0)
    values = generator.lognormal(size=(50, 3))
    knees = {
        knee([Evaluation(objectives=tuple(row * scale)) for row in values])
        for scale in (np.ones(3), np.array([1e-9, 1e3, 1.0]))
    }
    assert len(knees) == 1


def test_reference_point_is_worse_than_the_front() -> None:
    each = [Evaluation(objectives=values) for values in [(1.0, 5.0), (2.0, 2.0), (9.0, 9.0)]]
    assert reference_point(each) == pytest.approx((2.1, 5.3))
    assert reference_point(each[1:2])[0] > 2.0


def test_reference_point_wrong() -> None:
    with pytest.raises(
        SpecError, match="no evaluation is feasible, so there is no front to measure"
    ):
        reference_point([Evaluation(objectives=(math.inf, 1.0))])
