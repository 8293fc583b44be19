"""A study that is unfinished, or at work, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.codesign.front import identity
from cosynth.report.contract import StudyData
from cosynth.report.data import evaluation_data
from cosynth.report.terminal.front import FIGURES
from cosynth.report.terminal.text import MUTED, STRONG, named, note, table, titled
from cosynth.search import Header, Record, front
from cosynth.units import show


def study_view(
    header: Header, records: Sequence[Record], folder: Path
) -> tuple[StudyData, RenderableType]:
    """Return what a study holds so far, as data and as a view."""
    chosen = front([record.evaluation for record in records])
    feasible = sum(record.evaluation.feasible for record in records)
    said = f"{len(records)} evaluations, {feasible} feasible, seed {header.seed}"
    head = Text.assemble(named(header.problem, STRONG), (f" · {said}, {header.optimiser}", MUTED))
    rows = table("design", *header.objectives)
    for at in chosen:
        values = zip(header.objectives, records[at].evaluation.objectives, strict=True)
        cells = [show(v, FIGURES[n]) if n in FIGURES else f"{v:.3g}" for n, v in values]
        rows.add_row(named(identity(records[at])), *cells)
    data: StudyData = {
        "cosynth": "study",
        "problem": header.problem,
        "objectives": list(header.objectives),
        "limits": list(header.limits),
        "optimiser": header.optimiser,
        "seed": header.seed,
        "evaluations": [evaluation_data(record) for record in records],
        "front": [identity(records[at]) for at in chosen],
    }
    unfinished = note(f"unfinished: run cosynth explore ... --out {folder} --resume again")
    return data, Group(head, titled(f"Front so far: {len(chosen)}", rows), unfinished)
