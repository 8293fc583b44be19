"""Executors: none, processes, and a real Dask cluster."""

import sys
from pathlib import Path

import pytest
from tests.search.test_run import essence, search

from cosynth.errors import SpecError
from cosynth.search import workers
from cosynth.testing.problems import Toy


@pytest.mark.parametrize("where", [None, 0, 1])
def test_one_worker_is_this_process(where: int | None) -> None:
    with workers(where) as executor:
        assert executor is None


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.filterwarnings("ignore")  # what Dask warns about is not ours
def test_a_dask_cluster_gives_the_same_result(tmp_path: Path, processes: bool) -> None:
    distributed = pytest.importorskip("distributed")
    expected = essence(search(tmp_path / "here", Toy()))
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=processes,
        dashboard_address=None,
        protocol="tcp://",
        silence_logs=50,
    ) as cluster:
        with workers(f"dask:{cluster.scheduler_address}") as executor:
            there = search(tmp_path / "there", Toy(), executor=executor)
        assert essence(there) == expected


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("spark://x", "'spark://x' is no cluster; write for example 'dask:tcp://localhost:8786'"),
        ("dask:x", "'dask:x' is no cluster; write for example 'dask:tcp://localhost:8786'"),
        (-2, "-2 workers: give a number of at least 1"),
    ],
)
def test_where_wrong(where: int | str, text: str) -> None:
    with pytest.raises(SpecError) as caught, workers(where):
        pass
    assert str(caught.value) == text


def test_dask_that_is_not_installed_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SpecError) as caught, workers("dask:tcp://localhost:1"):
        pass
    assert str(caught.value) == (
        "'dask:tcp://localhost:1' needs Dask; install it with: pip install 'cosynth[dask]'"
    )


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    import importlib

    monkeypatch.setattr(importlib.import_module("cosynth.search.executor"), "_PATIENCE", 0.3)
    with (
        pytest.raises(
            SpecError, match=r"'dask:tcp://127\.0\.0\.1:9': no Dask scheduler answers there"
        ),
        workers("dask:tcp://127.0.0.1:9"),
    ):
        pass
