"""The search loop: budgets, order, interruption, faults."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.search.toys import Faulty, Slow

from cosynth.errors import StudyError
from cosynth.search import (
    Budget,
    Problem,
    Progress,
    Record,
    Study,
    front,
    header_of,
    optimiser,
    run,
    workers,
)
from cosynth.testing.problems import Staircase, Toy


def essence(records: list[Record]) -> list[tuple[object, ...]]:
    return [(each.number, each.batch, each.point, each.evaluation) for each in records]


def search(
    path: Path,
    problem: Problem,
    name: str = "random",
    evaluations: int = 48,
    executor: Executor | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[Record]:
    searcher = optimiser(name, problem, 3)
    header = header_of(problem, searcher, 16)
    begin = Study.resume if path.exists() else Study.create
    with begin(path, header) as study:
        return run(problem, searcher, study, Budget(evaluations=evaluations), executor, on_progress)


def test_the_budget_is_spent_to_the_point(tmp_path: Path) -> None:
    for evaluations in (1, 16, 37):
        records = search(tmp_path / f"{evaluations}", Toy(), evaluations=evaluations)
        assert [each.number for each in records] == list(range(evaluations))


def test_the_search_ends_with_the_space(tmp_path: Path) -> None:
    assert len(search(tmp_path / "s", Staircase(parameters=2, steps=4), "exhaustive", 99)) == 16


def test_seconds_end_the_search(tmp_path: Path) -> None:
    problem = Slow(seconds=0.005)
    searcher = optimiser("random", problem)
    with Study.create(tmp_path / "s", header_of(problem, searcher, 8)) as study:
        began = time.monotonic()
        records = run(problem, searcher, study, Budget(seconds=0.3))
        assert 8 <= len(records) < 80
        assert time.monotonic() - began < 3


def test_progress_comes_after_the_evaluation_is_on_disk(tmp_path: Path) -> None:
    seen: list[int] = []

    def look(progress: Progress) -> None:
        with Study.read(tmp_path / "s") as study:
            stored = {each.number for each in study.records()}
        assert {each.number for each in progress.records} <= stored
        assert progress.done == len(stored)
        assert progress.total == 48
        seen.extend(each.number for each in progress.records)

    search(tmp_path / "s", Toy(), on_progress=look)
    assert seen == list(range(48))


class Stop(BaseException):
    """Stands for Ctrl-C."""


def halt(stop: int) -> Callable[[Progress], None]:
    """Interrupt at the report of this number."""
    calls = itertools.count()

    def heard(_: Progress) -> None:
        if next(calls) == stop:
            raise Stop

    return heard


@pytest.mark.parametrize("name", ["random", "exhaustive", "nsga2", "descent"])
def test_an_interrupted_search_ends_like_one_that_was_not(tmp_path: Path, name: str) -> None:
    problem = Toy(largest_area=3.0)
    expected = search(tmp_path / "whole", problem, name, 170)
    for stop in (0, 3, 9):
        path = tmp_path / f"{stop}"
        with pytest.raises(Stop):
            search(path, problem, name, 170, on_progress=halt(stop))
        assert essence(search(path, problem, name, 170)) == essence(expected)


def test_a_longer_budget_continues_a_finished_study(tmp_path: Path) -> None:
    search(tmp_path / "s", Toy(), "descent", 32)
    assert essence(search(tmp_path / "s", Toy(), "descent", 64)) == essence(
        search(tmp_path / "whole", Toy(), "descent", 64)
    )


def test_threads_and_processes_give_the_result_of_none(tmp_path: Path) -> None:
    problem = Toy()
    expected = essence(search(tmp_path / "none", problem))
    with ThreadPoolExecutor(3) as threads:
        assert essence(search(tmp_path / "threads", problem, executor=threads)) == expected
    with workers(2) as processes:
        assert essence(search(tmp_path / "processes", problem, executor=processes)) == expected


def test_a_chunk_takes_less_than_a_second(tmp_path: Path) -> None:
    marks = [time.monotonic()]
    search(
        tmp_path / "s",
        Slow(seconds=0.02),
        evaluations=100,
        on_progress=lambda _: marks.append(time.monotonic()),
    )
    assert max(later - earlier for earlier, later in itertools.pairwise(marks)) < 1.0


def test_the_study_costs_less_than_two_milliseconds_an_evaluation(tmp_path: Path) -> None:
    began = time.process_time()
    search(tmp_path / "s", Staircase(), evaluations=1000)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("raise", "ValueError: no such tile"),
        ("few", "points had"),
        ("wide", "3 objectives instead of 2"),
    ],
)
def test_a_faulty_problem_wrong(tmp_path: Path, fault: str, text: str) -> None:
    with pytest.raises(StudyError) as caught:
        search(tmp_path / "s", Faulty(fault=fault), "exhaustive", 999)
    assert str(caught.value).startswith("evaluating {'x0': 20, 'x1': 0} and 15 more: ")
    assert text in str(caught.value)
    with Study.read(tmp_path / "s") as study:
        assert study.count >= 600


def test_a_payload_that_is_no_json_wrong(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        search(tmp_path / "s", Faulty(fault="payload"), "exhaustive", 999)
    assert str(caught.value) == (
        "the payload of an evaluation is no JSON: Object of type set is not JSON serializable"
    )


def test_a_dead_worker_wrong(tmp_path: Path) -> None:
    with workers(2) as executor, pytest.raises(StudyError, match=r"a worker was lost \(Broken"):
        search(tmp_path / "s", Faulty(fault="die"), "exhaustive", 999, executor=executor)
    with Study.read(tmp_path / "s") as study:
        assert study.count >= 600
    assert len(search(tmp_path / "s", Faulty(fault="none"), "exhaustive", 999)) == 999


def test_a_failure_in_a_process_wrong(tmp_path: Path) -> None:
    with workers(2) as executor, pytest.raises(StudyError, match="ValueError: no such tile"):
        search(tmp_path / "s", Faulty(fault="raise"), "exhaustive", 999, executor=executor)


def test_another_optimiser_than_the_study_has_wrong(tmp_path: Path) -> None:
    problem = Toy()
    header = header_of(problem, optimiser("random", problem), 16)
    with Study.create(tmp_path / "s", header) as study, pytest.raises(StudyError) as caught:
        run(problem, optimiser("descent", problem), study, Budget(evaluations=1))
    assert str(caught.value).endswith("is another study: its optimiser is 'random', not 'descent'")


def test_ctrl_c_leaves_a_study_that_resumes(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.search.test_run import *\n"
        # who starts tests in the background has it ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "hit = lambda p: os.kill(os.getpid(), signal.SIGINT) if p.done > 20 else None\n"
        "search(Path(sys.argv[1]), Toy(), on_progress=hit)"
    )
    path = tmp_path / "s"
    child = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "KeyboardInterrupt" in child.stderr
    with Study.read(path) as study:
        assert 20 < study.count < 48
    assert essence(search(path, Toy())) == essence(search(tmp_path / "whole", Toy()))


def test_nothing_is_lost_when_killed(tmp_path: Path) -> None:
    from bench import kill

    expected = kill.search(tmp_path / "undisturbed.sqlite", 1, report=False)
    kills = 0
    for seed in range(1, 4):
        outcome = kill.trial(tmp_path, expected, seed, 1, 1.2)
        sys.stdout.write(f"seed {seed}: {outcome}\n")
        kills += outcome.kills
        assert (outcome.lost, outcome.equal) == (0, True)
    assert kills
    assert front([each.evaluation for each in expected])
