"""A study on disk: what was asked and what was answered, in one SQLite file that survives a crash.

A rollback journal with full synchronisation, not a write-ahead log: it also works on the network
file systems of clusters, and one commit per chunk of evaluations costs little beside them.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from cosynth.errors import SpecError, StudyError
from cosynth.search.file import write_space
from cosynth.search.optimiser import Optimiser
from cosynth.search.points import Point, Points
from cosynth.search.problem import Evaluation, Problem, Violation
from cosynth.search.space import Space

SCHEMA = 1
_APPLICATION = 0x436F7379  # marks the file as a study, in SQLite's own header
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE evaluation (
    number INTEGER PRIMARY KEY, batch INTEGER NOT NULL, point TEXT NOT NULL,
    objectives TEXT, violations TEXT, payload TEXT, elapsed REAL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """All that decides the result of a study but its length. A study resumes with an equal one."""

    problem: str
    space: str
    objectives: tuple[str, ...]
    limits: tuple[str, ...]
    optimiser: str
    seed: int
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One evaluation of a study: its number, batch, point, answer, and seconds since the start."""

    number: int
    batch: int
    point: Point
    evaluation: Evaluation
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Points that were asked for together; an answer is None until it is stored."""

    number: int
    first: int
    points: Points
    evaluations: tuple[Evaluation | None, ...]


def header_of(problem: Problem, optimiser: Optimiser, batch: int = 32) -> Header:
    """Return what a study of this problem by this optimiser is known by."""
    return Header(
        problem=problem.name,
        space=write_space(problem.space),
        objectives=tuple(problem.objectives),
        limits=tuple(problem.limits),
        optimiser=optimiser.name,
        seed=optimiser.seed,
        batch=batch,
    )


class Study:
    """An open study. Make one with `create`, `resume` (both write) or `read`; close it with `with`.

    Writers hold a lock of the operating system on the file beside it, which dies with the process.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock: sqlite3.Connection | None = None
        self.header = self._read_header()

    @staticmethod
    def create(path: Path, header: Header) -> Study:
        """Return a new, empty study; StudyError if there is one already."""
        with _explained(path), contextlib.ExitStack() as undo:
            lock = undo.enter_context(contextlib.closing(_locked(path)))
            if path.exists() and path.stat().st_size:
                raise StudyError(
                    f"{path}: holds a study already; resume it or choose another place"
                )
            connection = undo.enter_context(contextlib.closing(_connected(path)))
            with _transaction(connection):
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
                for statement in _TABLES.strip().rstrip(";").split(";"):
                    connection.execute(statement)
                rows = [(key, json.dumps(value)) for key, value in asdict(header).items()]
                rows += [(f"version of {key}", json.dumps(value)) for key, value in _versions()]
                connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            study = Study(path, connection)
            study._lock = lock
            undo.pop_all()
        return study

    @staticmethod
    def resume(path: Path, header: Header) -> Study:
        """Return the study to be continued; StudyError if it is another one, or in use."""
        _must_exist(path)
        with _explained(path), contextlib.ExitStack() as undo:
            lock = undo.enter_context(contextlib.closing(_locked(path)))
            connection = undo.enter_context(contextlib.closing(_connected(path)))
            study = Study(path, connection)
            study.must_match(header)
            study._lock = lock
            undo.pop_all()
        return study

    @staticmethod
    def read(path: Path) -> Study:
        """Return the study for reading; a writer may be at work on it."""
        _must_exist(path)
        with _explained(path), contextlib.ExitStack() as undo:
            connection = undo.enter_context(contextlib.closing(_connected(path)))
            connection.execute("PRAGMA query_only = ON")
            study = Study(path, connection)
            undo.pop_all()
        return study

    def close(self) -> None:
        """Let go of the file and of the lock."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def must_match(self, header: Header) -> None:
        """Raise StudyError that names every difference to the stored header."""
        stored, given = asdict(self.header), asdict(header)
        different = [
            f"its {key} is {_short(stored[key])}, not {_short(given[key])}"
            for key in stored
            if stored[key] != given[key]
        ]
        if different:
            raise StudyError(f"{self.path}: is another study: {'; '.join(different)}")

    @property
    def count(self) -> int:
        """The number of evaluations that are stored."""
        return int(self._one("SELECT count(objectives) FROM evaluation"))

    @property
    def elapsed(self) -> float:
        """Seconds of search until the last stored evaluation, pauses not counted."""
        return float(self._one("SELECT coalesce(max(elapsed), 0) FROM evaluation"))

    def records(self) -> list[Record]:
        """Return every stored evaluation in the order in which its point was asked for."""
        query = (
            "SELECT number, batch, point, objectives, violations, payload, elapsed FROM evaluation"
            " WHERE objectives IS NOT NULL ORDER BY number"
        )
        with _explained(self.path):
            return [
                Record(
                    number=number,
                    batch=batch,
                    point=Point(json.loads(point)),
                    evaluation=_evaluation(objectives, violations, payload),
                    elapsed=elapsed,
                )
                for number, batch, point, objectives, violations, payload, elapsed in (
                    self._connection.execute(query)
                )
            ]

    def batches(self, space: Space) -> list[Batch]:
        """Return all batches in order, payloads left out: what an optimiser learns from."""
        query = (
            "SELECT batch, number, point, objectives, violations FROM evaluation ORDER BY number"
        )
        with _explained(self.path):
            rows = self._connection.execute(query).fetchall()
            points = space.encode([json.loads(row[2]) for row in rows])
            answers = [_evaluation(row[3], row[4], "{}") if row[3] else None for row in rows]
        starts = [at for at, row in enumerate(rows) if at == 0 or row[0] != rows[at - 1][0]]
        return [
            Batch(
                number=rows[start][0],
                first=rows[start][1],
                points=points[start:end],
                evaluations=tuple(answers[start:end]),
            )
            for start, end in itertools.pairwise([*starts, len(rows)])
        ]

    def add(self, batch: int, first: int, points: Points) -> None:
        """Store a batch that is about to be evaluated, numbered from `first`."""
        rows = [(first + at, batch, point.key) for at, point in enumerate(points)]
        with _explained(self.path), _transaction(self._connection):
            self._connection.executemany(
                "INSERT INTO evaluation (number, batch, point) VALUES (?, ?, ?)", rows
            )

    def store(
        self, numbers: Sequence[int], evaluations: Sequence[Evaluation], elapsed: float
    ) -> None:
        """Store answers; they are on disk when this returns."""
        rows = [
            (*_written(each), elapsed, number)
            for number, each in zip(numbers, evaluations, strict=True)
        ]
        with _explained(self.path), _transaction(self._connection):
            self._connection.executemany(
                "UPDATE evaluation SET objectives = ?, violations = ?, payload = ?, elapsed = ?"
                " WHERE number = ?",
                rows,
            )

    def _read_header(self) -> Header:
        if self._one("PRAGMA application_id") != _APPLICATION:
            raise StudyError(f"{self.path}: is not a study of Cosynth")
        stored = self._one("PRAGMA user_version")
        if stored != SCHEMA:
            raise StudyError(
                f"{self.path}: is a study of format {stored}, this Cosynth reads format {SCHEMA};"
                " continue it with the version that made it"
            )
        with _explained(self.path):
            pairs = self._connection.execute("SELECT key, value FROM meta").fetchall()
            meta = {key: json.loads(value) for key, value in pairs}
            return Header(
                problem=meta["problem"],
                space=meta["space"],
                objectives=tuple(meta["objectives"]),
                limits=tuple(meta["limits"]),
                optimiser=meta["optimiser"],
                seed=meta["seed"],
                batch=meta["batch"],
            )

    def _one(self, query: str) -> int | float:
        with _explained(self.path):
            value: int | float = self._connection.execute(query).fetchone()[0]
            return value


def discard(path: Path) -> None:
    """Delete a study, if there is one; StudyError if another process writes to it."""
    if not path.exists():
        return
    with _explained(path), contextlib.closing(_locked(path)):
        for each in (path, Path(f"{path}-journal")):
            each.unlink(missing_ok=True)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the file system into sentences."""
    try:
        yield
    except sqlite3.Error as error:
        raise StudyError(f"{path}: {_reason(error)}") from error
    except OSError as error:
        raise StudyError(f"{path}: cannot be written: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, SpecError) as error:
        raise StudyError(f"{path}: {_DAMAGED} ({error})") from error


_DAMAGED = "is damaged or no study; restore a copy or choose another place"


def _reason(error: sqlite3.Error) -> str:
    text = str(error)
    reasons = {
        "full": "the disk is full; make room and resume, nothing that was reported is lost",
        "locked": "another process is using this study; wait for it or choose another place",
        "readonly": "cannot be written; change its permissions or choose another place",
        "unable to open": "cannot be opened or made; is its directory there and writable?",
        "not a database": _DAMAGED,
        "malformed": _DAMAGED,
        "no such": _DAMAGED,
    }
    return next((said for word, said in reasons.items() if word in text), text)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back by itself
            connection.execute("ROLLBACK")
        raise


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _locked(path: Path) -> sqlite3.Connection:
    """Take the writers' lock: an exclusive transaction, never ended, on a file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None, timeout=0.0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except BaseException:
        lock.close()
        raise
    return lock


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise StudyError(f"{path}: no such study")


def _written(evaluation: Evaluation) -> tuple[str, str, str]:
    violations = [[each.limit, each.amount] for each in evaluation.violations]
    try:
        payload = json.dumps(evaluation.payload)
    except (TypeError, ValueError) as error:
        raise StudyError(f"the payload of an evaluation is no JSON: {error}") from error
    return json.dumps(evaluation.objectives), json.dumps(violations), payload


def _evaluation(objectives: str, violations: str, payload: str) -> Evaluation:
    return Evaluation(
        objectives=tuple(map(float, json.loads(objectives))),
        violations=tuple(
            Violation(limit=limit, amount=amount) for limit, amount in json.loads(violations)
        ),
        payload=json.loads(payload),
    )


def _versions() -> list[tuple[str, str]]:
    found = [("python", platform.python_version()), ("sqlite", sqlite3.sqlite_version)]
    for name in ("cosynth", "numpy", "moocore", "pymoo"):
        with contextlib.suppress(PackageNotFoundError):
            found.append((name, version(name)))
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
