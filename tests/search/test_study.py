"""Studies on disk: durable, single-writer, and clear about what is wrong."""

import contextlib
import math
import multiprocessing
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cosynth.errors import StudyError
from cosynth.search import (
    Budget,
    Evaluation,
    Header,
    Study,
    Violation,
    discard,
    header_of,
    optimiser,
    run,
)
from cosynth.testing.problems import Staircase

PROBLEM = Staircase(parameters=3, steps=8)


def header() -> Header:
    return header_of(PROBLEM, optimiser("random", PROBLEM, 1), 8)


def filled(path: Path, evaluations: int = 20) -> None:
    with Study.create(path, header()) as study:
        run(PROBLEM, optimiser("random", PROBLEM, 1), study, Budget(evaluations=evaluations))


def test_answers_come_back_as_they_were(tmp_path: Path) -> None:
    given = [
        Evaluation(objectives=(0.1 + 0.2, math.inf)),
        Evaluation(
            objectives=(1e-300, 2.0),
            violations=(Violation(limit="area <= 2 mm²", amount=0.25),),
            payload={"levels": [1, {"name": "ü"}], "gap": None},
        ),
    ]
    path = tmp_path / "new" / "study.sqlite"
    points = optimiser("random", PROBLEM, 1).ask(2)
    with Study.create(path, header()) as study:
        study.add(0, 0, points)
        study.store([0, 1], given, 0.5)
    with Study.read(path) as study:
        assert [each.evaluation for each in study.records()] == given
        assert [each.point for each in study.records()] == list(points)
        assert (study.count, study.elapsed, study.header) == (2, 0.5, header())
        (batch,) = study.batches(PROBLEM.space)
        assert [e.objectives for e in batch.evaluations if e] == [e.objectives for e in given]


def test_an_asked_batch_without_answers_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    points = optimiser("random", PROBLEM, 1).ask(4)
    with Study.create(path, header()) as study:
        study.add(0, 0, points)
        study.store([2], [Evaluation(objectives=(1.0, 2.0))], 0.0)
    with Study.resume(path, header()) as study:
        (batch,) = study.batches(PROBLEM.space)
        assert [each is None for each in batch.evaluations] == [True, True, False, True]
        assert batch.points.codes.tolist() == points.codes.tolist()


def test_a_reader_may_look_while_a_writer_works(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    with Study.create(path, header()) as study:
        study.add(0, 0, optimiser("random", PROBLEM, 1).ask(2))
        with Study.read(path) as reader:
            study.store([0], [Evaluation(objectives=(1.0, 2.0))], 0.0)
            assert reader.count == 1


def test_second_writer_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    code = (
        "import sys; from pathlib import Path; from tests.search.test_study import *\n"
        "try: Study.resume(Path(sys.argv[1]), header())\n"
        "except StudyError as error: print(error)"
    )
    with Study.create(path, header()):
        said = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
        )
        assert said.stdout.strip() == (
            f"{path}: another process is using this study; wait for it or choose another place"
        ), said.stderr
        with pytest.raises(StudyError, match="another process is using this study"):
            Study.resume(path, header())
    Study.resume(path, header()).close()


def test_a_study_that_is_there_already_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    filled(path)
    with pytest.raises(StudyError) as caught:
        Study.create(path, header())
    assert str(caught.value) == f"{path}: holds a study already; resume it or choose another place"


def test_a_discarded_study_makes_room_for_another(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    discard(path)
    filled(path)
    discard(path)
    assert not path.exists()
    filled(path, 3)


def test_a_study_at_work_is_not_discarded_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    with Study.create(path, header()):
        with pytest.raises(StudyError, match="another process is using this study"):
            discard(path)
        assert path.exists()


def test_no_study_wrong(tmp_path: Path) -> None:
    for begin in (Study.read, lambda path: Study.resume(path, header())):
        with pytest.raises(StudyError) as caught:
            begin(tmp_path / "study.sqlite")
        assert str(caught.value) == f"{tmp_path / 'study.sqlite'}: no such study"


def test_a_study_of_something_else_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    filled(path)
    other = replace(header(), objectives=("energy",), seed=2)
    with pytest.raises(StudyError) as caught:
        Study.resume(path, other)
    assert str(caught.value) == (
        f"{path}: is another study: its objectives is ('first', 'second'), not ('energy',);"
        " its seed is 1, not 2"
    )
    with pytest.raises(StudyError, match="its space is "):
        Study.resume(path, replace(header(), space=""))


def test_a_study_of_another_version_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    filled(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StudyError) as caught:
        Study.read(path)
    assert str(caught.value) == (
        f"{path}: is a study of format 99, this Cosynth reads format 1;"
        " continue it with the version that made it"
    )


@pytest.mark.parametrize("content", [b"hello " * 1000, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_study_wrong(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.sqlite"
    path.write_bytes(content)
    for begin in (Study.read, lambda path: Study.resume(path, header())):
        with pytest.raises(StudyError, match="is damaged or no study"):
            begin(path)


def test_another_database_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (key TEXT)")
    connection.close()
    with pytest.raises(StudyError) as caught:
        Study.read(path)
    assert str(caught.value) == f"{path}: is not a study of Cosynth"


def test_no_byte_flipped_gives_a_traceback_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    filled(path)
    whole = path.read_bytes()
    flipped = [
        whole[:at] + bytes([whole[at] ^ 0xA5]) + whole[at + 1 :] for at in range(0, len(whole), 61)
    ]
    for content in flipped + [whole[:size] for size in range(0, len(whole), 997)]:
        path.write_bytes(content)
        with contextlib.suppress(StudyError), Study.resume(path, header()) as study:
            study.batches(PROBLEM.space)
            study.records()


def test_a_place_that_cannot_be_written_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match=r"file/study.sqlite: cannot be written: "):
        Study.create(tmp_path / "file" / "study.sqlite", header())
    with pytest.raises(StudyError) as caught:
        Study.create(Path("/proc/study.sqlite"), header())
    assert str(caught.value) == (
        "/proc/study.sqlite: cannot be opened or made; is its directory there and writable?"
    )


def test_a_full_disk_wrong(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    searcher = optimiser("random", PROBLEM, 1)
    with Study.create(path, header()) as study:
        pages = study._connection.execute("PRAGMA page_count").fetchone()[0]
        study._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        reported: list[int] = []
        with pytest.raises(StudyError) as caught:
            run(
                PROBLEM,
                searcher,
                study,
                Budget(evaluations=512),
                on_progress=lambda progress: reported.extend(r.number for r in progress.records),
            )
        assert str(caught.value) == (
            f"{path}: the disk is full; make room and resume, nothing that was reported is lost"
        )
    with Study.resume(path, header()) as study:
        assert reported
        assert set(reported) <= {each.number for each in study.records()}
        run(PROBLEM, optimiser("random", PROBLEM, 1), study, Budget(evaluations=512))
        assert study.count == 512


def test_a_lock_is_not_inherited_by_a_child_that_outlives(tmp_path: Path) -> None:
    path = tmp_path / "study.sqlite"
    study = Study.create(path, header())
    child = multiprocessing.get_context("spawn").Process(target=_wait, daemon=True)
    child.start()
    study.close()
    Study.resume(path, header()).close()
    child.terminate()
    child.join()


def _wait() -> None:
    import time

    time.sleep(30)
