"""Each tool on one problem: run its worker, read its mappings back, set them beside ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path

from bench.rivals import to_accelforge, to_zigzag
from bench.rivals.back import Nest, from_nodes, from_tables, told
from bench.rivals.environment import ACCELFORGE, HERE, ZIGZAG, Limits, Outcome, Tool, run
from bench.rivals.problems import FREQUENCY, Problem, Work, dearer
from cosynth.mapping import write

# cheaper by less than this is rounding
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A tool, or one way to use it; no `tool` means ours. `more` names options."""

    worker: str
    tool: Tool | None = None
    more: str = ""


TOOLS = {
    "cosynth": Entrant(worker="worker_cosynth.py"),
    "accelforge": Entrant(worker="worker_accelforge.py", tool=ACCELFORGE),
    "accelforge-ragged": Entrant(worker="worker_accelforge.py", tool=ACCELFORGE, more="ragged"),
    "accelforge-coarse": Entrant(worker="worker_accelforge.py", tool=ACCELFORGE, more="coarse"),
    "zigzag": Entrant(worker="worker_zigzag.py", tool=ZIGZAG),
    "zigzag-mixed": Entrant(worker="worker_zigzag.py", tool=ZIGZAG, more="mixed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool on one problem: CPU seconds, and the EDP of what it found.

    `own` is by its own model, `counted` by our counter; `ratio` is `counted` to ours; `each` holds
    our count of every work. None where it did not get that far.
    """

    problem: str
    tool: str
    fresh: float | None
    cold: float | None
    warm: float | None
    times_cold: float | None
    times_warm: float | None
    own: float | None
    counted: float | None
    ratio: float | None
    each: tuple[float | None, ...]
    worse: bool
    remarks: str
    mappings: tuple[str, ...]
    cpu: float


def measure(
    name: str, problem: Problem, pythons: Table[str, Path], limits: Limits, ours: Row | None
) -> Row:
    """Run one tool on one problem and judge it beside our own row."""
    entrant = TOOLS[name]
    outcome = _run(entrant, problem, pythons, limits)
    calls: tuple[dict[int, dict[str, object]], ...] = ({}, {})
    for result in outcome.results:
        calls[_whole(result["call"])][_whole(result["work"])] = result
    first, second = calls
    groups = 1 if problem.fused and entrant.tool is ACCELFORGE else len(problem.works)
    whole = len(first) == groups
    costs, exact, mappings = _counted(entrant, problem, first, groups)
    cold = _sum(first) if whole else None
    warm = _sum(second) if len(second) == groups else None
    counted = _total(problem, costs)
    own = _own(entrant, problem, first) if whole else None
    remarks = _remarks(problem, outcome, first, groups, exact)
    fused = groups < len(problem.works)
    compared = own if fused else counted
    worse = False
    if ours is not None and ours.counted is not None:
        pairs = [(compared, ours.counted)] if fused else zip(_edps(costs), ours.each, strict=True)
        worse = any(
            theirs is not None and mine is not None and theirs < mine * (1 - ROUNDING)
            for theirs, mine in pairs
        )
    return Row(
        problem=problem.name,
        tool=name,
        fresh=max((_number(one["total"]) for one in first.values()), default=None)
        if whole
        else None,
        cold=cold,
        warm=warm,
        times_cold=_ratio(cold, ours.cold if ours else None),
        times_warm=_ratio(warm, ours.warm if ours else None),
        own=own,
        counted=None if fused else counted,
        ratio=_ratio(compared, ours.counted if ours else None),
        each=_edps(costs),
        worse=worse,
        remarks="; ".join([*(["OURS IS WORSE"] if worse else []), *remarks]),
        mappings=mappings,
        cpu=outcome.cpu,
    )


def _run(entrant: Entrant, problem: Problem, pythons: Table[str, Path], limits: Limits) -> Outcome:
    worker = str(HERE / entrant.worker)
    both = (problem, dearer(problem))
    if entrant.tool is None:
        # the worker reads the problems of this package
        os.environ["PYTHONPATH"] = str(HERE.parent.parent)
        return run([sys.executable, "-P", worker], {"problem": problem.name}, limits)
    os.environ.pop("PYTHONPATH", None)
    python = str(pythons[entrant.tool.folder])
    if entrant.tool is ACCELFORGE:
        given: object = to_accelforge.given(both, more=entrant.more)
    else:
        given = to_zigzag.given(both, mixed=bool(entrant.more))
    return run([python, "-P", worker], given, limits)


# energy and latency of one work under our counter
Costs = list[tuple[float, float] | None]


def _counted(
    entrant: Entrant, problem: Problem, first: dict[int, dict[str, object]], groups: int
) -> tuple[Costs, list[bool], tuple[str, ...]]:
    """Our count of every work, whether its mapping was said exactly, and the mappings as text."""
    costs: Costs = []
    exact: list[bool] = []
    texts = []
    for number, work in enumerate(problem.works):
        result = first.get(number)
        if result is None or groups < len(problem.works):
            costs.append(None)
            texts.append(str(result["text"]) if result else "")
            continue
        if entrant.tool is None:
            costs.append((_number(result["energy"]), _number(result["latency"])))
            texts.append(str(result["text"]))
            continue
        nest = _nest(work, problem, result["nest"])
        found = told(nest, work, problem) if nest else None
        if found is None:
            costs.append(None)
            texts.append(str(result["text"]))
            continue
        exact.append(found.exact)
        costs.append((float(found.mapped.cost.energy), float(found.mapped.cost.latency)))
        texts.append(write(found.mapped.mapping, work.job.einsum))
    return costs, exact, tuple(texts)


def _nest(work: Work, problem: Problem, said: object) -> Nest | None:
    (engine,) = problem.hardware.engines
    if isinstance(said, list):
        return from_nodes(said, work.job)
    if isinstance(said, dict):
        return from_tables(said, work.job, engine)
    return None


def _own(entrant: Entrant, problem: Problem, first: dict[int, dict[str, object]]) -> float | None:
    """The EDP by the tool's own model, where it says energy and latency or is asked for one."""
    if entrant.tool is ACCELFORGE:
        return _number(first[0]["cost"]) if len(first) == 1 else None
    energy = latency = 0.0
    for number, work in enumerate(problem.works):
        result = first[number]
        seconds = (
            _number(result["cycles"]) / FREQUENCY
            if "cycles" in result
            else _number(result["latency"])
        )
        energy += _number(result["energy"]) * work.count
        latency += seconds * work.count
    return energy * latency


def _total(problem: Problem, costs: Costs) -> float | None:
    """EDP of all works one after the other."""
    energy = latency = 0.0
    for work, cost in zip(problem.works, costs, strict=True):
        if cost is None:
            return None
        energy += cost[0] * work.count
        latency += cost[1] * work.count
    return energy * latency


def _edps(costs: Costs) -> tuple[float | None, ...]:
    return tuple(cost and cost[0] * cost[1] for cost in costs)


def _remarks(
    problem: Problem,
    outcome: Outcome,
    first: dict[int, dict[str, object]],
    groups: int,
    exact: list[bool],
) -> list[str]:
    found = []
    if exact and not all(exact):
        found.append(f"nearest ({exact.count(False)} of {len(exact)})")
    if any(result.get("nest", "") is None for result in first.values()):
        found.append("fused")
    if "gap" in first.get(0, {}) and problem.fused:
        found.append("each einsum alone")
    gaps = [_number(result["gap"]) for result in first.values() if "gap" in result]
    if gaps:
        found.append(f"gap at most {max(gaps):.4f}")
    if outcome.timed_out:
        done = f"{len(first)} of {groups} in the limit" if len(first) < groups else "no second call"
        found.append(f"{done} ({outcome.cpu:.0f} s of CPU)")
    if outcome.error:
        found.append(outcome.error)
    return found


def _sum(results: dict[int, dict[str, object]]) -> float:
    return sum(_number(result["cpu"]) for result in results.values())


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b else None


def _number(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value)


def _whole(value: object) -> int:
    return int(_number(value))
