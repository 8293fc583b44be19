"""Models mapped layer by layer: proofs, limits, fronts, groups."""

from __future__ import annotations

from pathlib import Path

import pytest

import cosynth.hardware as hw
from cosynth.codesign import estimate
from cosynth.codesign.mapping import MapRequest, map_model
from cosynth.errors import InfeasibleError, SpecError
from cosynth.mapper import FAST, PROVE
from cosynth.workload.load import load


@pytest.fixture(scope="module")
def gemm():
    return load("examples/gemm.toml")


@pytest.fixture(scope="module")
def pocket():
    return hw.load("examples/pocket.toml")


@pytest.fixture(scope="module")
def frugal(gemm, pocket):
    return map_model(gemm, pocket, None, MapRequest(objective="energy", effort=PROVE))


def test_a_proof_says_that_nothing_is_better(frugal):
    (layer,) = frugal.layers
    assert layer.value == float(layer.mapped.cost.energy) == pytest.approx(frugal.energy)
    assert layer.mapped.proof.bound == pytest.approx(layer.value)
    assert frugal.bound == pytest.approx(frugal.value)


def test_the_mapping_costs_what_an_estimate_says(frugal, gemm, pocket):
    (layer,) = frugal.layers
    given = {layer.job.name: layer.mapped.mapping}
    again = estimate(gemm, pocket, mappings=given)
    assert again.dynamic_energy == pytest.approx(frugal.energy)
    assert again.latency == pytest.approx(frugal.latency)


def test_equal_layers_are_mapped_once_and_counted():
    heard = []
    model, chip = load("deep-autoencoder"), hw.load("eyeriss")
    found = map_model(
        model, chip, None, MapRequest(effort=FAST), lambda done, total: heard.append((done, total))
    )
    assert sum(layer.count for layer in found.layers) == 10
    assert heard == [(at, len(found.layers)) for at in range(len(found.layers))]
    one = map_model(model, chip, None, MapRequest(layer="fc2", effort=FAST)).layers
    assert [(layer.job.name, layer.count) for layer in one] == [("fc2", 6)]


def test_a_smaller_share_never_helps(gemm, pocket, frugal):
    request = MapRequest(objective="energy", effort=PROVE, limits=("buffer=0.25",))
    tight = map_model(gemm, pocket, None, request)
    assert tight.value >= frugal.value * (1 - 1e-9)
    size = pocket.component("buffer").size
    from cosynth.codesign.use import uses

    (layer,) = tight.layers
    found = uses(layer.job, layer.mapped.mapping, layer.engine, tight.priced)
    assert sum(use.held for use in found if use.level == "buffer") <= size / 4


def test_a_least_utilisation_is_kept(gemm, pocket):
    request = MapRequest(objective="energy", effort=PROVE, limits=("utilisation=0.5",))
    (layer,) = map_model(gemm, pocket, None, request).layers
    assert float(layer.mapped.cost.utilisation) >= 0.5 * (1 - 1e-6)


def test_a_front_trades_latency_for_energy(gemm, pocket):
    (layer,) = map_model(gemm, pocket, None, MapRequest(front=4, effort=PROVE)).layers
    costs = [(float(one.cost.latency), float(one.cost.energy)) for one in layer.front]
    assert 2 <= len(costs) <= 4
    assert costs == sorted(costs)
    assert [energy for _, energy in costs] == sorted((e for _, e in costs), reverse=True)
    assert costs[0][0] == pytest.approx(layer.value)


def test_time_that_is_up_leaves_a_gap(pocket):
    model = load("resnet8")
    (layer,) = map_model(
        model, pocket, None, MapRequest(layer="conv1", objective="edp", seconds=0.01)
    ).layers
    assert layer.mapped.proof.bound <= layer.value
    assert layer.mapped.gap >= 0


def test_groups_stand_beside_their_layers_alone(gemm, pocket):
    fusion = map_model(gemm, pocket, None, MapRequest(fuse=True)).fusion
    assert [group.names for group in fusion.plan.groups] == [("gemm",)]
    assert fusion.alone[0][0] == pytest.approx(fusion.plan.alone[0])


def test_a_limit_that_nothing_can_keep_is_named_wrong(gemm, pocket):
    request = MapRequest(limits=("utilisation=0.99", "buffer=0.9"), effort=PROVE)
    with pytest.raises(InfeasibleError) as caught:
        map_model(gemm, pocket, None, request)
    assert str(caught.value) == (
        "gemm: nothing keeps the limit utilisation=0.99; none can reach more than 0.512"
    )


def test_a_limit_that_only_the_effort_breaks_says_so_wrong(gemm, pocket):
    request = MapRequest(limits=("utilisation=0.9",), effort=FAST)
    with pytest.raises(InfeasibleError) as caught:
        map_model(gemm, pocket, None, request)
    said = str(caught.value)
    assert "among those looked at; the fastest reaches 0." in said
    assert said.endswith("prove it, or allow more seconds")


def test_a_memory_too_small_for_its_share_is_named_wrong(gemm, tmp_path):
    text = Path("examples/pocket.toml").read_text()
    path = tmp_path / "tight.toml"
    path.write_text(text.replace('name = "dram"', 'name = "dram"\nsize = "2 KiB"', 1))
    with pytest.raises(InfeasibleError) as caught:
        map_model(gemm, hw.load(str(path)), None, MapRequest(limits=("dram=0.5", "buffer=0.9")))
    said = (
        "gemm: nothing keeps the limit dram=0.5; gemm: dram is the outermost memory that may hold"
    )
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (MapRequest(layer="gem"), "--layer 'gem': no such layer; did you mean 'gemm'?"),
        (MapRequest(layer="q"), "--layer 'q': no such layer; there are gemm"),
        (MapRequest(limits=("bufer=1",)), "no memory 'bufer'; did you mean 'buffer'?"),
        (MapRequest(objective="traffic:drm"), "no memory 'drm'; did you mean 'dram'?"),
        (MapRequest(fuse=True, objective="traffic:dram"), "not 'traffic:dram'"),
        (MapRequest(fuse=True, layer="gemm"), "--fuse: groups are of a whole model"),
        (MapRequest(fuse=True, limits=("utilisation=0.1",)), "utilisation is of one layer"),
    ],
)
def test_a_request_that_makes_no_sense_wrong(gemm, pocket, request_, message):
    with pytest.raises(SpecError) as caught:
        map_model(gemm, pocket, None, request_)
    assert message in str(caught.value)
