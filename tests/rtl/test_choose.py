"""The mapping that the chip's units get through first."""

import pytest

import cosynth as cs
from cosynth.codesign.estimate import estimate, prepare
from cosynth.format import Assignment, known
from cosynth.hardware.families.engine import engine
from cosynth.rtl.chip import chip
from cosynth.rtl.choose import chosen, effort
from cosynth.rtl.floats import sampled, seeded
from cosynth.rtl.instructions import Command
from cosynth.rtl.network import Layer, quantised


@pytest.fixture(scope="module")
def network():
    plan = prepare(cs.load("deep-autoencoder"), Assignment())
    int8 = known("int8")
    return quantised(
        plan.graph, plan.parts, seeded(plan.graph, 0), sampled(plan.graph, 0), int8, int8
    )


def test_the_choice_is_one_of_the_candidates_and_no_slower(network):
    hardware = engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    one = chip(hardware, known("int8"), known("int8"))
    found = [
        {layer.job.name: layer.mapped.mapping for layer in estimate(
            cs.load("deep-autoencoder"), hardware, goal=goal).layers}
        for goal in ("latency", "energy")
    ]  # fmt: skip
    names = [layer.name for layer in network.operations if isinstance(layer, Layer)]
    candidates = {name: [nests[name] for nests in found if name in nests] for name in names}
    candidates = {name: nests for name, nests in candidates.items() if nests}
    assert any(len(nests) == 2 for nests in candidates.values())
    best = chosen(network, one, candidates)
    assert all(best[name] in nests for name, nests in candidates.items())


def test_work_is_that_of_the_busiest_unit():
    one = chip(engine(rows=4, columns=4), known("int8"), known("int8"))
    steps = Command(unit="step", turns=(100, 10), extras=(0, 0, 0, 0))
    lines = Command(unit="lines", turns=(50,), extras=(0, 0, 0, 0))
    assert effort(one, [steps, lines]) == 1003
    assert effort(one, [lines] * 100) == 5300
    assert effort(one, [Command(unit="fill", turns=(1,))] * 1000) == 8000
