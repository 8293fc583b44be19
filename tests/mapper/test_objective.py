"""Objectives are read from text, and refused with a sentence."""

from __future__ import annotations

import math
import random

import pytest
from tests.mapper.problems import problem
from tests.mapper.states import drawn

from cosynth.cost import objective, price
from cosynth.errors import SpecError
from cosynth.mapper.objective import Objective, objective_of
from cosynth.mapping import traffic


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("latency", Objective(latency=1.0)),
        ("energy", Objective(energy=1.0)),
        (" edp ", Objective(latency=1.0, energy=1.0, product=True)),
        ("traffic:dram", Objective(traffic=(("dram", 1.0),))),
        ("2 * energy + 1e-3*latency", Objective(latency=1e-3, energy=2.0)),
        ("energy + energy", Objective(energy=2.0)),
        (
            "latency + 0.5 * traffic:dram + traffic:buffer",
            Objective(latency=1.0, traffic=(("dram", 0.5), ("buffer", 1.0))),
        ),
    ],
)
def test_what_an_objective_says(text, meant):
    assert objective_of(text) == meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "speed",
            "objective 'speed': 'speed' is none of latency, energy, edp, traffic:MEMORY",
        ),
        (
            "latency + 2 energy",
            "objective 'latency + 2 energy': '2 energy' is none of latency, energy, edp,"
            " traffic:MEMORY",
        ),
        (
            "edp + latency",
            "objective 'edp + latency': edp is a product and cannot be part of a sum",
        ),
        ("0 * energy", "objective '0 * energy': weights must be positive, not 0"),
        ("-1 * energy", "objective '-1 * energy': weights must be positive, not -1"),
        ("1e999 * energy", "objective '1e999 * energy': weights must be positive, not 1e999"),
        (
            "traffic:bufer",
            "objective 'traffic:bufer': no memory 'bufer'; did you mean 'buffer'?",
        ),
    ],
)
def test_an_objective_wrong(text, message):
    with pytest.raises(SpecError) as caught:
        objective_of(text, ("dram", "buffer"))
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["- * energy", "1.2.3 * energy", "e * latency"])
def test_a_weight_that_is_no_number_wrong(text):
    with pytest.raises(SpecError) as caught:
        objective_of(text)
    names = "latency, energy, edp, traffic:MEMORY"
    assert str(caught.value) == f"objective {text!r}: {text!r} is none of {names}"


def test_only_what_depends_on_time_is_timed():
    assert objective_of("edp").timed
    assert objective_of("energy + 1e-9 * latency").timed
    assert not objective_of("energy").timed
    assert Objective(energy=1.0, latest=1.0).timed


@pytest.mark.parametrize("seed", range(5))
def test_values_are_those_of_the_cost(seed):
    one = problem(seed, 1_000)
    mapping = drawn(random.Random(seed), one)
    counts = traffic(one.job.einsum, one.job.workload, mapping, one.engine)
    cost = price(one.job, counts, mapping, one.engine, one.hardware)
    for name in ("latency", "energy", "edp"):
        found = float(objective_of(name).value(cost))
        assert math.isclose(found, float(objective(cost, name)), rel_tol=1e-12), f"{one}, {name}"
    memory = one.engine.memories[0].name
    part = cost.part(memory)
    mixed = objective_of(f"3 * energy + 2 * traffic:{memory}").value(cost)
    wanted = 3 * float(cost.energy) + 2 * float(part.read + part.written)
    assert math.isclose(float(mixed), wanted, rel_tol=1e-12), str(one)
