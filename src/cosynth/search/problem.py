"""What is searched: a space, a batch evaluation, and the answer to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from cosynth.search.parameter import Reals
from cosynth.search.points import Points

if TYPE_CHECKING:
    from cosynth.search.space import Space

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A limit that a point breaks, and by how much (more than 0; a ratio is a good measure)."""

    limit: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a problem says of one point. Objectives are minimised; infinity or NaN is infeasible.

    Limits never change the objectives: what is reported is what was computed.

    >>> Evaluation(objectives=(1.0, 2.0)).feasible
    True
    >>> broken = Violation(limit="area <= 2 mm²", amount=0.25)
    >>> Evaluation(objectives=(1.0, 2.0), violations=(broken,)).feasible
    False
    """

    objectives: tuple[float, ...]
    violations: tuple[Violation, ...] = ()
    payload: Mapping[str, Json] = field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether every objective is a number."""
        return all(map(math.isfinite, self.objectives))

    @property
    def feasible(self) -> bool:
        """Whether every objective is a number and no limit is broken."""
        return self.finite and not self.violations

    @property
    def violation(self) -> float:
        """By how much the limits are broken together: 0 if feasible, infinite if not a number."""
        if not self.finite:
            return math.inf
        total = sum(each.amount for each in self.violations)
        return math.inf if math.isnan(total) else total


class Problem(Protocol):
    """What an optimiser needs to know. `name` says all that the answers depend on.

    A study that was made for one name, space, objectives and limits continues with no other.
    """

    @property
    def name(self) -> str:
        """What is searched, with every setting that changes an answer."""

    @property
    def space(self) -> Space:
        """Where to search."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """What is minimised, in the order of `Evaluation.objectives`."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What must hold, as texts for people (`"area <= 2 mm²"`)."""

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        """Return one evaluation per point; each depends on its own point alone."""


@runtime_checkable
class Bounded(Protocol):
    """A problem that also knows, cheaply, what no point can beat."""

    def bounds(self, points: Points) -> Reals:
        """Return a lower bound of every objective of every point, [points, objectives].

        Thousands of points come at once: work on `points.column(name)`. Infinity says that a
        point is surely infeasible; where nothing is known, say `-inf` (or 0 for a cost).
        """
