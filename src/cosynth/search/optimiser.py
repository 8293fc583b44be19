"""What every optimiser is: ask for points, tell their evaluations; found by its file's name."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.metadata import entry_points

import numpy as np

from cosynth.errors import SpecError, did_you_mean
from cosynth.search.parameter import Codes, Flags, Reals
from cosynth.search.points import Points
from cosynth.search.problem import Evaluation, Problem

_GROUP = "cosynth.optimisers"
# Loaded before the package binds the function `optimisers`, which would hide this room otherwise.
_ROOM = importlib.import_module("cosynth.search.optimisers")


class History:
    """All that was told, as arrays that grow: codes, objectives, violation."""

    def __init__(self, parameters: int, objectives: int) -> None:
        self._codes = np.empty((64, parameters), dtype=np.int64)
        self._values = np.empty((64, objectives))
        self._violation = np.empty(64)
        self._seen: set[bytes] = set()
        self.count = 0

    @property
    def codes(self) -> Codes:
        """What was evaluated, [count, parameters]."""
        return self._codes[: self.count]

    @property
    def values(self) -> Reals:
        """The objectives, [count, objectives]."""
        return self._values[: self.count]

    @property
    def violation(self) -> Reals:
        """By how much limits were broken, [count]; 0 is feasible."""
        return self._violation[: self.count]

    def add(self, codes: Codes, evaluations: Sequence[Evaluation]) -> None:
        """Append a batch."""
        end = self.count + len(codes)
        while end > len(self._codes):
            self._codes = np.concatenate([self._codes, np.empty_like(self._codes)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
            self._violation = np.concatenate([self._violation, np.empty_like(self._violation)])
        rows = slice(self.count, end)
        self._codes[rows] = codes
        self._values[rows] = np.array([each.objectives for each in evaluations]).reshape(
            len(codes), self._values.shape[1]
        )
        self._violation[rows] = [each.violation for each in evaluations]
        self._seen.update(row.tobytes() for row in np.ascontiguousarray(codes))
        self.count = end

    def fresh(self, codes: Codes) -> Flags:
        """Return which rows were neither told before nor stand earlier in `codes`."""
        met: set[bytes] = set()
        flags = np.zeros(len(codes), dtype=bool)
        for index, row in enumerate(np.ascontiguousarray(codes)):
            key = row.tobytes()
            flags[index] = key not in self._seen and key not in met
            met.add(key)
        return flags


class Optimiser(ABC):
    """Proposes points to evaluate. Its state is a function of the seed and of what it was told.

    So a study resumes by telling the stored history again, batch by batch, without asking.
    Randomness comes from `generator()`, which depends on the same two things alone.
    """

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        self.problem = problem
        self.space = problem.space
        self.seed = seed
        self.history = History(len(self.space.parameters), len(problem.objectives))

    @property
    def name(self) -> str:
        """The name of its file."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def ask(self, count: int) -> Points:
        """Return up to `count` points to evaluate next; none when the space is used up."""

    def tell(self, points: Points, evaluations: Sequence[Evaluation]) -> None:
        """Learn the evaluations of the points that were asked for last."""
        self.history.add(points.codes, evaluations)

    def generator(self) -> np.random.Generator:
        """Return fresh randomness for the next batch."""
        return np.random.default_rng([self.seed, self.history.count])

    def unseen(self, generator: np.random.Generator, count: int) -> Points:
        """Return up to `count` random points that were never told, each once, while there are."""
        rows = np.empty((0, len(self.space.parameters)), dtype=np.int64)
        for _ in range(8):
            drawn = np.concatenate([rows, self.space.sample(generator, 2 * count).codes])
            rows = drawn[self.history.fresh(drawn)]
            if len(rows) >= count:
                return Points(self.space, rows[:count])
        if self.space.size > 1_000_000:  # draws miss that often only where few values are likely
            return Points(self.space, rows)
        rest = [block[self.history.fresh(block)] for block in self.space.blocks()]
        left = np.concatenate(rest)
        chosen = generator.permutation(len(left))[:count]
        return Points(self.space, left[chosen])


def optimisers() -> tuple[str, ...]:
    """Return the names of all optimisers: the files of this room, and those of other packages.

    >>> "random" in optimisers()
    True
    """
    own = {module.name for module in pkgutil.iter_modules(_ROOM.__path__)}
    return tuple(sorted(own | {each.name for each in entry_points(group=_GROUP)}))


def optimiser(name: str, problem: Problem, seed: int = 0) -> Optimiser:
    """Return a new optimiser, or raise SpecError with the nearest name."""
    if name in {module.name for module in pkgutil.iter_modules(_ROOM.__path__)}:
        return _class_in(f"{_ROOM.__name__}.{name}")(problem, seed)
    for each in entry_points(group=_GROUP):
        if each.name == name:
            found: type[Optimiser] = each.load()
            return found(problem, seed)
    known = optimisers()
    near = did_you_mean(name, known)
    raise SpecError(f"{name!r}: no such optimiser; there are {', '.join(known)}{near}")


def _class_in(module_name: str) -> type[Optimiser]:
    module = importlib.import_module(module_name)
    found = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Optimiser) and each.__module__ == module_name
    ]
    if len(found) != 1:
        raise SpecError(f"{module_name}: must hold one Optimiser, holds {len(found)}")
    return found[0]
