"""Progress for a person who waits: on a terminal only, and only after a second."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Self

import click

from cosynth.cli._output import console

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from cosynth.search import Progress

_PATIENCE = 1.0  # seconds that pass in silence
_DIMENSION = {"latency": "time", "energy": "energy", "area": "area", "power": "power"}


@contextlib.contextmanager
def step_progress(what: str) -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield a listener for (what is done, done, total), or None where nobody watches."""
    if not _watched():
        yield None
        return
    with _Line(what) as line:
        yield lambda doing, done, total: line.update(done, total, doing)


@contextlib.contextmanager
def layer_progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a listener for (done, total), or None where nobody watches."""
    if not _watched():
        yield None
        return
    with _Line(what) as line:
        yield lambda done, total: line.update(done, total, "")


def say_if_cold() -> None:
    """Tell who watches that the mapper has to be compiled first."""
    from cosynth.mapper.compiled import cold

    if _watched() and cold():
        click.echo("compiling the mapper for this machine: once, about a minute", err=True)


@contextlib.contextmanager
def search_progress(
    what: str, objectives: tuple[str, ...], seconds: float | None
) -> Iterator[Callable[[Progress], None] | None]:
    """Yield a listener for a search that shows rate, time left and the best of each objective."""
    if not _watched():
        yield None
        return
    best = dict.fromkeys(objectives, math.inf)
    began = time.monotonic()
    first: list[int] = []

    def hear(progress: Progress) -> None:
        for record in progress.records:
            if record.evaluation.feasible:
                for name, value in zip(objectives, record.evaluation.objectives, strict=True):
                    best[name] = min(best[name], value)
        first.append(progress.done - len(progress.records)) if not first else None
        rate = (progress.done - first[0]) / max(time.monotonic() - began, 1e-9)
        shown = f"{progress.done:,} · {rate:.3g}/s · best {', '.join(_best(best))}"
        if progress.total:
            line.update(progress.done, progress.total, shown)
        elif seconds:
            line.update(min(progress.elapsed, seconds), seconds, shown)

    with _Line(what) as line:
        yield hear


def _watched() -> bool:
    return sys.stderr.isatty()


def _best(best: dict[str, float]) -> list[str]:
    from cosynth.units import show

    return [
        show(value, _DIMENSION[name]) if name in _DIMENSION else f"{value:.3g}"
        for name, value in best.items()
    ]


class _Line:
    """One line of progress that appears after a second and is wiped at the end."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._bars: Bars | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def update(self, done: float, total: float, shown: str) -> None:
        """Show how far it is."""
        if self._bars is None:
            if time.monotonic() - self._began < _PATIENCE:
                return
            self._bars = _bars(self._what)
        self._bars.update(self._bars.task_ids[0], completed=done, total=total, shown=shown)


def _bars(what: str) -> Bars:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(error=True)
    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=max(8, min(30, screen.width - 72))),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[shown]}", markup=False),
        console=screen,
        transient=True,
    )
    bars.add_task(what, total=None, shown="")
    bars.start()
    return bars
