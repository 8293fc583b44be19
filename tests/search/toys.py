"""Problems that misbehave on purpose, importable by worker processes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from cosynth.search import Evaluation, Points, Problem, Space
from cosynth.testing.problems import Staircase


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow(Staircase):
    """Takes its time, so that a kill can strike between evaluations."""

    name: str = "slow"
    seconds: float = 0.001

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        time.sleep(self.seconds * len(points))
        return Staircase.evaluate(self, points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """Does what `fault` says where the first parameter is large."""

    fault: str
    name: str = "faulty"
    objectives: tuple[str, ...] = ("first", "second")
    limits: tuple[str, ...] = ()
    space: Space = field(default_factory=lambda: Staircase(parameters=2).space)

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        answers = [Evaluation(objectives=(float(row[0]), float(row[1]))) for row in points.codes]
        if points.codes[:, 0].max() < 20:
            return answers
        match self.fault:
            case "raise":
                raise ValueError("no such tile")
            case "die":
                os._exit(1)
            case "few":
                return answers[1:]
            case "wide":
                return [Evaluation(objectives=(1.0, 2.0, 3.0)) for _ in answers]
            case "payload":
                return [Evaluation(objectives=(1.0, 2.0), payload={"x": {1}}) for _ in answers]  # type: ignore[dict-item]
        return answers


class Blind:
    """A problem without its bounds: a black box."""

    def __init__(self, problem: Problem) -> None:
        self.name, self.space = problem.name, problem.space
        self.objectives, self.limits = problem.objectives, problem.limits
        self.evaluate = problem.evaluate
