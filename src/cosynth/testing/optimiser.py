"""What every optimiser must do: inherit `OptimiserSuite`, set `make`, and pytest runs the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cosynth.search import (
    Evaluation,
    Optimiser,
    Points,
    Problem,
    Space,
    Violation,
    category,
    front,
    integer,
)
from cosynth.testing.problems import Staircase, Toy


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A problem where half of the points break a limit, and some answers are no numbers."""

    nowhere: bool = False  # no point is feasible

    name: str = "broken"
    objectives: tuple[str, ...] = ("one", "two")
    limits: tuple[str, ...] = ("rows",)

    @property
    def space(self) -> Space:
        """Two small ranges and a choice."""
        return Space.of(
            integer("rows", 0, 9), integer("columns", 0, 9), category("order", ["row", "column"])
        )

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        """Evaluate one by one."""
        return [self._one(int(row), int(column)) for row, column, _ in points.codes]

    def _one(self, row: int, column: int) -> Evaluation:
        bad = self.nowhere or row % 2
        odd = {3: (np.inf, 1.0), 4: (np.nan, np.nan), 5: (1e308, -1e308), 6: (1e-308, 0.0)}
        values = odd.get(column, (float(row), 9.0 - column))
        violations = (Violation(limit="rows", amount=1.0 + row),) if bad else ()
        return Evaluation(objectives=values, violations=violations)


class OptimiserSuite:
    """The contract of `Optimiser` as tests; subclasses may add their own.

    class TestMine(OptimiserSuite):
        make = Mine
    """

    make: ClassVar[Callable[[Problem, int], Optimiser]]

    def test_asks_for_at_most_what_was_wanted(self) -> None:
        for count in (1, 7, 32):
            assert 0 < len(self._new(Toy(), 0).ask(count)) <= count

    def test_points_are_canonical_members_of_the_space(self) -> None:
        problem = Toy()
        points = self._play(problem, 0, [16] * 5)
        assert np.array_equal(points.codes, problem.space.canonical(points.codes))
        assert np.array_equal(problem.space.encode(list(points)).codes, points.codes)

    def test_no_point_comes_twice(self) -> None:
        points = self._play(Staircase(parameters=4, steps=8), 1, [16] * 12)
        assert len({point.key for point in points}) == len(points)

    def test_same_seed_same_points(self) -> None:
        one, other = (self._play(Toy(), 5, [16] * 6) for _ in range(2))
        assert np.array_equal(one.codes, other.codes)

    def test_asking_twice_changes_nothing(self) -> None:
        optimiser = self._new(Toy(), 2)
        assert np.array_equal(optimiser.ask(8).codes, optimiser.ask(8).codes)

    def test_history_told_again_continues_alike(self) -> None:
        problem = Toy()
        optimiser = self._new(problem, 3)
        told = []
        for count in [20] * 9:
            points = optimiser.ask(count)
            told.append((points, problem.evaluate(points)))
            optimiser.tell(*told[-1])
        again = self._new(problem, 3)
        for points, evaluations in told:
            again.tell(points, evaluations)
        assert np.array_equal(again.ask(20).codes, optimiser.ask(20).codes)

    def test_finds_every_point_of_a_small_space_and_then_stops(self) -> None:
        problem = Staircase(parameters=2, steps=5)
        optimiser = self._new(problem, 0)
        found = set()
        for _ in range(60):
            points = optimiser.ask(4)
            if not len(points):
                break
            optimiser.tell(points, problem.evaluate(points))
            found |= {point.key for point in points}
        assert len(found) == problem.space.size
        assert len(optimiser.ask(4)) == 0

    def test_limits_and_answers_that_are_no_numbers_do_no_harm(self) -> None:
        for problem in (Broken(), Broken(nowhere=True)):
            points = self._play(problem, 0, [10] * 20)
            evaluations = problem.evaluate(points)
            assert len(points) == 200
            assert bool(front(evaluations)) != problem.nowhere

    def test_one_objective_is_enough(self) -> None:
        problem = _First(replace(Toy(), largest_area=3.0))
        assert len(self._play(problem, 0, [16] * 5)) == 80

    def _new(self, problem: Problem, seed: int) -> Optimiser:
        return type(self).make(problem, seed)

    def _play(self, problem: Problem, seed: int, counts: Sequence[int]) -> Points:
        """Ask and tell until as many points came as `counts` says; return them all."""
        optimiser = self._new(problem, seed)
        codes = []
        left = sum(counts)
        while left:
            points = optimiser.ask(min(left, counts[0]))
            if not len(points):
                break
            optimiser.tell(points, problem.evaluate(points))
            codes.append(points.codes)
            left -= len(points)
        return Points(problem.space, np.concatenate(codes))


@dataclass(frozen=True, slots=True)
class _First:
    """The first objective alone."""

    whole: Toy

    name: str = "first"
    objectives: tuple[str, ...] = ("latency",)
    limits: tuple[str, ...] = ("area",)

    @property
    def space(self) -> Space:
        return self.whole.space

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        return [
            replace(each, objectives=each.objectives[:1]) for each in self.whole.evaluate(points)
        ]
