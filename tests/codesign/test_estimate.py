"""Estimates: sums, bounds, prescribed mappings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosynth.codesign import estimate
from cosynth.errors import MappingError
from cosynth.format import assignment
from cosynth.hardware import engine
from cosynth.hardware import load as hardware
from cosynth.mapper import FAST
from cosynth.workload.load import load


@pytest.fixture(scope="module")
def tiny():
    return estimate(load("resnet8"), engine(), assignment("int8"), "edp", FAST)


def test_a_model_is_the_sum_of_its_layers(tiny):
    assert tiny.latency == pytest.approx(
        sum(float(layer.cost.latency) * layer.count for layer in tiny.layers)
    )
    assert sum(layer.count for layer in tiny.layers) == len(tiny.slots)
    operations = sum(layer.job.einsum.operations * layer.count for layer in tiny.layers)
    assert operations == tiny.model.operations


def test_no_model_beats_its_bounds(tiny):
    assert tiny.latency >= tiny.bound_latency > 0
    assert tiny.energy >= tiny.bound_energy > 0


def test_bytes_follow_the_formats(tiny):
    half = estimate(
        load("resnet8"), engine(), assignment("weights=int4,activations=int8"), "edp", FAST
    )
    assert half.bytes()["input"] == tiny.bytes()["input"]
    assert half.bytes()["weight"] == pytest.approx(tiny.bytes()["weight"] / 2, rel=0.01)
    assert half.energy < tiny.energy


def test_power_is_energy_over_time(tiny):
    assert tiny.power == pytest.approx(tiny.energy / tiny.latency)


def test_a_mapping_found_can_be_prescribed(tiny):
    layer = tiny.layers[0]
    again = estimate(
        load("resnet8"),
        engine(),
        assignment("int8"),
        "edp",
        FAST,
        mappings={layer.job.name: layer.mapped.mapping},
    )
    assert again.latency == pytest.approx(tiny.latency)


def test_prescribed_mappings_wrong(tiny):
    mapping = tiny.layers[0].mapped.mapping

    def told(name, changed):
        with pytest.raises(MappingError) as caught:
            estimate(load("resnet8"), engine(), assignment("int8"), "edp", FAST, {name: changed})
        return str(caught.value)

    name = tiny.layers[0].job.name
    assert told("nothing like it", mapping).startswith(
        "mapping of 'nothing like it': no such layer"
    )
    wrong = replace(mapping, engine="mca")
    assert told(name, wrong) == f"mapping of {name!r}: no engine 'mca'; did you mean 'mac'?"
    wrong = replace(mapping, levels=mapping.levels[:-1])
    assert told(name, wrong).startswith(f"mapping of {name!r}: levels are")


def test_progress_is_heard():
    heard = []
    estimate(load("resnet8"), engine(), effort=FAST, on_layer=lambda *at: heard.append(at))
    assert heard[0][0] == 0
    assert all(total == len(heard) for _, total in heard)


def test_a_published_chip_runs_a_published_network():
    found = estimate(load("resnet8"), hardware("eyeriss"), assignment("int16"), effort=FAST)
    assert 0 < found.latency < 1
    assert found.limit


def test_ports_of_their_own_carry_reads_and_writes_at_once():
    """A pooling layer on a memory with two ports: bounds may not add what the price overlaps."""
    for device in ("tpu-v1", "edge-tpu"):
        for layer in estimate(load("resnet18"), hardware(device)).layers:
            cost = layer.cost
            assert cost.latency >= cost.bound.latency * (1 - 1e-9), (device, layer.name)
