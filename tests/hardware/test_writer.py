"""What is written reads back as the same tree."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace

import pytest

from cosynth.format import UNITS
from cosynth.hardware import (
    Compute,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
    build,
    load,
    names,
    write,
)
from cosynth.hardware.families import families, make


def close(one: object, other: object) -> bool:
    """Equal numbers but for their last digits, or both absent."""
    return one == other or (None not in (one, other) and other == pytest.approx(one, rel=1e-12))


def assert_same(one: Hardware, other: Hardware) -> None:
    """Equal trees, numbers to the last digits; `parameters` stand in no file."""
    for key in ("name", "title", "family", "sources", "assumed", "notes"):
        assert getattr(one, key) == getattr(other, key)
    for key in ("technology", "frequency", "voltage", "overhead_power", "overhead_area"):
        assert close(getattr(one, key), getattr(other, key)), key
    assert [node.under for node in one.nodes] == [node.under for node in other.nodes]
    for a, b in zip(one.nodes, other.nodes, strict=True):
        _same_component(a, b)


def _same_component(a: Node, b: Node) -> None:
    one, other = a.component, b.component
    assert type(one) is type(other)
    match one:
        case Memory():
            keys = ("size", "read_bandwidth", "write_bandwidth", "width", "read_energy",
                    "write_energy", "area", "leakage")  # fmt: skip
            assert replace(one, **dict.fromkeys(keys)) == replace(other, **dict.fromkeys(keys))
        case Link():
            keys = ("bandwidth", "energy", "length")
        case Compute():
            keys = ("energy", "area", "leakage")
            assert (one.does, one.accumulator, one.unit) == (
                other.does, other.accumulator, other.unit,
            )  # fmt: skip
            assert dict(one.rates) == pytest.approx(dict(other.rates))
        case SpatialArray():
            keys = ()
            assert one == other
    for key in keys:
        assert close(getattr(one, key), getattr(other, key)), key


@pytest.mark.parametrize("name", names())
def test_device_reads_back(name: str) -> None:
    chip = load(name)
    assert_same(chip, build(tomllib.loads(write(chip)), name))


@pytest.mark.parametrize("family", families())
def test_family_reads_back(family: str) -> None:
    chip = make(family, {})
    assert_same(chip, build(tomllib.loads(write(chip)), family))


@pytest.mark.parametrize("unit", UNITS)
def test_kind_of_unit_reads_back(unit: str) -> None:
    chip = make("engine", {"unit": unit, "accumulator": "hopper"})
    assert_same(chip, build(tomllib.loads(write(chip)), "engine"))


def test_a_memory_that_nothing_passes_by_reads_back() -> None:
    text = write(make("engine", {}))
    assert text.count("bypass = false") == 3
    chip = build(tomllib.loads(text.replace("bypass = false", "bypass = true", 1)), "engine")
    found = [m.bypass for m in chip.engines[0].memories]
    assert found == [True, True, False, False]


def test_zero_is_a_statement_and_absent_is_not() -> None:
    memory = Memory(name="dram", law="dram:hbm2", area=0.0, leakage=None, read_energy=0.0)
    unit = Node(component=Compute(name="mac", energy=0.0), under="dram")
    chip = Hardware(name="x", nodes=(Node(component=memory), unit), frequency=1e9, technology=7e-9)
    back = build(tomllib.loads(write(chip)), "x").component("dram")
    assert isinstance(back, Memory)
    assert (back.area, back.leakage, back.read_energy) == (0.0, None, 0.0)
    assert math.isinf(back.size)
