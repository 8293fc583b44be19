"""NSGA-II, from pymoo: a genetic algorithm for several objectives, as a witness to compare with."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cosynth.errors import SpecError
from cosynth.search.optimiser import Optimiser
from cosynth.search.parameter import Codes
from cosynth.search.points import Points
from cosynth.search.problem import Evaluation, Problem

if TYPE_CHECKING:
    from pymoo.algorithms.moo.nsga2 import NSGA2

_POPULATION = 64
_LARGE = 1e30  # stands for infinity and NaN, which the sorting cannot take
_PATIENCE = 4  # generations without a new point before random ones step in


class Nsga2(Optimiser):
    """Selection by rank and crowding, simulated binary crossover, polynomial mutation.

    Works on indices; limits are passed as one constraint. A point that comes again is answered
    from memory and costs no evaluation.
    """

    def __init__(self, problem: Problem, seed: int = 0) -> None:
        super().__init__(problem, seed)
        self._algorithm = _algorithm(self.space.counts, len(problem.objectives))
        self._prepared = False
        self._generation: Codes | None = None  # asked of pymoo, not yet told
        self._known: dict[bytes, int] = {}  # row -> index in the history
        self._waiting: Codes = np.empty((0, len(self.space.parameters)), dtype=np.int64)

    def ask(self, count: int) -> Points:
        """Return what is left of the generation; the next one is bred when all of it was told."""
        self._prepare()
        if len(self._waiting):
            return Points(self.space, self._waiting[:count])
        return self.unseen(self.generator(), count)

    def tell(self, points: Points, evaluations: Sequence[Evaluation]) -> None:
        """Learn evaluations; the population advances when its generation is complete."""
        self._prepare()  # a history told again was not asked for
        self._prepared = False
        first = self.history.count
        super().tell(points, evaluations)
        rows = [row.tobytes() for row in np.ascontiguousarray(points.codes)]
        self._known |= {row: first + index for index, row in enumerate(rows)}
        told = set(rows)
        left = [row.tobytes() not in told for row in self._waiting]
        self._waiting = self._waiting[np.array(left, dtype=bool)]

    def _prepare(self) -> None:
        """Breed, once before each tell, until there is a point to evaluate or patience ends."""
        generations = 0
        while not (self._prepared or len(self._waiting) or generations == _PATIENCE):
            self._breed()
            generations += 1
        self._prepared = True

    def _breed(self) -> None:
        """Tell pymoo the complete generation and ask it for the next."""
        from pymoo.core.evaluator import Evaluator
        from pymoo.problems.static import StaticProblem

        algorithm = self._algorithm
        algorithm.random_state = np.random.default_rng([self.seed, algorithm.n_iter or 0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pymoo's own arithmetic on equal points
            if self._generation is not None:
                indices = [self._known[row.tobytes()] for row in self._generation]
                values = np.nan_to_num(
                    self.history.values[indices], nan=_LARGE, posinf=_LARGE, neginf=-_LARGE
                )
                violation = np.minimum(self.history.violation[indices], _LARGE)
                answers = StaticProblem(algorithm.problem, F=values, G=violation[:, None])
                Evaluator().eval(answers, algorithm.off)
                algorithm.tell(infills=algorithm.off)
            offspring = algorithm.ask()
        if offspring is None:  # no new child in a hundred matings
            self._generation, algorithm.off = None, None
            return
        codes = self.space.canonical(
            np.rint(offspring.get("X").astype(np.float64)).astype(np.int64)
        )
        offspring.set("X", codes)
        algorithm.off = offspring
        self._generation = np.ascontiguousarray(codes)
        self._waiting = codes[self.history.fresh(codes)]


def _algorithm(counts: Codes, objectives: int) -> NSGA2:
    try:
        from pymoo.algorithms.moo.nsga2 import NSGA2
        from pymoo.core.problem import Problem as PymooProblem
        from pymoo.core.termination import NoTermination
        from pymoo.operators.crossover.sbx import SBX
        from pymoo.operators.mutation.pm import PM
        from pymoo.operators.repair.rounding import RoundingRepair
        from pymoo.operators.sampling.rnd import IntegerRandomSampling
    except ImportError:
        raise SpecError(
            "nsga2 needs pymoo; install it with: pip install 'cosynth[nsga2]'"
        ) from None
    shape = PymooProblem(
        n_var=len(counts), n_obj=objectives, n_ieq_constr=1, xl=0, xu=counts - 1, vtype=int
    )
    algorithm = NSGA2(
        pop_size=_POPULATION,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(eta=3.0, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=True,
    )
    algorithm.mating.n_max_iterations = 10  # attempts at a child that is new
    algorithm.setup(shape, termination=NoTermination())
    return algorithm
