"""Search: spaces, problems, optimisers and studies, for any problem, whatever it is about."""

from cosynth.search.executor import workers
from cosynth.search.file import read_space, space_of, space_schema, write_space
from cosynth.search.optimiser import Optimiser, optimiser, optimisers
from cosynth.search.parameter import Condition, Parameter, category, integer, power, real
from cosynth.search.pareto import front, hypervolume, hypervolume_over, knee, reference_point
from cosynth.search.points import Point, Points
from cosynth.search.problem import Bounded, Evaluation, Problem, Violation
from cosynth.search.run import Budget, Progress, run
from cosynth.search.space import Space
from cosynth.search.study import Header, Record, Study, discard, header_of

__all__ = [
    "Bounded",
    "Budget",
    "Condition",
    "Evaluation",
    "Header",
    "Optimiser",
    "Parameter",
    "Point",
    "Points",
    "Problem",
    "Progress",
    "Record",
    "Space",
    "Study",
    "Violation",
    "category",
    "discard",
    "front",
    "header_of",
    "hypervolume",
    "hypervolume_over",
    "integer",
    "knee",
    "optimiser",
    "optimisers",
    "power",
    "read_space",
    "real",
    "reference_point",
    "run",
    "space_of",
    "space_schema",
    "workers",
    "write_space",
]
