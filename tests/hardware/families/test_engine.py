"""The generic engine."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.codesign import estimate
from cosynth.cost import silicon
from cosynth.errors import SpecError
from cosynth.format import assignment, known
from cosynth.hardware import STATIONARITIES, Memory, SpatialArray, engine, priced
from cosynth.hardware.families import arguments
from cosynth.workload.load import load as model


@pytest.mark.parametrize("stationarity", STATIONARITIES)
def test_every_stationarity_runs_a_network(stationarity: str) -> None:
    found = estimate(model("ds-cnn"), engine(stationarity=stationarity))
    assert found.latency >= found.bound_latency * (1 - 1e-9)


def test_registers_hold_what_is_stationary() -> None:
    for part in ("weight", "output", "input"):
        registers = engine(stationarity=part).component("registers")
        assert isinstance(registers, Memory)
        assert registers.keeps == (part,)


def test_each_column_has_its_share_of_the_sums() -> None:
    chip = engine(sums=16 * 1024, columns=8)
    share = chip.component("sums")
    assert isinstance(share, Memory)
    assert share.size == 2048
    assert share.size * chip.instances("sums") == 16 * 1024
    # a column hands over one sum of 32 bits a cycle
    assert share.read_bandwidth == share.write_bandwidth == 4 * chip.frequency


@pytest.mark.parametrize("stationarity", STATIONARITIES)
def test_nothing_passes_by_buffer_and_sums(stationarity: str) -> None:
    network = model("ds-cnn")
    found = estimate(network, engine(stationarity=stationarity))
    for layer in found.layers:
        if layer.mapped.mapping.engine != "mac":
            continue
        parts = layer.job.parts
        kept = {level.name: set(level.keep) for level in layer.mapped.mapping.levels}
        assert kept["buffer"] == set(parts), layer.job.name
        assert kept["sums"] == {name for name, part in parts.items() if part == "output"}


@pytest.mark.parametrize(
    ("stationarity", "along"),
    [
        ("weight", (("reduced", "kernel"), ("channel",))),
        ("output", (("channel",), ("position",))),
        ("input", (("reduced", "kernel"), ("position",))),
        ("flexible", ((), ())),
    ],
)
def test_rows_and_columns_carry_what_stays_needs(stationarity: str, along: object) -> None:
    chip = engine(stationarity=stationarity)
    found = []
    for name in ("down", "across"):
        array = chip.component(name)
        assert isinstance(array, SpatialArray)
        found.append(array.dimensions[0].ranks)
    assert tuple(found) == along


def test_arguments_have_defaults() -> None:
    assert arguments("engine")["rows"] == 16


def test_numbers_may_be_arrays() -> None:
    rows = np.array([4, 8])
    assert engine(rows=rows, columns=8).instances("mac").tolist() == [32, 64]


def test_each_kind_of_unit_has_an_area_of_its_own() -> None:
    factors = known("int8"), known("int2")
    areas = {
        unit: {part.name: part.area for part in silicon(priced(engine(unit=unit)), factors)}["mac"]
        for unit in ("multiplier", "lookup", "serial")
    }
    assert areas["serial"] < areas["multiplier"]
    assert len(set(areas.values())) == 3


def test_units_by_bits_take_a_cycle_a_bit() -> None:
    model_ = model("ds-cnn")
    least = {
        format: estimate(model_, engine(unit="serial"), assignment(f"weights={format}"))
        for format in ("int8", "int4")
    }
    once = estimate(model_, engine())
    assert least["int8"].bound_latency > 2 * once.bound_latency
    assert least["int4"].bound_latency < least["int8"].bound_latency


def test_unknown_unit_wrong() -> None:
    with pytest.raises(SpecError, match=r"engine\.unit: unknown unit 'seriel'; did you mean 'ser"):
        engine(unit="seriel")


def test_unknown_stationarity_wrong() -> None:
    said = (
        r"engine\.stationarity: unknown stationarity 'wieght'; did you mean 'weight'\?;"
        r" known: weight, output, input, flexible"
    )
    with pytest.raises(SpecError, match=said):
        engine(stationarity="wieght")
    with pytest.raises(SpecError, match=r"unknown stationarity 'x'"):
        engine(stationarity="x")


def test_units_whose_products_meet_share_an_accumulator() -> None:
    factors = (known("int8"), known("int8"))
    area = {
        (part, rows): {
            one.name: one.area
            for one in silicon(priced(engine(stationarity=part, rows=rows)), factors)
        }["mac"]
        / rows
        for part in ("weight", "output")
        for rows in (4, 16)
    }
    assert area["weight", 16] < area["weight", 4] < area["output", 4]
    assert area["output", 4] == pytest.approx(area["output", 16])


def test_what_a_chip_has_beside_its_units_has_area_and_leaks() -> None:
    factors = (known("int8"), known("int8"))
    small, large = (
        {one.name: one for one in silicon(priced(engine(buffer_width=width)), factors)}
        for width in (64, 512)
    )
    assert 0 < small["overhead"].area < large["overhead"].area
    assert 0 < small["overhead"].leakage < large["overhead"].leakage
    assert small["vector"].area > 0
