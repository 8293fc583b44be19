"""An exploration from request to Pareto front: what Python and the command line both call."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cosynth.codesign import design as designs
from cosynth.codesign.design import Design
from cosynth.codesign.estimate import Estimate
from cosynth.codesign.explore import ChipProblem
from cosynth.codesign.goal import FIGURES
from cosynth.errors import InfeasibleError
from cosynth.search import (
    Budget,
    Optimiser,
    Progress,
    Record,
    Study,
    front,
    header_of,
    knee,
    run,
)
from cosynth.units import show

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Front:
    """The non-dominated chips of a search, best by the first objective first.

    `records` are all evaluations. Designs are mapped when they are asked for.
    """

    problem: ChipProblem
    records: tuple[Record, ...]
    optimiser: str
    seed: int

    @cached_property
    def members(self) -> tuple[Record, ...]:
        """Evaluations of the front: points and figures, without mappings."""
        answers = [record.evaluation for record in self.records]
        chosen = sorted(front(answers), key=lambda at: answers[at].objectives)
        return tuple(self.records[at] for at in chosen)

    @cached_property
    def designs(self) -> tuple[Design, ...]:
        """Every member with its hardware, formats and mappings."""
        return tuple(self.design(record) for record in self.members)

    def knee(self) -> Design:
        """Return the member nearest to the best of everything; InfeasibleError without a front."""
        return self.design(self.knee_record())

    def knee_record(self) -> Record:
        """Return the evaluation of the knee; InfeasibleError, naming the limit, without a front."""
        at = knee([record.evaluation for record in self.records])
        if at is None:
            raise InfeasibleError(why_nothing(self))
        return self.records[at]

    def estimates(self, record: Record) -> dict[str, Estimate]:
        """Return the estimate of every model on the chip of a member."""
        return self.problem.estimates(record.point)

    def design(self, record: Record) -> Design:
        """Return a member as a design."""
        found = self.estimates(record)
        first = next(iter(found.values()))
        return Design(
            name=identity(record),
            hardware=first.hardware,
            formats=first.formats,
            mappings={
                model: {layer.job.name: layer.mapped.mapping for layer in one.layers}
                for model, one in found.items()
            },
            figures=stated_figures(record),
            point=dict(record.point),
            seed=self.seed,
        )

    def written(self, record: Record, found: dict[str, Estimate]) -> str:
        """Return the JSON of a member whose estimates were `found`, as every verb reads it."""
        figures, point = stated_figures(record), dict(record.point)
        return designs.write(identity(record), found, figures, point, self.seed)


def identity(record: Record) -> str:
    """Return the name of a design: that of its file, and its key in reports."""
    return f"d{record.number}"


def stated_figures(record: Record) -> dict[str, float]:
    """Return the figures of an evaluation that could run."""
    pairs = record.evaluation.payload.items()
    return {name: float(value) for name, value in pairs if isinstance(value, (int, float))}


def explore(
    problem: ChipProblem,
    chosen: Optimiser,
    study: Study,
    budget: Budget,
    executor: Executor | None = None,
    on_progress: OnProgress | None = None,
) -> Front:
    """Continue a study, new or old, to its budget; return the front of all it holds.

    Without an `executor` (see `cosynth.search.workers`) evaluations run in this process.
    """
    records = run(problem, chosen, study, budget, executor, on_progress)
    return Front(problem=problem, records=tuple(records), optimiser=chosen.name, seed=chosen.seed)


@contextmanager
def temporary_study(problem: ChipProblem, chosen: Optimiser) -> Iterator[Study]:
    """Yield a new study that is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        header = header_of(problem, chosen)
        with Study.create(Path(folder) / "study.sqlite", header) as study:
            yield study


def why_nothing(found: Front) -> str:
    """Return a sentence that names the limit which most often kept a point from being feasible."""
    count: dict[str, int] = {}
    for record in found.records:
        answer = record.evaluation
        broken = [each.limit for each in answer.violations]
        if not answer.finite:
            broken.append(str(answer.payload.get("why", "cannot run")).partition("\n")[0])
        for limit in broken:
            count[limit] = count.get(limit, 0) + 1
    if not count:
        return "nothing was evaluated"
    worst = max(count, key=lambda limit: count[limit])
    said = f"none of {len(found.records)} points is feasible; most often broken: {worst}"
    return f"{said} ({count[worst]} points{_least(found, worst)})"


def _least(found: Front, limit: str) -> str:
    """How near the search came to a limit."""
    for each in found.problem.goal.limits:
        if str(each) == limit:
            reached = [stated_figures(record).get(each.figure) for record in found.records]
            least = min(value for value in reached if value is not None)
            return f"; the least found is {show(least, FIGURES[each.figure])}"
    return ""
