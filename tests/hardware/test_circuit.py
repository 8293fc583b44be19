"""Gates of an engine's circuit beside its multipliers."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from cosynth.format import known, mac_gates
from cosynth.hardware import engine
from cosynth.hardware.circuit import Shape, beat, gates, shifter_gates, shifts, terms
from cosynth.hardware.laws import technology
from cosynth.rtl.chip import chip
from cosynth.rtl.source import sources
from cosynth.rtl.synthesise import synthesise

SMALL = Shape(
    flow="weight",
    rows=4,
    columns=4,
    held=64,
    sum_bits=32,
    buffer=32768.0,
    line=64.0,
    beat=64.0,
)
NUMBERS = tuple(field.name for field in fields(Shape) if field.name != "flow")


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_larger_chip_has_more_gates(name: str, flow: str) -> None:
    one = replace(SMALL, flow=flow)
    larger = replace(one, **{name: 2 * getattr(one, name)})
    assert sum(gates(larger).values()) > sum(gates(one).values())


def test_scalar_and_batch_agree() -> None:
    generator = np.random.default_rng(5)
    drawn = {name: 2.0 ** generator.integers(3, 9, 20) for name in NUMBERS}
    batch = gates(Shape(flow="output", **drawn))
    for at in range(20):
        one = gates(Shape(flow="output", **{name: float(drawn[name][at]) for name in NUMBERS}))
        for group, found in one.items():
            assert np.broadcast_to(batch[group], 20)[at] == pytest.approx(found, rel=1e-14)


def test_the_port_is_as_wide_as_the_circuits() -> None:
    for width in (64, 128, 512, 1024):
        for bandwidth in (0.1e9, 4e9, 12.8e9, 33e9, 64e9, 500e9):
            hardware = engine(buffer_width=width, dram_bandwidth=bandwidth, frequency=500e6)
            made = chip(hardware, known("int8"), known("int8"))
            assert beat(width, bandwidth / 500e6) == made.beat


def test_every_constant_of_shifted_sums_has_its_term() -> None:
    for flow in ("weight", "input", "output"):
        assert set(shifts(flow, 4, 4, held=64, sum_bits=32)) == set(technology("engine")["shifts"])


def test_every_constant_has_its_term() -> None:
    law = technology("engine")["gates"]
    assert {group: set(parts) for group, parts in terms(SMALL).items()} == {
        group: set(parts) for group, parts in law.items()
    }


@pytest.mark.parametrize("entries", [4, 16])
def test_units_are_priced_as_synthesised(entries: int) -> None:
    # a size that the law was not fitted to
    given = {"ROWS": 8, "COLUMNS": 2, "ENTRIES": entries}
    made = synthesise(sources("array_held"), "array_held", given)
    ours = [part for part in made.parts if part.name not in {"unit", "nest"}]
    found = sum(part.gates * part.instances for part in ours)
    shape = replace(SMALL, rows=8, columns=2, held=2 * entries * 8)
    int8 = known("int8")
    law = gates(shape)["units"] + 16 * mac_gates(int8, int8, tree=8)
    assert law == pytest.approx(found, rel=0.15)


@pytest.mark.parametrize(("flow", "head"), [("weight", 0), ("input", 1)])
def test_shifted_sums_are_priced_as_synthesised(flow: str, head: int) -> None:
    # a size that the law was not fitted to
    given = {"ROWS": 4, "COLUMNS": 2, "ENTRIES": 8}
    more = {"SHIFT": 4, "HEAD": head}
    plain, shifted = (
        synthesise(sources("array_held"), "array_held", {**given, **one}) for one in ({}, more)
    )
    moving = technology("engine")["shifts"]["moving_bit"] * 8 * head  # is the reader's
    law = shifter_gates(flow, 4, 2, held=2 * 8 * 8, sum_bits=32) - moving
    assert law == pytest.approx(shifted.gates - plain.gates, rel=0.2)
