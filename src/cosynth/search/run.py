"""The search itself: ask, evaluate in chunks, store, tell; the same result however often killed."""

from __future__ import annotations

import hashlib
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from cosynth.errors import CosynthError, StudyError
from cosynth.search.optimiser import Optimiser
from cosynth.search.parameter import Codes
from cosynth.search.points import Points
from cosynth.search.problem import Evaluation, Problem
from cosynth.search.study import Batch, Record, Study, header_of

_DURABLE = 0.5  # seconds of work that a chunk aims at: what is evaluated is stored within a second
_FIRST = 4  # points of a chunk before the pace is known
_CHUNKS = 8  # chunks a batch is split into where the number of workers is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When to stop: after so many evaluations, or with the first batch after so many seconds."""

    evaluations: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What has just been stored: `records` are new, `done` counts all, `total` is the budget."""

    done: int
    total: int | None
    elapsed: float  # seconds, pauses not counted
    records: tuple[Record, ...]


OnProgress: TypeAlias = Callable[[Progress], None]
_Answer: TypeAlias = "_Answered | _Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    evaluations: list[Evaluation]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    problem: str


def run(
    problem: Problem,
    optimiser: Optimiser,
    study: Study,
    budget: Budget,
    executor: Executor | None = None,
    on_progress: OnProgress | None = None,
) -> list[Record]:
    """Continue a study, new or old, to its budget; return all its records.

    A batch depends on the batches before it alone, and a batch that was interrupted is completed
    as it was asked: the result is that of a run without interruption. `on_progress` hears of an
    evaluation when it is on disk.
    """
    study.must_match(header_of(problem, optimiser, study.header.batch))
    session = _Session(
        problem=problem,
        study=study,
        budget=budget,
        executor=executor,
        on_progress=on_progress or _silent,
        began=time.monotonic() - study.elapsed,
    )
    stored = study.batches(problem.space)
    asked = sum(len(each.points) for each in stored)
    session.done = sum(answer is not None for each in stored for answer in each.evaluations)
    for batch in stored:
        optimiser.tell(batch.points, session.complete(batch))
    number = len(stored)
    while (count := session.affordable(asked)) > 0:
        points = optimiser.ask(count)
        if not len(points):
            break
        study.add(number, asked, points)
        blank = Batch(number=number, first=asked, points=points, evaluations=(None,) * len(points))
        optimiser.tell(points, session.complete(blank))
        asked, number = asked + len(points), number + 1
    return study.records()


@dataclass(slots=True, kw_only=True)
class _Session:
    """One call of `run`: the pace it has measured, and how far it is."""

    problem: Problem
    study: Study
    budget: Budget
    executor: Executor | None
    on_progress: OnProgress
    began: float
    done: int = 0
    pace: float = 0.0  # seconds per point, as last measured
    pickled: bytes = field(default=b"")

    def affordable(self, asked: int) -> int:
        """Return how many points the next batch may have."""
        if self.budget.seconds is not None and self.elapsed() >= self.budget.seconds:
            return 0
        if self.budget.evaluations is None:
            return self.study.header.batch if self.budget.seconds is not None else 0
        return min(self.study.header.batch, self.budget.evaluations - asked)

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def complete(self, batch: Batch) -> list[Evaluation]:
        """Evaluate and store what is missing of a batch; return its answers in order."""
        answers = list(batch.evaluations)
        missing = [at for at, answer in enumerate(answers) if answer is None]
        evaluate = self._here if self.executor is None else partial(self._there, self.executor)
        for rows, answer in evaluate(batch.points.codes, missing):
            evaluations = self._checked(batch, rows, answer)
            self._store(batch, rows, evaluations)
            for at, evaluation in zip(rows, evaluations, strict=True):
                answers[at] = evaluation
        return [answer for answer in answers if answer is not None]

    def _here(self, codes: Codes, missing: list[int]) -> Iterator[tuple[list[int], _Answer]]:
        while missing:
            count = self._chunk(len(missing))
            rows, missing = missing[:count], missing[count:]
            yield rows, _evaluate(self.problem, codes[rows])

    def _there(
        self, executor: Executor, codes: Codes, missing: list[int]
    ) -> Iterator[tuple[list[int], _Answer]]:
        share = getattr(executor, "_max_workers", _CHUNKS)
        count = self._chunk(-(-len(missing) // share))
        chunks = [missing[at : at + count] for at in range(0, len(missing), count)]
        futures: dict[Future[_Answer], list[int]] = {}
        try:
            for rows in chunks:
                futures[self._submit(executor, codes[rows])] = rows
            for future in as_completed(futures):
                yield futures[future], future.result()
        except (CosynthError, GeneratorExit):
            raise
        except Exception as error:
            raise StudyError(
                f"{self.study.path}: a worker was lost ({type(error).__name__}: {error});"
                f" {self.done} evaluations are stored, resume to continue"
            ) from error
        finally:
            for future in futures:
                future.cancel()

    def _submit(self, executor: Executor, codes: Codes) -> Future[_Answer]:
        if isinstance(executor, ThreadPoolExecutor):
            return executor.submit(_evaluate, self.problem, codes)
        if not self.pickled:
            self.pickled = _pickled(self.problem)
        return executor.submit(_evaluate_elsewhere, self.pickled, codes)

    def _chunk(self, most: int) -> int:
        if not self.pace:
            return max(1, min(most, _FIRST))
        return max(1, min(most, int(_DURABLE / self.pace)))

    def _checked(self, batch: Batch, rows: list[int], answer: _Answer) -> list[Evaluation]:
        at = f"evaluating {dict(batch.points[rows[0]])}"
        if len(rows) > 1:
            at += f" and {len(rows) - 1} more"
        if isinstance(answer, _Failed):
            raise StudyError(f"{at}: {answer.problem}")
        self.pace = answer.seconds / len(rows)
        wanted = len(self.study.header.objectives)
        if len(answer.evaluations) != len(rows):
            raise StudyError(f"{at}: {len(rows)} points had {len(answer.evaluations)} answers")
        for each in answer.evaluations:
            if len(each.objectives) != wanted:
                raise StudyError(f"{at}: {len(each.objectives)} objectives instead of {wanted}")
        return answer.evaluations

    def _store(self, batch: Batch, rows: list[int], evaluations: list[Evaluation]) -> None:
        elapsed = self.elapsed()
        numbers = [batch.first + at for at in rows]
        self.study.store(numbers, evaluations, elapsed)
        self.done += len(rows)
        records = tuple(
            Record(
                number=number,
                batch=batch.number,
                point=batch.points[at],
                evaluation=evaluation,
                elapsed=elapsed,
            )
            for at, number, evaluation in zip(rows, numbers, evaluations, strict=True)
        )
        total = self.budget.evaluations
        self.on_progress(Progress(done=self.done, total=total, elapsed=elapsed, records=records))


def _evaluate(problem: Problem, codes: Codes) -> _Answer:
    """Evaluate a chunk; a mistake of the problem comes back as a sentence."""
    began = time.perf_counter()
    try:
        answers = problem.evaluate(Points(problem.space, codes))
    except Exception as error:  # noqa: BLE001 the problem is someone else's code
        return _Failed(problem=f"{type(error).__name__}: {error}")
    plain = [_plain(each) for each in answers]
    return _Answered(evaluations=plain, seconds=time.perf_counter() - began)


def _plain(evaluation: Evaluation) -> Evaluation:
    """Return Python floats whatever the problem computed with."""
    return Evaluation(
        objectives=tuple(map(float, evaluation.objectives)),
        violations=evaluation.violations,
        payload=evaluation.payload,
    )


_PROBLEMS: dict[bytes, Problem] = {}  # of a worker: the last problem keeps what it has cached
_UNPICKLING = threading.Lock()


def _evaluate_elsewhere(pickled: bytes, codes: Codes) -> _Answer:
    key = hashlib.blake2b(pickled, digest_size=16).digest()
    with _UNPICKLING:
        if key not in _PROBLEMS:
            _PROBLEMS.clear()
            _PROBLEMS[key] = pickle.loads(pickled)  # noqa: S301 our own bytes
        problem = _PROBLEMS[key]
    return _evaluate(problem, codes)


def _pickled(problem: Problem) -> bytes:
    try:
        return pickle.dumps(problem)
    except Exception as error:
        raise StudyError(f"the problem cannot be sent to other processes: {error}") from error


def _silent(progress: Progress) -> None:
    """Hear nothing."""
