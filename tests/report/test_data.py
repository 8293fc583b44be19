"""Results as data: totals, contract, determinism."""

from __future__ import annotations

import json
import math

import jsonschema
import pytest

from cosynth import codesign
from cosynth import hardware as room
from cosynth.codesign.front import identity
from cosynth.report.data import estimate_data, explore_data, members, space_data
from cosynth.report.schema import schema
from cosynth.search import Space, category, integer, real
from cosynth.workload.load import load


@pytest.fixture(scope="module")
def data(estimate):
    return estimate_data(estimate)


@pytest.fixture(scope="module")
def search(front):
    return explore_data(front, {identity(m): front.estimates(m) for m in members(front)})


def test_an_estimate_keeps_its_contract(data):
    jsonschema.validate(json.loads(json.dumps(data, allow_nan=False)), schema("estimate"))


@pytest.mark.parametrize("key", ["latency", "energy", "dynamic_energy", "operations"])
def test_layers_sum_to_the_whole(data, key):
    assert sum(layer[key] for layer in data["layers"]) == pytest.approx(data[key])


def test_parts_sum_to_energy_and_area(data):
    static = sum(part["leakage"] for part in data["parts"])
    dynamic = sum(part["energy"] for part in data["parts"])
    assert dynamic + static * data["latency"] == pytest.approx(data["energy"])
    assert static == pytest.approx(data["static_power"])
    assert sum(part["area"] for part in data["parts"]) == pytest.approx(data["area"])


def test_parts_of_layers_sum_to_parts(data):
    for part in data["parts"]:
        inside = [
            p for layer in data["layers"] for p in layer["parts"] if p["name"] == part["name"]
        ]
        for key in ("time", "energy", "read", "written"):
            assert sum(each[key] for each in inside) == pytest.approx(part[key])


def test_no_figure_beats_its_bound(data):
    for each in (data, *data["layers"]):
        for key in ("latency", "energy", "area"):
            assert each["bound"][key] <= each[key] * (1 + 1e-9)
        assert 0 <= each["utilisation"] <= 1 + 1e-9


def test_power_is_energy_over_latency(data):
    for each in (data, *data["layers"]):
        assert each["power"] == pytest.approx(each["energy"] / each["latency"])


def test_the_limit_is_the_busiest_part(data):
    assert data["limit"] == max(data["parts"], key=lambda part: part["time"])["name"]


def test_papers_of_model_hardware_and_laws_are_cited(data):
    text = "\n".join(data["citations"])
    for word in ("Banbury", "Eyeriss", "Horowitz", "CACTI", "synthesised"):
        assert word in text
    assert len(set(data["citations"])) == len(data["citations"])


def test_parallel_engines_share_out_static_energy():
    pair = room.families.make("pair", {})
    data = estimate_data(codesign.estimate(load("resnet8"), pair))
    assert sum(layer["energy"] for layer in data["layers"]) == pytest.approx(data["energy"])
    assert 0 < data["utilisation"] <= 1


def test_repeated_layers_count_all_their_copies():
    data = estimate_data(codesign.estimate(load("resnet18"), room.load("eyeriss"), effort=FAST))
    assert sum(layer["operations"] for layer in data["layers"]) == data["operations"]
    assert sum(layer["count"] for layer in data["layers"]) > len(data["layers"])


FAST = codesign.explore.FAST


def test_a_search_keeps_its_contract(search):
    jsonschema.validate(json.loads(json.dumps(search, allow_nan=False)), schema("exploration"))


def test_the_front_is_sorted_and_described(search):
    first = search["objectives"][0]
    values = [member["figures"][first] for member in search["front"]]
    assert values == sorted(values)
    assert list(search["designs"]) == [member["id"] for member in search["front"]]
    assert search["knee"] in search["designs"]
    assert search["seed"] == 5


def test_figures_of_a_design_are_those_of_its_estimates(search):
    for member in search["front"]:
        (estimate,) = search["designs"][member["id"]].values()
        for key in ("latency", "energy", "area", "power"):
            assert member["figures"][key] == pytest.approx(estimate[key])


def test_hypervolume_never_shrinks(search):
    values = search["hypervolume"]["values"]
    assert len(values) == len(search["evaluations"])
    assert values == sorted(values)
    assert values[-1] > 0


@pytest.mark.parametrize("most", [3, 4, 100])
def test_few_members_are_spread_and_hold_the_knee(front, most):
    chosen = members(front, most)
    assert len(chosen) == min(most, len(front.members))
    assert front.knee_record() in chosen
    assert list(chosen) == [each for each in front.members if each in chosen]
    assert chosen[0] == front.members[0]


def test_a_space_lists_values_where_they_are_few():
    space = Space.of(
        category("kind", ["a", "b"]), integer("n", 1, 100), real("v", 0.5, 1.0, levels=3)
    )
    kind, number, voltage = space_data(space)
    assert (kind["values"], kind["low"]) == (["a", "b"], None)
    assert (number["values"], number["low"], number["high"], number["count"]) == ([], 1, 100, 100)
    assert voltage["values"] == [0.5, 0.75, 1.0]


def test_what_cannot_run_says_why(front):
    from dataclasses import replace

    from cosynth.report.data import evaluation_data
    from cosynth.search import Evaluation

    record = replace(
        front.records[0],
        evaluation=Evaluation(objectives=(math.inf,) * 3, payload={"why": "dense: no room"}),
    )
    data = evaluation_data(record)
    assert (data["figures"], data["why"], data["feasible"]) == (None, "dense: no room", False)
