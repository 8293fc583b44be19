"""Where evaluations run: here, in processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.connection import wait

from cosynth.errors import SpecError

_PATIENCE = 10.0  # seconds to wait for a cluster to answer


@contextlib.contextmanager
def workers(where: int | str | None) -> Iterator[Executor | None]:
    """Yield the executor that `where` describes, and close it afterwards.

    `None`, 0 or 1: no executor, evaluate in this process. A number: that many processes (a script
    of yours then needs `if __name__ == "__main__":`). `"dask:tcp://host:port"`: that cluster.

    >>> with workers(None) as executor:
    ...     executor is None
    True
    """
    if isinstance(where, str):
        with _dask(where) as executor:
            yield executor
    elif where is None or where in {0, 1}:
        yield None
    elif where < 0:
        raise SpecError(f"{where} workers: give a number of at least 1")
    else:
        with _processes(where) as executor:
            yield executor


@contextlib.contextmanager
def _processes(count: int) -> Iterator[Executor]:
    # never fork: this process may have threads and an open study
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in known else "spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_settle)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _settle() -> None:
    """Prepare a worker: leave Ctrl-C to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@contextlib.contextmanager
def _dask(where: str) -> Iterator[Executor]:
    scheme, _, address = where.partition(":")
    if scheme != "dask" or "://" not in address:
        raise SpecError(f"{where!r} is no cluster; write for example 'dask:tcp://localhost:8786'")
    try:
        from distributed import Client
    except ImportError:
        raise SpecError(
            f"{where!r} needs Dask; install it with: pip install 'cosynth[dask]'"
        ) from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise SpecError(f"{where!r}: no Dask scheduler answers there ({error})") from error
    try:
        executor: Executor = client.get_executor()
        yield executor
    finally:
        client.close()
