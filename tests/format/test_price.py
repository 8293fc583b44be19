"""The price law against units that were synthesised."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import (
    UNITS,
    cycles,
    encode,
    known,
    mac_gates,
    multiply_gates,
    names,
    planes,
    price,
    takes,
)
from cosynth.format.pack import plane_weights
from cosynth.format.synthesis import Synthesised, law, synthesised

# whole units with their accumulator, as synthesised: (default, booth); not used by the law's fit
WHOLE = [("int8", "int24", 1189, 750), ("int8", "int32", 1499, 899)]
FAST = [one for one in synthesised() if one.recipe == "fast"]
# the law was fitted to multipliers, and to what a multiplier of a ternary or binary factor becomes
FITTED = [one for one in FAST if one.unit == "multiplier" or (one.unit, one.a) == ("mux", "int8")]


def error(one: Synthesised) -> float:
    found = multiply_gates(
        known(one.a), known(one.b), sum_in=one.sum_in, unit=one.unit, lanes=one.lanes
    )
    return abs(found / one.gates - 1)


def energy_error(one: Synthesised) -> float:
    eight = known("int8")
    ratio = multiply_gates(known(one.a), known(one.b), sum_in=one.sum_in, unit=one.unit)
    return abs(ratio / multiply_gates(eight, eight) / one.energy - 1)


def test_law_is_as_good_as_it_states():
    errors = [error(one) for one in FITTED]
    assert len(errors) == 21
    assert round(statistics.median(errors), 3) == 0.054
    assert round(max(errors), 3) == 0.151


@pytest.mark.parametrize("one", FAST, ids=lambda one: f"{one.unit} {one.a} {one.b} {one.sum_in}")
def test_every_unit_lies_in_the_band_of_its_kind(one):
    stated = price(known(one.a), known(one.b), sum_in=one.sum_in, unit=one.unit)
    assert error(one) <= stated.band
    assert energy_error(one) <= stated.energy_band


def test_bands_are_the_worst_of_their_kind_and_no_more():
    families = {"integer": [], "float": []}
    for one in FITTED:
        if one.unit == "multiplier":
            families["float" if known(one.a).kind == "float" else "integer"].append(one)
    for name, units in families.items():
        band = law()["bands"][name]
        assert 0 <= band["gates"] - max(map(error, units)) < 0.011
        assert 0 <= band["energy"] - max(map(energy_error, units)) < 0.05
    assert law()["bands"]["few"]["gates"] >= max(map(error, FAST))
    assert law()["bands"]["few"]["energy"] >= max(map(energy_error, FAST))


@pytest.mark.parametrize(("name", "sums", "default", "booth"), WHOLE)
def test_whole_units_are_near_their_synthesis(name, sums, default, booth):
    a = known(name)
    assert mac_gates(a, a, sum_in=sums, recipe="default") == pytest.approx(default, rel=0.12)
    assert mac_gates(a, a, sum_in=sums, recipe="booth") == pytest.approx(booth, rel=0.12)


def test_recipe_decides_whether_fp8_is_smaller_than_int8():
    eight, float8 = known("int8"), known("fp8_e4m3fn")
    ratio = {
        recipe: multiply_gates(float8, float8, sum_in="align14", recipe=recipe)
        / multiply_gates(eight, eight, recipe=recipe)
        for recipe in ("default", "booth")
    }
    assert ratio["default"] < 1 < ratio["booth"]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", names())
def test_every_format_has_a_price_or_cannot_run(unit, name):
    a, eight = known(name), known("int8")
    for one, other in ((a, a), (a, eight), (eight, a)):
        gates = price(one, other, unit=unit).gates
        assert math.isfinite(gates) == takes(one, other, unit)
        assert gates > 0
        assert gates == price(other, one, unit=unit).gates


def test_wider_factors_cost_more_work_on_every_unit():
    for unit in ("multiplier", "decoded", "lookup", "serial"):
        works = [
            price(known("int8"), known(name), unit=unit).work for name in ("int2", "int4", "int8")
        ]
        assert works == sorted(works)
        assert works[0] < works[-1]


def test_serial_and_lookup_take_a_cycle_a_bit():
    a, b = known("int8"), known("int4")
    assert [cycles(a, b, unit) for unit in UNITS] == [1, 1, 4, 4, 1]
    assert cycles(b, a, "serial") == 4
    assert price(a, b, unit="serial").gates < price(a, b).gates


@pytest.mark.parametrize("narrow", ["int4", "uint2", "int8"])
def test_planes_of_the_narrower_factor_sum_to_the_product(narrow):
    """What a serial unit adds cycle by cycle, and a lookup four weights at a time."""
    rng, f = np.random.default_rng(5), known(narrow)
    x = rng.integers(-127, 128, 64)
    y = rng.integers(-f.largest * f.element.signed, f.largest + 1, 64)
    cut = planes(encode(y.astype(np.float32), f).code, f.element_bits).astype(int)
    weights = plane_weights(f.element_bits, signed=f.element.signed)
    assert len(cut) == cycles(known("int8"), f, "serial")
    serial = sum(w * (plane * x).sum() for w, plane in zip(weights, cut, strict=True))
    choices = (np.arange(16)[:, None] >> np.arange(4)) & 1  # [entry, weight]
    tables = x.reshape(-1, 4) @ choices.T  # [group, entry]
    looked = 0
    for w, plane in zip(weights, cut, strict=True):
        entry = plane.reshape(-1, 4) @ (1 << np.arange(4))
        looked += w * tables[np.arange(16), entry].sum()
    assert serial == looked == (x * y).sum()


@pytest.mark.parametrize("unit", UNITS)
def test_units_that_share_an_accumulator_are_smaller(unit):
    trees = np.array([1, 2, 4, 8, 64])
    narrow = {"mux": "ternary", "decoded": "fp4_e2m1"}.get(unit, "int8")
    a, b = known("fp4_e2m1" if unit == "decoded" else "int8"), known(narrow)
    found = mac_gates(a, b, unit=unit, tree=trees)
    each = [mac_gates(a, b, unit=unit, tree=int(tree)) for tree in trees]
    np.testing.assert_allclose(found, each, rtol=1e-14)
    shared = multiply_gates(a, b, unit=unit, sum_in="int32", recipe="booth", lanes=8)
    assert mac_gates(a, b, unit=unit, tree=8) < mac_gates(a, b, unit=unit)
    assert mac_gates(a, b, unit=unit, tree=8) > shared


def test_sums_of_floats_are_aligned_where_a_tree_outgrows_them():
    fp8 = known("fp8_e5m2")
    trees = np.array([1, 4, 1024])
    for sums in ("align25", "int48", "exact"):
        found = mac_gates(fp8, fp8, sum_in=sums, tree=trees)
        each = [mac_gates(fp8, fp8, sum_in=sums, tree=int(tree)) for tree in trees]
        np.testing.assert_allclose(found, each, rtol=1e-14)


def test_unknown_unit_is_named_wrong():
    with pytest.raises(SpecError, match="unknown unit 'seriel'; did you mean 'serial'"):
        price(known("int8"), known("int8"), unit="seriel")
