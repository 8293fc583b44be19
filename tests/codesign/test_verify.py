"""Designs of a front as circuits, and the figures that follow for others."""

import pytest

from cosynth import codesign, search
from cosynth.codesign.circuit import generate
from cosynth.codesign.front import explore, identity, stated_figures, temporary_study
from cosynth.codesign.verify import verify
from cosynth.search import category


def found(*parameters, formats="int8", limits=()):
    small = (category("columns", [4]), category("registers", [8]), category("buffer_width", [64]))
    space = search.Space.of(*small, *parameters)
    problem = codesign.ChipProblem(
        models=("deep-autoencoder",),
        space=space,
        goal=codesign.goal("latency,area", limits),
        formats=formats,
    )
    chosen = search.optimiser("exhaustive", problem, 3)
    with temporary_study(problem, chosen) as study:
        return explore(problem, chosen, study, search.Budget(evaluations=9))


@pytest.fixture(scope="module")
def checked():
    front = found(category("rows", [2, 4]), category("buffer", [32768, 65536]))
    said = []
    return front, verify(front, 1, lambda *one: said.append(one)), said


def test_the_knee_is_measured_bit_by_bit(checked):
    front, made, said = checked
    (one,) = made.checks
    assert one.record == front.knee_record()
    assert (one.wrong, one.host) == (0, 0)
    circuit = generate(front.problem.workloads["deep-autoencoder"],
                       front.problem.hardware(one.record.point))  # fmt: skip
    assert one.bits == circuit.simulate().bits
    assert one.measured["latency"] * circuit.chip.frequency >= one.cycles * (1 - 1e-9)
    assert one.predicted["area"] == stated_figures(one.record)["area"]
    stages = dict.fromkeys(doing.split(": ")[1].partition(",")[0] for doing, _, _ in said)
    assert list(stages) == ["mapping deep-autoencoder", "simulating deep-autoencoder",
                            "synthesising"]  # fmt: skip
    assert any("soonest on the circuit" in doing for doing, _, _ in said)


def test_every_other_figure_is_corrected_by_what_was_measured(checked):
    front, made, _ = checked
    (one,) = made.checks
    factors = {name: one.measured[name] / one.predicted[name] for name in ("latency", "area")}
    assert len(made.corrected) == len(front.records)
    for before, after in zip(front.records, made.corrected, strict=True):
        old, new = stated_figures(before), stated_figures(after)
        assert new["latency"] == pytest.approx(old["latency"] * factors["latency"])
        assert new["area"] == pytest.approx(old["area"] * factors["area"])
        assert new["energy"] == old["energy"]
        assert new["edp"] == pytest.approx(new["energy"] * new["latency"])
    numbers = [record.number for record in made.front]
    assert {identity(record) for record in made.front} >= {identity(one.record)}
    # one factor for all changes no order
    assert numbers == [record.number for record in front.members]


def test_limits_hold_for_what_was_measured(checked):
    _, made, _ = checked
    areas = sorted(stated_figures(record)["area"] for record in made.corrected)
    most = (areas[0] + areas[1]) / 2
    tight = found(
        category("rows", [2, 4]), category("buffer", [32768, 65536]),
        limits=(f"area={most}m2",),
    )  # fmt: skip
    again = verify(tight, 1)
    assert all(stated_figures(record)["area"] <= most for record in again.front)


def test_what_has_no_circuit_is_told(checked):
    front = found(category("rows", [4]), formats="nvfp4")
    made = verify(front, 1)
    assert made.checks == ()
    assert "scales of blocks that are no powers of two" in made.refused[0].why
    assert made.front == front.members
