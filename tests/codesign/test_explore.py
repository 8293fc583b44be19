"""Chips as a search problem: evaluation, true bounds, pickling."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from cosynth import rtl
from cosynth.codesign import ChipProblem, chip_space, circuit, goal, precise
from cosynth.codesign.explore import rounding_error
from cosynth.errors import InfeasibleError, SpecError
from cosynth.format import assignment, gaussian_qsnr, known
from cosynth.search import Points, Space, category, integer
from cosynth.workload.load import load


@pytest.fixture(scope="module")
def problem():
    return ChipProblem(
        models=("ds-cnn",),
        space=chip_space(None),
        goal=goal("latency,energy,area", ("area=1mm2",)),
    )


@pytest.fixture(scope="module")
def points(problem):
    """Seed 11: 24 random chips, those left out whose units have no room for two sums."""
    found = problem.space.sample(np.random.default_rng(11), 24)
    kept = [at for at, one in enumerate(problem.evaluate(found)) if "why" not in one.payload]
    assert len(kept) > 20
    return Points(problem.space, found.codes[kept])


def test_bounds_are_below_what_is_found(problem, points):
    bounds = problem.bounds(points)
    for row, evaluation in zip(bounds, problem.evaluate(points), strict=True):
        assert np.all(row <= np.array(evaluation.objectives) * (1 + 1e-9))
        # area is exact
        assert row[2] == pytest.approx(evaluation.objectives[2], rel=1e-9)


def test_a_broken_limit_is_a_violation_and_not_a_penalty(problem, points):
    for evaluation in problem.evaluate(points):
        area = evaluation.payload["area"]
        assert evaluation.objectives[2] == area
        assert evaluation.feasible == (area <= 1e-6)


def test_each_point_is_evaluated_alone(problem, points):
    together = problem.evaluate(points[:4])
    alone = [problem.evaluate(points[at : at + 1])[0] for at in range(4)]
    assert [one.objectives for one in together] == [one.objectives for one in alone]


def test_a_point_is_described_by_the_figures_that_were_recorded(problem, points):
    for point, evaluation in zip(points, problem.evaluate(points[:8]), strict=False):
        (estimate,) = problem.estimates(point).values()
        figures = {"latency": estimate.latency, "energy": estimate.energy, "area": estimate.area}
        assert {name: evaluation.payload[name] for name in figures} == figures


@pytest.mark.parametrize("format", ["int8", "fp8_e4m3fn", "mxfp8", "fp6_e3m2"])
def test_sums_fit_the_chip_that_a_point_describes(problem, format):
    point = {
        "rows": 8, "columns": 8, "stationarity": "weight", "buffer": 64 * 1024, "format": format,
    }  # fmt: skip
    model = load("deep-autoencoder")
    made = circuit.generate(model, problem.hardware(point), problem.assignment(point))
    layers = [one for one in made.network.operations if isinstance(one, rtl.Layer)]
    assert len(layers) > 5
    assert all(0 < one.peak < 2.0 ** (made.chip.accumulator - 1) for one in layers)


def test_an_accumulator_holds_products_of_two_activations_too(problem):
    chips = {
        (weights, activations): problem.hardware({"weights": weights, "activations": activations})
        for weights, activations in [("int8", "fp8_e4m3fn"), ("fp8_e4m3fn", "int8"), ("int4",) * 2]
    }
    assert [one.component("mac").accumulator for one in chips.values()] == ["int48"] * 2 + ["int32"]


def test_an_accumulator_that_is_named_stays(problem):
    chip = problem.hardware({"format": "fp8_e4m3fn", "accumulator": "int24"})
    assert chip.component("mac").accumulator == "int24"


def test_workers_get_an_equal_problem(problem, points):
    other = pickle.loads(pickle.dumps(problem))
    assert other.name == problem.name
    first, second = problem.evaluate(points[:1]), other.evaluate(points[:1])
    assert first[0].objectives == second[0].objectives


def test_a_parameter_the_family_lacks_wrong():
    space = Space.of(integer("rwos", 1, 4))
    with pytest.raises(SpecError) as caught:
        ChipProblem(models=("ds-cnn",), space=space, goal=goal("latency"))
    assert str(caught.value) == "family 'engine' has no parameter 'rwos'; did you mean 'rows'?"


def test_a_space_may_choose_the_formats_of_weights_and_activations():
    space = Space.of(
        category("weights", ["int8", "int4"]), category("activations", ["int8", "mxfp8"])
    )
    problem = ChipProblem(models=("ds-cnn",), space=space, goal=goal("energy,error"))
    every = space.encode(space.grid())
    found = {
        (one["weights"], one["activations"]): answer.payload
        for one, answer in zip(every, problem.evaluate(every), strict=True)
    }
    assert len(found) == 4
    assert found["int4", "int8"]["energy"] < found["int8", "int8"]["energy"]
    assert found["int4", "int8"]["error"] > found["int8", "int8"]["error"]
    bounds = problem.bounds(every)
    assert [row[1] for row in bounds] == [each["error"] for each in found.values()]


def test_powers_of_both_errors_add_up():
    alone = [10 ** (-gaussian_qsnr(known(name)) / 10) for name in ("int4", "mxfp8")]
    both = rounding_error(assignment("weights=int4,activations=mxfp8"))
    assert both == pytest.approx(sum(alone) ** 0.5)


def test_formats_that_alone_err_too_much_leave_the_space():
    space = Space.of(category("weights", ["int8", "int4"]), category("format", ["int8", "mxint8"]))
    kept = precise(space, goal("energy", ("error=1.2%",)))
    assert [each.values for each in kept.parameters] == [("int8",), ("mxint8",)]
    assert precise(space, goal("energy")) is space


def test_an_error_that_no_format_keeps_wrong():
    space = Space.of(category("weights", ["int8", "int4"]))
    with pytest.raises(InfeasibleError, match=r"error <= 0\.001: the least of weights is 0\.00"):
        precise(space, goal("energy", ("error=0.001",)))


def test_kinds_of_unit_are_a_choice_like_others(tmp_path):
    """A unit that cannot run a format makes no design; the others differ in area."""
    file = tmp_path / "units.toml"
    file.write_text("""
        [[parameter]]
        name = "unit"
        kind = "category"
        values = ["multiplier", "lookup", "serial", "mux"]

        [[parameter]]
        name = "format"
        kind = "category"
        values = ["int8", "fp8_e4m3fn"]
    """)
    problem = ChipProblem(
        models=("ds-cnn",), space=chip_space(file), goal=goal("latency,energy,area")
    )
    points = problem.space.sample(np.random.default_rng(0), 40)
    found, bounds = problem.evaluate(points), problem.bounds(points)
    areas = {}
    for point, evaluation, bound in zip(points, found, bounds, strict=True):
        runs = point["unit"] == "multiplier" or (point["unit"], point["format"]) != ("mux", "int8")
        runs = runs and (point["format"] == "int8" or point["unit"] == "multiplier")
        assert np.isfinite(evaluation.objectives[0]) == runs
        assert np.all(bound <= np.array(evaluation.objectives) * (1 + 1e-9))
        areas[point["unit"], point["format"]] = evaluation.objectives[2]
    assert areas["serial", "int8"] < areas["multiplier", "int8"]
    assert areas["lookup", "int8"] != areas["multiplier", "int8"]
