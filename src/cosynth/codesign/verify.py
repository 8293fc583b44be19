"""Designs of a front made into circuits, and what that says of those that were not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.codesign.estimate import Estimate, prepare
from cosynth.codesign.front import Front, identity, stated_figures
from cosynth.codesign.goal import Limit
from cosynth.codesign.progress import OnStep
from cosynth.codesign.residual import Residuals, residuals
from cosynth.errors import CircuitError, SpecError
from cosynth.hardware import laws
from cosynth.search import Evaluation, Record, Violation, front

# figures that a circuit measures; others follow from these and the predicted energy
MEASURED = ("latency", "area")
# components of the tree that are memories of the circuit: their area is that of the law
MACROS = ("buffer", "sums")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One design as a circuit: figures in SI units as predicted and as measured.

    `latency` counts the cycles of the circuit for what it runs, and the prediction for what the
    host does; `area` the logic that was synthesised and memories by their law.
    """

    record: Record
    predicted: Mapping[str, float]
    measured: Mapping[str, float]
    cycles: int
    bits: int
    wrong: int
    host: int  # layers that the circuit leaves to the host
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A design of which no circuit was made, and why."""

    record: Record
    why: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verification:
    """What circuits say of a front: `corrected` are all evaluations, measured ones as measured."""

    checks: tuple[Check, ...]
    refused: tuple[Refused, ...]
    models: Mapping[str, Residuals]
    corrected: tuple[Record, ...]
    front: tuple[Record, ...]


def verify(found: Front, most: int, on_step: OnStep | None = None) -> Verification:
    """Make circuits of up to `most` members of a front, and correct all figures by what they show.

    The knee comes first, then always the member farthest in the space from all that were measured:
    the one of which least is known.
    """
    left = list(found.members)
    positions = _positions(found, left)
    checks: list[Check] = []
    refused: list[Refused] = []
    where: list[NDArray[np.float64]] = []
    while left and len(checks) < most:
        at = left.index(found.knee_record()) if not checks and not refused else 0
        if where:
            distance = np.min([((positions - one) ** 2).sum(axis=1) for one in where], axis=0)
            at = int(np.argmax(distance))
        record, here = left.pop(at), positions[at]
        positions = np.delete(positions, at, axis=0)
        try:
            checks.append(_check(found, record, len(checks), most, on_step))
            where.append(here)
        except (SpecError, CircuitError) as error:
            refused.append(Refused(record=record, why=str(error).partition("\n")[0]))
    if not checks:
        return Verification(
            checks=(), refused=tuple(refused), models={}, corrected=found.records,
            front=found.members,
        )  # fmt: skip
    known = np.array(where)
    models = {
        name: residuals(known, [one.measured[name] / one.predicted[name] for one in checks])
        for name in MEASURED
    }
    corrected = _corrected(found, models, checks)
    chosen = front([record.evaluation for record in corrected])
    chosen.sort(key=lambda at: corrected[at].evaluation.objectives)
    return Verification(
        checks=tuple(checks),
        refused=tuple(refused),
        models=models,
        corrected=corrected,
        front=tuple(corrected[at] for at in chosen),
    )


def _positions(found: Front, records: Sequence[Record]) -> NDArray[np.float64]:
    """Where points stand in the unit cube of their space, [records, parameters]."""
    space = found.problem.space
    return space.units(space.encode([dict(record.point) for record in records]).codes)


def _check(found: Front, record: Record, done: int, most: int, on_step: OnStep | None) -> Check:
    """Generate, simulate and synthesise one design for all models of a search."""
    began = time.monotonic()

    def say(doing: str) -> None:
        if on_step:
            on_step(f"{identity(record)}: {doing}", done, most)

    predicted = stated_figures(record)
    latency = 0.0
    cycles = bits = wrong = host = 0
    made = None
    for name, estimate in found.estimates(record).items():

        def hear(doing: str, at: int, of: int, name: str = name) -> None:
            say(f"mapping {name}, {doing} {at}/{of}")

        mappings = {layer.job.name: layer.mapped.mapping for layer in estimate.layers}
        made = circuit.generate(
            estimate.model, estimate.hardware, estimate.formats, name=name, mappings=mappings,
            on_step=hear,
        )  # fmt: skip
        say(f"simulating {name}")
        run = made.simulate()
        latency += _latency(estimate, run, made.chip.frequency)
        cycles, bits, wrong = cycles + run.cycles, bits + run.bits, wrong + run.wrong
        host += sum(isinstance(one, rtl.Host) for one in made.program.order)
    assert made is not None
    say("synthesising")
    area = predicted["area"] + _more_logic(found, record, made)
    return Check(
        record=record,
        predicted={name: predicted[name] for name in MEASURED},
        measured={"latency": latency, "area": area},
        cycles=cycles,
        bits=bits,
        wrong=wrong,
        host=host,
        seconds=time.monotonic() - began,
    )


def _latency(estimate: Estimate, run: rtl.Run, frequency: float) -> float:
    """Seconds of a run: cycles of layers on the circuit, and what the estimate says of others."""
    plan = prepare(estimate.model, estimate.formats)
    known = {layer.job.name: float(layer.cost.latency) for layer in estimate.layers}
    counted = {layer.name: layer.cycles / frequency for layer in run.layers}
    total = estimate.latency
    for kind in plan.kinds:
        names = [plan.jobs[at].name for at in kind]
        each = next(known[name] for name in names if name in known)
        total += sum(counted[name] - each for name in names if name in counted)
    return total


def _more_logic(found: Front, record: Record, made: circuit.Circuit) -> float:
    """Square metres of logic that synthesis finds beyond the prediction."""
    logic = rtl.synthesise(rtl.sources("chip"), "chip", made.chip.parameters())
    estimate = next(iter(found.estimates(record).values()))
    parts = sum(part.area for part in estimate.silicon if part.name not in MACROS)
    return float(laws.logic_area(logic.gates, estimate.hardware.technology)) - float(parts)


def _corrected(
    found: Front, models: Mapping[str, Residuals], checks: Sequence[Check]
) -> tuple[Record, ...]:
    """All evaluations with figures as measured, or else as the residuals make them."""
    finite = [record for record in found.records if record.evaluation.finite]
    factors = {
        name: dict(
            zip(
                (record.number for record in finite),
                model.factors(_positions(found, finite)).tolist(),
                strict=True,
            )
        )
        for name, model in models.items()
    }
    measured = {one.record.number: one.measured for one in checks}
    made = []
    for record in found.records:
        if not record.evaluation.finite:
            made.append(record)
            continue
        figures = stated_figures(record)
        now = measured.get(
            record.number,
            {name: figures[name] * factors[name][record.number] for name in MEASURED},
        )
        figures |= now
        figures["edp"] = figures["energy"] * figures["latency"]
        figures["power"] = figures["energy"] / figures["latency"]
        made.append(replace(record, evaluation=_evaluation(found, figures)))
    return tuple(made)


def _evaluation(found: Front, figures: Mapping[str, float]) -> Evaluation:
    limits: Sequence[Limit] = found.problem.goal.limits
    return Evaluation(
        objectives=tuple(figures[name] for name in found.problem.objectives),
        violations=tuple(
            Violation(limit=str(limit), amount=figures[limit.figure] / limit.most - 1)
            for limit in limits
            if figures[limit.figure] > limit.most
        ),
        payload=dict(figures),
    )
