"""Accumulators are entries of one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosynth.errors import SpecError
from cosynth.format import ACCUMULATORS, accumulator, holding, known, names
from cosynth.format.accumulator import KINDS, PRODUCTS


def test_unknown_accumulator_is_named_wrong():
    with pytest.raises(SpecError, match="unknown accumulator 'int23'; did you mean 'int"):
        accumulator("int23")


@pytest.mark.parametrize("name", ACCUMULATORS)
def test_an_entry_fits_together(name):
    one = ACCUMULATORS[name]
    assert one.name == name
    assert one.kind in KINDS
    assert one.about
    assert (one.fraction > 0) == (one.kind == "aligned") == bool(one.lanes or one.size)
    if one.kind == "aligned":
        assert one.width == one.fraction + 1
        assert one.kept <= min(one.fraction, 23)
        assert one.lanes % one.inner == 0


def test_stored_sums_are_floats_integers_or_exact():
    bits = {
        name: accumulator(name).bits for name in ("int24", "fp32", "hopper", "align14", "exact")
    }
    assert bits == {"int24": 24, "fp32": 32, "hopper": 32, "align14": 32, "exact": 48}


@pytest.mark.parametrize(
    ("name", "format", "group"),
    [
        ("hopper", "fp8_e4m3fn", 32), ("ada", "fp8_e5m2", 16), ("blackwell", "bf16", 16),
        ("blackwell", "tf32", 8), ("blackwell", "mxfp6", 32), ("blackwell", "mxfp4", 32),
        ("ampere", "fp16", 8), ("ampere", "tf32", 4), ("volta", "fp16", 4),
        ("blackwell_fp4", "nvfp4", 64), ("align14", "bf16", 8),
    ],
)  # fmt: skip
def test_a_step_takes_as_many_products_as_the_circuit_has_bytes_for(name, format, group):
    """Elements per fused sum, read in the program of MMA-Sim."""
    assert accumulator(name).group(known(format), known(format)) == group


@pytest.mark.parametrize("name", ACCUMULATORS)
def test_an_entry_is_documented(name):
    page = Path(__file__).parents[2] / "docs" / "formats.md"
    assert f"`{name}`" in page.read_text()


@pytest.mark.parametrize("name", names())
def test_an_accumulator_that_is_chosen_holds_the_largest_products(name):
    one = known(name)
    largest = (one.element.largest / 2.0**one.element.step) ** 2 * PRODUCTS
    wanted = [each for each in ("int32", "int48") if largest <= 2 ** (accumulator(each).width - 1)]
    regular = wanted and not one.element.values
    assert holding(one, one) == (wanted[0] if regular else "int32")


def test_the_accumulator_serves_both_formats():
    found = {
        (a, b): holding(known(a), known(b))
        for a, b in [("int4", "int16"), ("int8", "fp8_e4m3fn"), ("mxfp4", "mxfp8")]
    }
    assert found == {
        ("int4", "int16"): "int32",
        ("int8", "fp8_e4m3fn"): "int48",
        ("mxfp4", "mxfp8"): "int48",
    }
