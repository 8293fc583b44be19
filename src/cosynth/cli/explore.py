"""The verb explore: hardware, formats and mappings searched together."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosynth.cli._errors import EXIT_INTERRUPTED
from cosynth.cli._inputs import budget, dim_option, dimensions, format_option
from cosynth.cli._output import compact, json_option, save, say, show, width, write_json
from cosynth.errors import InfeasibleError, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosynth.codesign import ChipProblem
    from cosynth.codesign.front import Front
    from cosynth.report.contract import ExploreData
    from cosynth.search import Budget, Optimiser

STUDY, FRONT, REPORT, DESIGNS = "study.sqlite", "front.json", "report.html", "designs"


@click.command("explore", short_help="Search chips, formats and mappings together.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option(
    "--space", type=click.Path(path_type=Path), metavar="SPACE.toml",
    help="What may vary.  [default: a generic engine]",
)  # fmt: skip
@click.option(
    "--minimize", default="latency,energy,area", show_default=True, metavar="FIGURES",
    help="Of latency, energy, area, power, edp, error.",
)  # fmt: skip
@click.option("--limit", "limits", multiple=True, metavar="FIGURE=MOST", help="Such as area=2mm2.")
@click.option(
    "--budget", "spend", default="1000", show_default=True, metavar="N|TIME",
    help="Evaluations, or a time such as 90s or 10min.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="DIR",
    help="Folder for the study, the designs and the report.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Continue the study in DIR.")
@click.option("--force", is_flag=True, help="Replace the study in DIR.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N",
    help="Equal seeds give equal results.",
)  # fmt: skip
@click.option(
    "--optimizer", default="descent", show_default=True, metavar="NAME",
    help="One of `cosynth list optimizers`.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N",
    help="Processes that evaluate.  [default: one a core]",
)  # fmt: skip
@click.option("--on-cluster", metavar="dask:URL", help="Evaluate on a Dask cluster instead.")
@click.option(
    "--verify", "checks", type=click.IntRange(min=1), metavar="K",
    help="Make circuits of K designs of the front; simulate and synthesise them.",
)  # fmt: skip
@format_option
@dim_option
@click.option("--open", "browse", is_flag=True, help="Open the report in the browser.")
@json_option
def command(
    models: tuple[str, ...],
    space: Path | None,
    minimize: str,
    limits: tuple[str, ...],
    spend: str,
    out: Path,
    resume: bool,
    force: bool,
    seed: int,
    optimizer: str,
    workers: int | None,
    on_cluster: str | None,
    checks: int | None,
    formats: str | None,
    dims: tuple[str, ...],
    browse: bool,
    as_json: bool,
) -> None:
    """Search for the chips that run all MODELs best, and write the Pareto front to DIR.

    DIR gets study.sqlite (every evaluation, durable), front.json, designs/ID.json and report.html.
    --verify says what is measured in the report, and corrects all other figures by it.
    Interrupted or killed, a search continues with --resume to the same result.

    \b
    cosynth explore resnet18 --minimize latency,energy,area --out out
    cosynth explore net.onnx --limit area=2mm2 --budget 10min --out out --resume
    """  # noqa: D301 click reads the mark
    if resume and force:
        raise click.UsageError("--resume continues the study, --force replaces it: choose one")
    from cosynth.codesign import ChipProblem, chip_space, goal, precise
    from cosynth.format import assignment
    from cosynth.search import optimiser

    if checks:
        from cosynth import rtl

        rtl.needed()
    wanted = budget(spend)
    assignment(formats or "int8")
    aim = goal(minimize, limits)
    problem = ChipProblem(
        models=models,
        space=precise(chip_space(space, formats), aim),
        goal=aim,
        formats=formats or "int8",
        dims=tuple(dimensions(dims).items()),
    )
    _ = problem.workloads  # a model that cannot be read is told of before a study is made
    chosen = optimiser(optimizer, problem, seed)
    where = on_cluster or workers or _cores()
    with _resumable(out):
        found = _searched(problem, chosen, Request(out, wanted, resume, force, where))
        data = _written(found, out)
        if checks and found.members:
            data = _verified(found, data, out, checks)
    if as_json:
        write_json(data)
    else:
        from cosynth.report.terminal import front_view, verification_view

        show(front_view(data, width()))
        if "verification" in data:
            show(verification_view(data["verification"], len(data["front"])))
    _finish(found, out, browse=browse, quiet=as_json)


@dataclass(frozen=True, slots=True)
class Request:
    """Where a search is kept and runs, and for how long."""

    out: Path
    budget: Budget
    resume: bool
    force: bool
    where: int | str


def _searched(problem: ChipProblem, chosen: Optimiser, request: Request) -> Front:
    """Run the search to its budget."""
    from cosynth.cli._progress import search_progress
    from cosynth.codesign.front import explore
    from cosynth.search import Study, discard, header_of, workers

    path = request.out / STUDY
    _ready(request.out, resume=request.resume, force=request.force)
    with workers(request.where) as executor:
        if request.force:
            discard(path)
            _clear(request.out)
        opened = Study.resume if request.resume and path.exists() else Study.create
        title = " ".join(problem.models)
        with (
            opened(path, header_of(problem, chosen)) as study,
            search_progress(title, problem.objectives, request.budget.seconds) as hear,
        ):
            return explore(problem, chosen, study, request.budget, executor, hear)


@contextlib.contextmanager
def _resumable(out: Path) -> Iterator[None]:
    """Ctrl-C, or a disk that is full, says what is stored and how to go on."""
    try:
        yield
    except OSError:
        say(f"the study is stored; when that is mended, continue with:\n{_again()}")
        raise
    except KeyboardInterrupt:
        from cosynth.search import Study

        if not (out / STUDY).is_file():
            raise
        with Study.read(out / STUDY) as study:
            say(f"interrupted; {study.count} evaluations are stored, continue with:\n{_again()}")
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None


def _ready(out: Path, *, resume: bool, force: bool) -> None:
    """Raise where DIR cannot take a study, before anything is computed."""
    if out.exists() and not out.is_dir():
        raise StudyError(f"{out}: is a file; give a folder for --out")
    if (out / STUDY).exists() and not (resume or force):
        raise StudyError(
            f"{out}: holds a study already; --resume continues it, --force replaces it"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"{out}: cannot be made: {error.strerror}") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise StudyError(f"{out}: cannot be written; change its permissions or choose another")


def _clear(out: Path) -> None:
    """Remove what an earlier search wrote, and nothing else."""
    for name in (FRONT, REPORT):
        (out / name).unlink(missing_ok=True)
    for path in (out / DESIGNS).glob("d*.json"):
        path.unlink()


def _written(found: Front, out: Path) -> ExploreData:
    """Write designs, front and report; return the data of the report."""
    from cosynth.cli._progress import layer_progress
    from cosynth.codesign.front import identity
    from cosynth.report import html
    from cosynth.report.data import explore_data, members

    kept = members(found)
    designs = {}
    if (out / DESIGNS).is_dir():
        for old in (out / DESIGNS).glob("d*.json"):
            old.unlink()
    with layer_progress("describing the front") as hear:
        for at, record in enumerate(kept):
            if hear:
                hear(at, len(kept))
            name = identity(record)
            designs[name] = found.estimates(record)
            save(out / DESIGNS / f"{name}.json", found.written(record, designs[name]))
    data = explore_data(found, designs)
    save(out / FRONT, compact(data))
    save(out / REPORT, html.write(data))
    return data


def _verified(found: Front, data: ExploreData, out: Path, checks: int) -> ExploreData:
    """Make circuits of some designs; write front and report again, with what they show."""
    from cosynth.cli._progress import step_progress
    from cosynth.codesign.front import identity
    from cosynth.codesign.verify import verify
    from cosynth.report import html
    from cosynth.report.verification import verification_data

    with step_progress("verifying") as on_step:
        made = verify(found, checks, on_step)
    for check in made.checks:
        path = out / DESIGNS / f"{identity(check.record)}.json"
        if not path.exists():  # of a large front only some members are described
            save(path, found.written(check.record, found.estimates(check.record)))
    data = {**data, "verification": verification_data(found, made)}
    save(out / FRONT, compact(data))
    save(out / REPORT, html.write(data))
    return data


def _finish(found: Front, out: Path, *, browse: bool, quiet: bool) -> None:
    from cosynth.codesign.front import identity, why_nothing

    if not found.members:
        raise InfeasibleError(why_nothing(found))
    report = out / REPORT
    tell = say if quiet else click.echo
    knee = out / DESIGNS / f"{identity(found.knee_record())}.json"
    tell(f"\nreport  {report}\ndesign  {knee}")
    if browse and _display():
        import webbrowser

        webbrowser.open(report.resolve().as_uri())


def _display() -> bool:
    """Whether a browser could show anything here."""
    if sys.platform in {"darwin", "win32"}:
        return True
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(shown) and shutil.which("xdg-open") is not None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _again() -> str:
    """The command that was typed, made to continue."""
    typed = [each for each in sys.argv[1:] if each not in {"--force", "--resume"}]
    return shlex.join(["cosynth", *typed, "--resume"])
